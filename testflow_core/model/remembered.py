"""What a history answers when it is asked: values, none of which reads any further."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from testflow_core.model.outcome import Status
from testflow_core.model.test_case import TestCase


@frozen(kw_only=True)
class RunSummary:
    """
    A run in short: `started` is in seconds since the epoch, `tests` counts its results by their status.

    `state` is `running`, `stopped` (it can be resumed) or `ended`; `source` is empty for a run of testflow itself, else
    says where it was imported from. `trees` are what it had of each application, where that is known.
    """

    run_id: str
    workflow: str
    started: float
    ok: bool
    state: str
    source: str = ""
    seconds: float = 0.0
    tests: Mapping[Status, int] = field(factory=dict[Status, int])
    trees: Mapping[str, str] = field(factory=dict[str, str])


@frozen(kw_only=True)
class Trial:
    """How a test ended in one run: `started` is when the run did, in seconds since the epoch, `duration` in seconds."""

    run_id: str
    started: float
    test: TestCase
    status: Status
    duration: float
    attempts: int = 1


@frozen(kw_only=True)
class Merged:
    """The ids of runs that a merge has brought, and of those that were in both histories."""

    added: tuple[str, ...] = ()
    known: tuple[str, ...] = ()


@frozen(kw_only=True)
class Imported:
    """
    The ids of runs that reports were imported as, how many tests they have, and what could not be read.

    Each of `problems` names its file.
    """

    runs: tuple[str, ...] = ()
    tests: int = 0
    problems: tuple[str, ...] = ()


@frozen(kw_only=True)
class Compacted:
    """What a compaction did: the runs that were dropped, and the size of the file before and after, in bytes."""

    dropped: tuple[str, ...] = ()
    before: int = 0
    after: int = 0
