"""What testflow remembers between runs, in one SQLite file."""

from testflow_core.history.store import History

__all__ = ["History"]
