"""A failure, what is known of its cause, and whom it concerns."""

from __future__ import annotations

from attrs import field, frozen

from testflow_core.model.failure_context import FailureContext
from testflow_core.model.outcome import Attempt, Status
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
    """
    A test that failed, with everything that may explain it, the most telling evidence first.

    `framework` and `language` are those of the test where they are known. `context` is what there was around it,
    `attempts` are all that were made, this one among them.
    """

    test: TestCase
    status: Status
    evidence: tuple[Evidence, ...]
    framework: str = ""
    language: str = ""
    context: FailureContext = field(factory=FailureContext)
    attempts: tuple[Attempt, ...] = ()

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
    """
    The category of one failure, with the evidence that an analyzer goes by.

    A category may have two levels, `first/second`. `confidence` is from 0 to 1, `runner_up` the category that came
    next; `fingerprint` is the same for failures of the same cause, in every run, `title` one line of evidence without
    what differs from run to run, and `masked` all that an analyzer compares causes by. `advice` says what to do,
    `owner` and `tracker` whom it concerns and where. `verification` is True where the application does something wrong,
    False where the environment, the data or the test is to blame, None where the analyzer does not say.

    `frames` are the files of the frames that are no library's, as they were printed, that of the frame that failed
    first; `lines` are their lines, 0 where they are not known. Of the files, `file` is the first of the application
    itself, relative to its checkout, empty where there is none; the core fills it in.
    """

    test: TestCase
    category: str
    reason: str
    evidence: Evidence | None = None
    confidence: float | None = None
    runner_up: str | None = None
    fingerprint: str = ""
    title: str = ""
    masked: str = ""
    advice: str = ""
    owner: str = ""
    tracker: str = ""
    verification: bool | None = None
    frames: tuple[str, ...] = ()
    file: str = ""
    lines: tuple[int, ...] = ()


@frozen(kw_only=True)
class Route:
    """The team that a failure goes to, and why."""

    test: TestCase
    team: str
    reason: str
