"""What a plugin may be able to do besides: who has the method has the ability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testflow_core.errors import Problem
    from testflow_core.model import (
        Application,
        Bench,
        Change,
        ChangedLines,
        Choice,
        Context,
        Delivery,
        Event,
        Json,
        KnownCause,
        Outcome,
        Run,
        Site,
        Table,
        TestCase,
        TestData,
        Uncovered,
    )


@runtime_checkable
class NeedsWhole(Protocol):
    """A runner that knows applications whose tests cannot be run file by file."""

    def whole(self, application: Application) -> str:
        """Why the tests of an application must run in one session, all together; empty where they need not."""
        ...


@runtime_checkable
class DividesFiles(Protocol):
    """A runner that heeds `Batch.only`: so a file that takes long can be run by several workers."""

    def divides(self, application: Application) -> bool:
        """Whether the tests of one file may run in several batches, also at the same time."""
        ...


@runtime_checkable
class GetsReady(Protocol):
    """A runner that can begin to get ready for an application while it is still decided which of its tests run."""

    def ready(self, application: Application) -> AbstractContextManager[None]:
        """
        Begin, and do not wait for the end of it; sessions of the application that are opened before exit find it done.

        Nothing is raised where that cannot be: the sessions tell. After exit nothing of it is left.
        """
        ...


@runtime_checkable
class NamesConditions(Protocol):
    """A runner that names what tests run in, so that jobs of a matrix are told apart."""

    def conditions(self, application: Application) -> str:
        """The same text for the same interpreter with the same packages; empty where it cannot be said."""
        ...


@runtime_checkable
class Recovers(Protocol):
    """A runner whose workers note in `bench.spool`, as each test ends, what became of it."""

    def recovered(self, bench: Bench) -> Iterable[Outcome]:
        """
        What was noted in a run that was cut off, `batch`, `flow` and `attempt` filled in; its workers have ended.

        A test that had begun and not ended is INTERRUPTED.
        """
        ...


D_contra = TypeVar("D_contra", contravariant=True)


@runtime_checkable
class ChecksDeclaration(Protocol[D_contra]):
    """
    Optional ability: tell mistakes early.

    Of provisioners (for an Environment), data generators and destinations (for TestData).
    """

    def problems(self, declaration: D_contra, /) -> Iterable[Problem]:
        """Every mistake, with its path from the declaration's root `$`."""
        ...


@runtime_checkable
class NamesCorpus(Protocol):
    """Optional ability of data generators: name what values depend on beyond their declaration."""

    def corpus(self, data: TestData) -> Mapping[str, str]:
        """What it is called (`word lists of en_US`) to its version or hash: as long as they stay, records do."""
        ...


@runtime_checkable
class DescribesTables(Protocol):
    """Optional ability of data generators: tell what tables would hold the records."""

    def tables(self, data: TestData, /) -> Mapping[str, Table]:
        """The table of each entity of a declaration without problems."""
        ...


@runtime_checkable
class GivesColumns(Protocol):
    """Optional ability of the records of a generator: be read field by field, for who would take dicts apart again."""

    def columns(self, fields: Sequence[str], rows: range, /, encoded: Container[str] = ()) -> Sequence[Sequence[Json]]:
        """The values of each field in these rows; of fields in `encoded`, each value but null as the text of JSON."""
        ...


@runtime_checkable
class Cleans(Protocol):
    """Optional ability of provisioners: remove what dead owners have left outside of processes and directories."""

    def clean(self) -> Iterable[str]:
        """A line for each thing that was removed, `container shop-db`; nothing of living owners or other users."""
        ...


@runtime_checkable
class PlacesData(Protocol):
    """Optional ability of provisioners: heed `Site.data`, and put test data into services before anybody uses them."""

    places_data: bool


@runtime_checkable
class TakesInventory(Protocol):
    """Optional ability of provisioners: tell what there is of an environment outside of this machine's processes."""

    def inventory(self, site: Site) -> Mapping[str, tuple[str, ...]]:
        """The names of things by their kind, `container`: while it is up, and once all should be gone."""
        ...


@runtime_checkable
class Gathers(Protocol):
    """Optional ability of selectors: look at the checkout before they decide, so that deciding stays pure."""

    def gather(self, context: Context) -> object:
        """What `select` finds as `context.evidence`."""
        ...


@runtime_checkable
class Covers(Protocol):
    """Optional ability of selectors: tell what of a change no test is known to reach."""

    def uncovered(self, choices: Sequence[Choice], context: Context) -> Iterable[Uncovered]:
        """The parts of the change that none of the tests that run is known to reach, by all choices of a plan."""
        ...


@runtime_checkable
class Narrows(Protocol):
    """Optional ability of selectors: tell which single tests of a chosen file must run, where not all of them must."""

    def narrowed(self, choices: Sequence[Choice], context: Context) -> Mapping[TestCase, Sequence[Choice]]:
        """
        By the test that stands for a file, the single tests of the file, each with its own choice.

        `choices` are what `select` answered. Of a file that is not among the answers all tests run. Those that are
        known are named, with all their parameters; that there are others must be out of the question.
        """
        ...


@runtime_checkable
class NamesTrees(Protocol):
    """Optional ability of checkout sources: name what a checkout has, so that runs of the same sources are known."""

    def tree(self, checkout: Path) -> str:
        """The same name for the same files, committed or not; empty where it cannot be said."""
        ...


@runtime_checkable
class TellsLines(Protocol):
    """Optional ability of change sources: tell which lines of a changed file differ, and who wrote them."""

    def changed_lines(self, application: Application, change: Change, file: str) -> Iterable[ChangedLines]:
        """The lines of one file of the change, in order; none where it cannot say."""
        ...


@runtime_checkable
class Warns(Protocol):
    """Optional ability of selectors: say what in the selection has no effect."""

    def warnings(self, tests: Sequence[TestCase], context: Context) -> Iterable[str]:
        """One sentence for each."""
        ...


@runtime_checkable
class Adapts(Protocol):
    """Optional ability of selectors: change the order of what waits by what a run has shown so far."""

    def adaptation(
        self, choices: Sequence[Choice], context: Context
    ) -> Callable[[Sequence[Outcome]], Iterable[Choice]]:
        """
        What the engine asks between batches, with the outcomes that it was not asked with before.

        It answers those of the choices, all of which run, whose priority is another one now, with the reason. It holds
        what it has heard, and looks at nothing else: the same outcomes give the same answers.
        """
        ...


@runtime_checkable
class Relates(Protocol):
    """Optional ability of analyzers: find causes that are one although their fingerprints differ."""

    def related(self, causes: Sequence[KnownCause], known: Sequence[KnownCause]) -> Mapping[str, str]:
        """For causes that are a known one, or one that stands before them, its id; compared by their `masked`."""
        ...


@runtime_checkable
class Observes(Protocol):
    """Optional ability of reporters: follow the run while it goes on."""

    def observe(self, event: Event) -> None:
        """Take note of an event; must not block."""
        ...


@runtime_checkable
class Delivers(Protocol):
    """
    Optional ability of reporters: send to where people work, and answer what has arrived.

    Asked instead of `report`, and before the other reporters, which tell of it; a service that does not answer is in
    the answer, and is no exception.
    """

    def deliver(self, run: Run) -> Delivery:
        """Send, once however often it is asked for one run."""
        ...
