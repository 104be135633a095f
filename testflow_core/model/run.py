"""A run: what was learnt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from testflow_core.model.audit import Audit, MissRate
from testflow_core.model.certificate import Certificate
from testflow_core.model.change import Change
from testflow_core.model.choice import Choice
from testflow_core.model.cluster import Cluster
from testflow_core.model.delivery import Delivery
from testflow_core.model.failure import Diagnosis, Route
from testflow_core.model.failure_context import FailureContext
from testflow_core.model.outcome import Attempt, Outcome, Status
from testflow_core.model.timing import Timing
from testflow_core.model.uncovered import Uncovered
from testflow_core.model.variant import labelled
from testflow_core.model.verdict import Verdict


@frozen(kw_only=True)
class TestResult:
    """
    How one test ended in a run, all its attempts and flows taken together.

    `variant` names that of the environment in which it ran, where there are several: each is a result of its own.
    It is flaky where it passed in the end and an attempt before had not. `category`, `assigned_to`, `message` and
    `logs` are filled in where it failed or is flaky. `timing` is that of a performance test's repetitions.

    `quarantined` says until when, and why, its failures do not fail the run; `regression` why its failure is likely to
    be one of the application: that it is new. Both are empty elsewhere. `verdict` says what is to blame for a failure.
    `context` is what there was around it, `tried` all attempts, in the order they ended.
    """

    __test__ = False

    test_id: str
    status: Status
    reason: str = ""
    duration: float = 0.0
    category: str = ""
    assigned_to: str = ""
    logs: str = ""
    message: str = ""
    diagnosis: Diagnosis | None = None
    route: Route | None = None
    kind: str = ""
    attempts: int = 1
    flaky: bool = False
    timing: Timing | None = None
    variant: str = ""
    quarantined: str = ""
    regression: str = ""
    verdict: Verdict | None = None
    context: FailureContext | None = None
    tried: tuple[Attempt, ...] = ()

    @property
    def label(self) -> str:
        """What people call the test: its id, and its variant where it has one, `application::file::name [variant]`."""
        return labelled(self.test_id, self.variant)


@frozen(kw_only=True)
class PluginFailure:
    """A plugin that raised where it should not: its kind, its name, its traceback."""

    kind: str
    name: str
    traceback: str

    def __str__(self) -> str:
        return f"the {self.kind} {self.name!r} raised {self.traceback.rstrip().rsplit(chr(10), 1)[-1]}"


@frozen(kw_only=True)
class Run:
    """
    The result of `execute`.

    `started` is in seconds since the epoch, `phases` maps a phase's name to its seconds. `results` has each test once,
    in each variant. `provisioner` is the one that was used, with the reason it was, by environment where they differ,
    `isolation` how it kept environments apart, `origin` whether these were new or used before, and why. `kept` says of
    those that were kept for people how they are entered and removed, `certificates` what each of the others, and the
    run itself, has left on the machine. `stopped` is why it stopped before all was done. `trees` name what it had of
    each application: the same name is the same sources. `conditions` name what its tests ran in: machine, interpreters,
    declared environments. `source` says where a run was imported from. `data` has the
    version of each data set, by its name: the same version is the same records. `audits` are the tests that ran
    although they had been left out, `miss_rates` what all audited runs have told of the strategies. `clusters` are the
    causes of what failed, if only in an attempt: those that fail the run first, then the most frequent. `on_main` are
    the applications whose sources were a state of the main branch. `deliveries` are what reporters have sent to where
    people work, and what did not arrive. `changes` are what had changed, by application, `uncovered` what of it no test
    of the plan is known to reach.
    """

    run_id: str
    workflow: str
    started: float
    choices: tuple[Choice, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    results: tuple[TestResult, ...] = ()
    warnings: tuple[str, ...] = ()
    plugin_failures: tuple[PluginFailure, ...] = ()
    phases: Mapping[str, float] = field(factory=dict[str, float])
    provisioner: str = ""
    isolation: str = ""
    origin: str = ""
    kept: tuple[str, ...] = ()
    reports: Path | None = None
    stopped: str = ""
    certificates: tuple[Certificate, ...] = ()
    trees: Mapping[str, str] = field(factory=dict[str, str])
    conditions: tuple[str, ...] = ()
    source: str = ""
    audits: tuple[Audit, ...] = ()
    miss_rates: tuple[MissRate, ...] = ()
    data: Mapping[str, str] = field(factory=dict[str, str])
    clusters: tuple[Cluster, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    on_main: tuple[str, ...] = ()
    changes: Mapping[str, Change] = field(factory=dict[str, Change])
    uncovered: tuple[Uncovered, ...] = ()

    def _of(self, *statuses: Status) -> tuple[TestResult, ...]:
        return tuple(result for result in self.results if result.status in statuses)

    @property
    def executed_tests(self) -> tuple[TestResult, ...]:
        """Passed and failed ones."""
        return self._of(Status.PASSED, *(status for status in Status if status.failing))

    @property
    def passed_tests(self) -> tuple[TestResult, ...]:
        """Tests that passed."""
        return self._of(Status.PASSED)

    @property
    def flaky_tests(self) -> tuple[TestResult, ...]:
        """Passed tests of which an attempt failed before; they are among `passed_tests`, too."""
        return tuple(result for result in self.results if result.flaky)

    @property
    def failed_tests(self) -> tuple[TestResult, ...]:
        """Tests that failed, ended in an error or timed out, but for those in quarantine."""
        return tuple(result for result in self.results if result.status.failing and not result.quarantined)

    @property
    def quarantined_tests(self) -> tuple[TestResult, ...]:
        """Tests in quarantine that failed, ended in an error or timed out: they do not fail the run."""
        return tuple(result for result in self.results if result.status.failing and result.quarantined)

    @property
    def skipped_tests(self) -> tuple[TestResult, ...]:
        """Tests that were not run, by choice of a selector, of the framework, or of a step before them."""
        return self._of(Status.SKIPPED)

    @property
    def unavailable_tests(self) -> tuple[TestResult, ...]:
        """Tests whose application could not be had."""
        return self._of(Status.UNAVAILABLE)

    @property
    def interrupted_tests(self) -> tuple[TestResult, ...]:
        """Tests that were to run when the run was stopped."""
        return self._of(Status.INTERRUPTED)

    @property
    def leaks(self) -> tuple[str, ...]:
        """A sentence for each thing that was left on the machine."""
        return tuple(leak for certificate in self.certificates for leak in certificate.leaks)

    @property
    def ok(self) -> bool:
        """Nothing failed but in quarantine, was unavailable or interrupted, and nothing was left on the machine."""
        return not (self.failed_tests or self.unavailable_tests or self.interrupted_tests or self.leaks)
