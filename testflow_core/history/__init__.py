"""What testflow remembers between runs, in one SQLite file."""

from testflow_core.history.journal import Journal
from testflow_core.history.store import History
from testflow_core.history.unfinished import Unfinished

__all__ = ["History", "Journal", "Unfinished"]
