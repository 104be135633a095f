"""What a tracker can do, one request for each verb."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.tracking.issue import Draft, Issue


class Tracker(ABC):
    """
    The issues of one place, among them those that testflow has opened; RequestFailedError where it does not answer.

    A verb does not try again by itself: `Waiting` decides that, and knows which verbs may be repeated.
    """

    @abstractmethod
    def issues(self, *, closed: bool) -> Iterator[Issue]:
        """The open or the closed issues of testflow, the latest updated first, page by page as they are asked for."""

    @abstractmethod
    def create(self, draft: Draft) -> Issue:
        """A new issue."""

    @abstractmethod
    def edit(self, issue: Issue, draft: Draft) -> None:
        """Let it say that; what people wrote below stays."""

    @abstractmethod
    def reopen(self, issue: Issue, draft: Draft) -> None:
        """Let it be open and say that."""

    @abstractmethod
    def close(self, issue: Issue) -> None:
        """Let it be closed as done."""

    @abstractmethod
    def comment(self, issue: Issue, text: str) -> None:
        """Say something more, to whoever follows it."""
