"""The abstract classes that a plugin implements: one or two verbs each, values in and values out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

from attrs import frozen

from testflow_core.model import Batch, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testflow_core.errors import Problem
    from testflow_core.model import (
        Application,
        BatchEnded,
        Bench,
        Change,
        Choice,
        Context,
        DataSet,
        Diagnosis,
        Environment,
        Event,
        Failure,
        Loaded,
        Provisioned,
        Record,
        Route,
        Run,
        Site,
        TestCase,
        TestData,
        WorkerLost,
    )

RunBatch: TypeAlias = Callable[[Batch], Iterator[Outcome]]
"""Runs a batch where it is called, and answers its outcomes as they come."""


class CheckoutSource(ABC):
    """Finds the sources of an application; constructed with `workspace` and `cache`, two directories."""

    @abstractmethod
    def checkout(self, application: Application) -> Path:
        """The checkout's directory, or ApplicationUnavailableError with the reason."""


class ChangeSource(ABC):
    """Tells what changed in an application."""

    @abstractmethod
    def changes(self, application: Application) -> Change:
        """The changed files; a change whose files are None where this source cannot say."""


class Selector(ABC):
    """Decides which tests run; pure."""

    @abstractmethod
    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """One choice for every test, run or skipped, each with its reason."""


class Provisioner(ABC):
    """Brings environments up, and down again."""

    @abstractmethod
    def refuses(self, environment: Environment) -> str | None:
        """Why it cannot provide this environment here and what would be needed, or None."""

    @abstractmethod
    def provision(self, environment: Environment, site: Site) -> AbstractContextManager[Provisioned]:
        """The environment, up on entry (or ProvisionError) and gone on exit."""


class DataGenerator(ABC):
    """Makes test data."""

    @abstractmethod
    def generate(self, data: TestData) -> Mapping[str, Iterable[Record]]:
        """The records of every entity; the same declaration gives the same records. DataError where it cannot."""


class Destination(ABC):
    """Puts a data set where tests can reach it."""

    @abstractmethod
    def load(self, data: DataSet, bench: Bench) -> AbstractContextManager[Loaded]:
        """The data set in place on entry (or DataError), and gone on exit."""


class RunnerSession(ABC):
    """A runner kept warm for one application."""

    @abstractmethod
    def run(self, batch: Batch) -> Iterator[Outcome]:
        """The outcome of every test of the batch, as each ends; a failing test is never an exception."""

    def finish(self) -> Iterable[Outcome]:
        """What only the end of all batches tells of their tests, `batch` filled in; a batch may still come after it."""
        return ()


class Runner(ABC):
    """Speaks to one test framework."""

    @abstractmethod
    def discover(self, application: Application, paths: Sequence[str]) -> Iterable[TestCase]:
        """The tests below these paths of the checkout (all where there are none): whole files where that is cheaper."""

    @abstractmethod
    def session(self, bench: Bench) -> AbstractContextManager[RunnerSession]:
        """A session in which batches of this bench run one after the other."""


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
class Recovers(Protocol):
    """A runner whose workers note in `bench.spool`, as each test ends, what became of it."""

    def recovered(self, bench: Bench) -> Iterable[Outcome]:
        """
        What was noted in a run that was cut off, `batch`, `flow` and `attempt` filled in; its workers have ended.

        A test that had begun and not ended is INTERRUPTED.
        """
        ...


class Crew(ABC):
    """Workers that batches are handed to; used from one thread."""

    slots: Mapping[str, int]
    """How many batches run at a time, by label; the label `""` takes any batch."""

    @abstractmethod
    def submit(self, batch: Batch) -> None:
        """Hand over a batch; it starts as soon as a slot is free."""

    @abstractmethod
    def cancel(self, batch: Batch) -> None:
        """Stop a batch that was submitted: what it was about to run is lost."""

    def drain(self) -> None:  # noqa: B027 - an ability that a crew may lack
        """
        Start nothing more: what waits is dropped, and of what runs no further test begins.

        May come from any thread. A crew that cannot do that lets what was submitted run to its end.
        """

    @abstractmethod
    def events(self) -> Iterator[Outcome | BatchEnded | WorkerLost]:
        """What happens, waiting for the next; ends when every submitted batch has ended."""


