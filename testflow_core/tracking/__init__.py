"""
What every reporter to a tracker needs and none should write: one issue for each cause, told once.

A plugin implements `Tracker` for the API of its service and extends `IssueReporter`.
"""

from testflow_core.tracking.around import facts_of, files_of, result_of
from testflow_core.tracking.document import Code, Document, Facts, Items, Paragraph, as_markdown
from testflow_core.tracking.issue import Draft, Issue, Memory, read
from testflow_core.tracking.masking import masked
from testflow_core.tracking.patience import Patience, RequestFailedError, Waiting
from testflow_core.tracking.reporter import IssueReporter
from testflow_core.tracking.sender import MissingTokenError, Sender, token
from testflow_core.tracking.tracker import Tracker

__all__ = [
    "Code",
    "Document",
    "Draft",
    "Facts",
    "Issue",
    "IssueReporter",
    "Items",
    "Memory",
    "MissingTokenError",
    "Paragraph",
    "Patience",
    "RequestFailedError",
    "Sender",
    "Tracker",
    "Waiting",
    "as_markdown",
    "facts_of",
    "files_of",
    "masked",
    "read",
    "result_of",
    "token",
]
