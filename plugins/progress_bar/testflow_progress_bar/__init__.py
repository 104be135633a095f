"""A progress bar for runs, drawn by tqdm."""

from testflow_progress_bar.reporter import BarReporter

__all__ = ["BarReporter"]
