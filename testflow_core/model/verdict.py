"""What is to blame for a failure, and what to look at next."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class Blame(StrEnum):
    """
    What a failure comes from.

    `change`: what differs from the base. `flaky`: the test passes with the same sources. `environment`: what it ran in
    or talked to, its data, or the test itself. `before`: it failed already without the change. `unknown`: nothing says.
    """

    CHANGE = "change"
    FLAKY = "flaky"
    ENVIRONMENT = "environment"
    BEFORE = "before"
    UNKNOWN = "unknown"


@frozen(kw_only=True)
class ChangedLines:
    """
    Lines of a file, `first` to `last`, that differ from the base, and who wrote them.

    `commit`, `author` and `summary` (the first line of its message) are empty for what is not committed. `first` is
    after `last` where lines were only taken away. They are `inert` where nothing of the file makes anything else happen
    than before: comments differ, or there are new functions that nothing calls which was there.
    """

    file: str
    first: int
    last: int
    commit: str = ""
    author: str = ""
    summary: str = ""
    inert: bool = False

    def __str__(self) -> str:
        lines = f"{self.first}" if self.last <= self.first else f"{self.first}-{self.last}"
        by = f" ({self.author}, {self.commit[:10]}: {self.summary})" if self.commit else " (not committed)"
        return f"{self.file}:{lines}{by}"


@frozen(kw_only=True)
class Suspect:
    """A changed file that may be to blame: the higher the score the rather, with the reasons; `lines` are its own."""

    application: str
    file: str
    score: float
    reasons: tuple[str, ...]
    lines: tuple[ChangedLines, ...] = ()


@frozen(kw_only=True)
class Verdict:
    """What is to blame, why, whom to suspect (the first the most), and what to look at next."""

    blame: Blame
    reasons: tuple[str, ...]
    suspects: tuple[Suspect, ...] = ()
    suggestions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{_SAID[self.blame]}: {'; '.join(self.reasons)}"

    @property
    def told(self) -> tuple[str, ...]:
        """What it says in a sentence, and what to look at next."""
        return str(self), *self.suggestions


_SAID = {
    Blame.CHANGE: "caused by this change",
    Blame.FLAKY: "flaky",
    Blame.ENVIRONMENT: "environment",
    Blame.BEFORE: "was red before",
    Blame.UNKNOWN: "cause not known",
}
