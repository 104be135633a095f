"""The abstract classes that a plugin implements: one or two verbs each, values in and values out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeAlias, TypeVar

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testflow_core.model import (
        Application,
        Batch,
        BatchEnded,
        Bench,
        Change,
        Choice,
        Context,
        DataSet,
        Diagnosis,
        Environment,
        Failure,
        Loaded,
        Outcome,
        Provisioned,
        Record,
        Route,
        Run,
        Site,
        TestCase,
        TestData,
        WorkerLost,
    )

RunBatch: TypeAlias = "Callable[[Batch], Iterator[Outcome]]"
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

    known_categories: ClassVar[frozenset[str]] = frozenset()
    """First levels of the categories that it gives without being told; they may be routed, too."""

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
