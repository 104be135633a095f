"""The failures of a run by their causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.model.failure import Diagnosis
from testflow_core.model.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen(kw_only=True)
class Cluster:
    """
    Failures of one cause.

    `id` is the same in every run in which that cause makes tests fail. `title` is one line of evidence without what
    differs from run to run. `owner` is the team that most of its failures go to, None where nobody is named. `tests`
    are labels, `application::file::name [variant]`; `blocking` says whether one of them fails the run, being neither
    flaky nor in quarantine. `first_seen` and `last_seen` are when earlier runs that had it began, in seconds since the
    epoch, `times` how many there were. `also_red_on_main` is None where nobody knows. `diagnosis` is that of one of its
    tests, `tracker` where its rule says that it is dealt with. `fingerprints` are those of its failures,
    `verdict` says what is to blame for most of them.
    """

    id: str
    category: str
    title: str
    tests: tuple[str, ...]
    diagnosis: Diagnosis
    owner: str | None = None
    tracker: str | None = None
    blocking: bool = True
    first_seen: float | None = None
    last_seen: float | None = None
    times: int = 0
    also_red_on_main: bool | None = None
    fingerprints: tuple[str, ...] = ()
    verdict: Verdict | None = None

    @property
    def count(self) -> int:
        """How many tests failed of it."""
        return len(self.tests)

    @property
    def new(self) -> bool:
        """Whether no earlier run is known that had it."""
        return self.times == 0


def heaviest_first(clusters: Iterable[Cluster]) -> tuple[Cluster, ...]:
    """
    Those that fail the run, then the others; of each the most frequent first, and of equals what comes first by file.

    Files are run beside each other, so that which of them ends first differs from run to run.
    """
    return tuple(sorted(clusters, key=lambda each: (not each.blocking, -each.count, _first_file(each))))


def _first_file(cluster: Cluster) -> list[str]:
    return min((label.split("::")[:2] for label in cluster.tests), default=list[str]())
