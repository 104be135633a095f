"""Why a test runs or does not, as data and as text."""

from __future__ import annotations

from attrs import frozen

from testflow_core.model.change import Change
from testflow_core.model.choice import Choice
from testflow_core.model.test_case import TestCase


@frozen(kw_only=True)
class Explanation:
    """
    Why a test runs or is left out.

    `choices` are those that speak of it: its own, that of its file, and where it is a file those of its tests. `change`
    is what is known to differ in its application, None where nobody was asked. `unavailable` says why it cannot run
    although it was chosen. `batches` are the ids of those that run it, one for each variant of its environment.
    `str()` tells all of it in sentences.
    """

    test: TestCase
    choices: tuple[Choice, ...]
    change: Change | None = None
    unavailable: str = ""
    batches: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether any of it will be run."""
        return bool(self.batches)

    def __str__(self) -> str:
        return "\n".join([f"{self.test.id} {self._verdict}", *self._lines()])

    @property
    def _verdict(self) -> str:
        if self.runs:
            return f"runs, in {' and '.join(self.batches)}"
        return "cannot run" if self.unavailable else "does not run"

    def _lines(self) -> list[str]:
        lines = [f"  {self.unavailable}"] if self.unavailable else []
        for choice in self.choices:
            who = "" if choice.test == self.test else f"{choice.test.id}: "
            audited = f" (an audit: {choice.left_out_by} had left it out)" if choice.left_out_by else ""
            lines.append(f"  {who}{'selected' if choice.selected else 'left out'}: {choice.reason}{audited}")
        if self.change is not None:
            files = self.change.files
            number = "what changed is not known" if files is None else _counted(len(files))
            lines.append(f"  {self.change.application}: {number} ({self.change.reason})")
        return lines


def _counted(files: int) -> str:
    return "1 changed file" if files == 1 else f"{files} changed files"