class Executor(ABC):
    """Decides where batches run and how many at a time; constructed with `workers`."""

    @abstractmethod
    def crew(self, run_batch: RunBatch) -> AbstractContextManager[Crew]:
        """Workers that run batches by `run_batch`, gone on exit."""


class Analyzer(ABC):
    """Finds the cause of failures; pure."""

    @abstractmethod
    def analyze(self, failures: Sequence[Failure], context: Context) -> Iterable[Diagnosis]:
        """One diagnosis for every failure, in order; the category `unknown` where nothing is known."""


class Router(ABC):
    """Finds whom a failure concerns; pure."""

    @abstractmethod
    def route(self, diagnoses: Sequence[Diagnosis], context: Context) -> Iterable[Route]:
        """One route for every diagnosis, in order."""


class Reporter(ABC):
    """Publishes a run."""

    @abstractmethod
    def report(self, run: Run) -> None:
        """Publish; twice for one run publishes once."""


D_contra = TypeVar("D_contra", contravariant=True)


@runtime_checkable
class ChecksDeclaration(Protocol[D_contra]):
    """Optional ability of provisioners (for an Environment) and data generators (for TestData): tell mistakes early."""

    def problems(self, declaration: D_contra, /) -> Iterable[Problem]:
        """Every mistake, with its path from the declaration's root `$`."""
        ...


@runtime_checkable
class Cleans(Protocol):
    """Optional ability of provisioners: remove what dead owners have left outside of processes and directories."""

    def clean(self) -> Iterable[str]:
        """A line for each thing that was removed, `container shop-db`; nothing of living owners or other users."""
        ...


@runtime_checkable
class TakesInventory(Protocol):
    """Optional ability of provisioners: tell what there is of an environment outside of this machine's processes."""

    def inventory(self, site: Site) -> Mapping[str, tuple[str, ...]]:
        """The names of things by their kind, `container`: while it is up, and once all should be gone."""
        ...


@runtime_checkable
class Warns(Protocol):
    """Optional ability of selectors: say what in the selection has no effect."""

    def warnings(self, tests: Sequence[TestCase], context: Context) -> Iterable[str]:
        """One sentence for each."""
        ...


@runtime_checkable
class Observes(Protocol):
    """Optional ability of reporters: follow the run while it goes on."""

    def observe(self, event: Event) -> None:
        """Take note of an event; must not block."""
        ...


P = TypeVar("P")


@frozen
class Kind(Generic[P]):
    """An interface, the entry point group of its plugins, and what people call it."""

    interface: type[P]
    group: str
    title: str


CHECKOUT_SOURCE = Kind(CheckoutSource, "testflow.checkout_sources", "checkout source")
CHANGE_SOURCE = Kind(ChangeSource, "testflow.change_sources", "change source")
SELECTOR = Kind(Selector, "testflow.selectors", "selector")
PROVISIONER = Kind(Provisioner, "testflow.provisioners", "provisioner")
DATA_GENERATOR = Kind(DataGenerator, "testflow.data_generators", "data generator")
DESTINATION = Kind(Destination, "testflow.destinations", "destination")
RUNNER = Kind(Runner, "testflow.runners", "runner")
EXECUTOR = Kind(Executor, "testflow.executors", "executor")
ANALYZER = Kind(Analyzer, "testflow.analyzers", "analyzer")
ROUTER = Kind(Router, "testflow.routers", "router")
REPORTER = Kind(Reporter, "testflow.reporters", "reporter")

KINDS = (
    CHECKOUT_SOURCE,
    CHANGE_SOURCE,
    SELECTOR,
    PROVISIONER,
    DATA_GENERATOR,
    DESTINATION,
    RUNNER,
    EXECUTOR,
    ANALYZER,
    ROUTER,
    REPORTER,
)
