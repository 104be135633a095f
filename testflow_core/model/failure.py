"""A failure, what is known of its cause, and whom it concerns."""

from __future__ import annotations

from attrs import frozen

from testflow_core.model.outcome import Status
from testflow_core.model.test_case import TestCase

UNKNOWN = "unknown"


@frozen(kw_only=True)
class Evidence:
    """A piece of text that may tell the cause; the lower its rank, the closer to the cause it stands."""

    kind: str
    text: str
    rank: int


@frozen(kw_only=True)
class Failure:
    """A test that failed, with everything that may explain it, the most telling evidence first."""

    test: TestCase
    status: Status
    evidence: tuple[Evidence, ...]

    @property
    def message(self) -> str:
        """The most telling line."""
        return self.evidence[0].text if self.evidence else ""

    @property
    def logs(self) -> str:
        """All evidence as one text."""
        return "\n\n".join(
            piece.text if piece.kind in {"message", "text"} else f"--- {piece.kind} ---\n{piece.text}"
            for piece in self.evidence
        )


@frozen(kw_only=True)
class Diagnosis:
    """The category of one failure, with the evidence that an analyzer goes by."""

    test: TestCase
    category: str
    reason: str
    evidence: Evidence | None = None


@frozen(kw_only=True)
class Route:
    """The team that a failure goes to, and why."""

    test: TestCase
    team: str
    reason: str
