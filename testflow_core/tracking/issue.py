"""An issue as it is known and as it should be, and what it remembers of its cause, hidden in its text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from attrs import asdict, evolve, frozen

from testflow_core.tracking.document import Document
from testflow_core.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

SEEN, TESTS, ALIASES, LABEL, WRITTEN = 20, 20, 20, 200, 8_000
"""How many runs, tests and other fingerprints an issue remembers, and how many characters of a label and of all."""


@frozen(kw_only=True)
class Memory:
    """
    What an issue remembers: of which cause it is, and when that was seen.

    `aliases` are other fingerprints of that cause: machines whose histories differ may call it by any of them.
    `failures` and `runs` count all that was told, `first` and `last` are when the runs began, in seconds since the
    epoch; `seen` are the ids of the latest runs and `tests` labels of those that failed last.
    """

    fingerprint: str
    failures: int = 0
    runs: int = 0
    first: float = 0.0
    last: float = 0.0
    seen: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def with_run(
        self, run_id: str, started: float, failures: int, tests: Iterable[str], names: Iterable[str] = ()
    ) -> Memory:
        """The memory with one more run; the same where that was told already."""
        if run_id in self.seen:
            return self
        told = [known_as(each) for each in tests][:TESTS]
        older = [each for each in self.tests if each not in told]
        newest = started >= self.last
        return evolve(
            self,
            failures=self.failures + failures,
            runs=self.runs + 1,
            first=min(self.first, started) if self.runs else started,
            last=max(self.last, started),
            seen=(run_id, *self.seen)[:SEEN],
            aliases=tuple(dict.fromkeys(each for each in (*self.aliases, *names) if each != self.fingerprint))[
                :ALIASES
            ],
            tests=tuple((told + older if newest else [*self.tests, *told])[:TESTS]),
        )

    def written(self) -> str:
        """One line without dashes and angle brackets, which may stand in a comment; too many tests are left out."""
        text = json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)
        text = text.replace("-", "\\u002d").replace("<", "\\u003c").replace(">", "\\u003e")
        return text if len(text) <= WRITTEN or not self.tests else evolve(self, tests=self.tests[:-1]).written()


def known_as(label: str) -> str:
    """A test as memories name it."""
    return one_line(label[: 2 * LABEL])[:LABEL]


def read(text: str) -> Memory | None:
    """What `written` has written; None where it is something else."""
    try:
        said = json.loads(text)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    values = cast("dict[str, Any]", said)
    try:
        return Memory(
            fingerprint=str(values["fingerprint"]),
            failures=int(values["failures"]),
            runs=int(values["runs"]),
            first=float(values["first"]),
            last=float(values["last"]),
            seen=tuple(map(str, values["seen"])),
            tests=tuple(map(str, values["tests"])),
            aliases=tuple(map(str, values["aliases"])),
        )
    except (KeyError, TypeError, ValueError):
        return None


@frozen(kw_only=True)
class Issue:
    """
    An issue that a tracker has: `key` as people name it, `memory` as its text has it.

    `closed` is when it was closed, in seconds since the epoch, None while it is open. One that is `declined` was closed
    by somebody who wants nothing done about it. `handle` is whatever the tracker needs to change it.
    """

    key: str
    memory: Memory
    url: str = ""
    closed: float | None = None
    declined: bool = False
    handle: object = None


@frozen(kw_only=True)
class Draft:
    """What an issue should say, to people and to the next run."""

    title: str
    document: Document
    memory: Memory
