"""What will be done: choices, and the batches that carry them out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path

from attrs import field, frozen

from testflow_core.errors import UnknownTestError
from testflow_core.model.application import Application
from testflow_core.model.change import Change
from testflow_core.model.choice import Choice
from testflow_core.model.data import Json, TestData
from testflow_core.model.environment import Environment
from testflow_core.model.explanation import Explanation
from testflow_core.model.shards import shards
from testflow_core.model.terms import DEFAULT_TIMEOUT, Terms
from testflow_core.model.test_case import TestCase
from testflow_core.model.uncovered import Uncovered
from testflow_core.model.workflow import DataFlow, Fault, TestWorkflow

_NAMED = 5


@frozen(kw_only=True)
class Bench:
    """
    Where tests of one application run, as plain data; known before its environment is up.

    `checkout` is its directory, `python` the interpreter it names, `command` its test command; `directory` is private
    to the run and gone after it. `spool`, where there is one, outlives whoever carries the run out: workers note there
    what must not be lost with him. `record`, where there is one, is a directory in which workers note what each test
    touches; unless it is `dear`, only where Python tells of that at little cost.
    """

    directory: Path
    checkout: Path
    python: str | None = None
    command: tuple[str, ...] = ()
    spool: Path | None = None
    record: Path | None = None
    dear: bool = True


@frozen(kw_only=True)
class Batch:
    """
    Tests to run one after the other, as plain data that another host could run.

    `variables` are added to the tests' environment. `exclude` are tests of a chosen file that run elsewhere, `only`,
    where it names some of the file, all that run here: that one is no longer there is no matter. Both may name a class,
    or a function without its parameters. `inputs` is what earlier steps hand over; `wanted` are the paths into the
    returned value that later steps will ask for. `timeout` limits every single attempt. `whole` asks for one plain
    session of the framework for all of them, from its beginning to its end.
    """

    id: str
    runner: str
    bench: Bench
    tests: tuple[TestCase, ...]
    variables: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    exclude: tuple[TestCase, ...] = ()
    only: tuple[TestCase, ...] = ()
    inputs: Mapping[str, Json] = field(factory=dict[str, Json])
    wanted: tuple[tuple[str, ...], ...] = ()
    timeout: timedelta = DEFAULT_TIMEOUT
    flow: str | None = None
    attempt: int = 1
    whole: bool = False


@frozen(kw_only=True)
class PlannedBatch:
    """
    A batch before its environment is known.

    `after` are the ids of batches that must have ended, `needs` those whose tests must have passed as well; `feeds` are
    the values it is given, each with the id of the batch that produces it. `expected` are the seconds that its tests
    took in past runs, 0 where nobody knows. `variant` names that of its environment, where there are several. Batches
    of the same `unit` share what their isolation gives them; those of none share the environment with all others.
    `faults` are done to services of its environment while it runs.
    """

    id: str
    application: str
    runner: str
    tests: tuple[TestCase, ...]
    exclude: tuple[TestCase, ...] = ()
    only: tuple[TestCase, ...] = ()
    terms: Terms = field(factory=Terms)
    flow: str | None = None
    after: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    feeds: tuple[tuple[str, DataFlow], ...] = ()
    wanted: tuple[tuple[str, ...], ...] = ()
    whole: bool = False
    priority: float = 0.0
    expected: float = 0.0
    variant: str = ""
    unit: str = ""
    faults: tuple[Fault, ...] = ()


@frozen(kw_only=True)
class Plan:
    """
    What a run will do, before anything is started.

    `choices` has one per test, run or skipped, with its reason; `unavailable` says of the tests that cannot run why.
    `applications` are those whose checkout was found. Of `environments` several may be variants of one. `trees` name
    what is there of each application; it is empty where that cannot be said of one of them. `conditions` name what the
    tests run in: the kind of machine, interpreters with their packages, declared environments. `seconds` are those
    that the chosen tests of a file took in past runs, by `application::file`. `uncovered` is what of the changes no
    test that runs is known to reach.
    """

    workflow: TestWorkflow
    environments: tuple[Environment, ...] = ()
    data: TestData | None = None
    applications: Mapping[str, Application] = field(factory=dict[str, Application])
    changes: Mapping[str, Change] = field(factory=dict[str, Change])
    unavailable: Mapping[TestCase, str] = field(factory=dict[TestCase, str])
    choices: tuple[Choice, ...] = ()
    batches: tuple[PlannedBatch, ...] = ()
    warnings: tuple[str, ...] = ()
    trees: Mapping[str, str] = field(factory=dict[str, str])
    conditions: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(factory=dict[str, float])
    uncovered: tuple[Uncovered, ...] = ()

    def shards(self, number: int) -> tuple[Plan, ...]:
        """
        The plan in so many parts that take about the same time, for as many machines; ValueError for less than one.

        The same plan and number give the same parts. Each has the tests of whole files, with all that depends on them.
        """
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:  # pyright: ignore[reportUnnecessaryIsInstance] - scripts are not type-checked
            raise ValueError(f"a plan has 1 shard or more, not {number!r}")
        return shards(self, number)

    @property
    def expected_tests(self) -> int | None:
        """How many tests will run, each once in each of its variants; None where whole files do, of unknown length."""
        chosen = {choice.test for choice in self.choices if choice.selected}
        if any(test.name is None for test in chosen):
            return None
        if not any(environment.variant for environment in self.environments):
            return len(chosen)
        return len({test for batch in self.batches for test in batch.tests})

    def explain(self, test_id: str) -> Explanation:
        """
        Why a test (`application::file::name`) or a file of them (`application::file`) runs, or does not.

        UnknownTestError where nothing in the plan speaks of it.
        """
        test = TestCase.from_id(test_id)
        choices = tuple(choice for choice in self.choices if _concerns(choice.test, test))
        unavailable = next((why for each, why in self.unavailable.items() if _concerns(each, test)), "")
        batches = tuple(batch.id for batch in self.batches if _runs(batch, test))
        if not (choices or unavailable or batches):
            raise UnknownTestError(_unknown(test_id, self))
        return Explanation(
            test=test,
            choices=choices,
            change=self.changes.get(test.application),
            unavailable=unavailable,
            batches=batches,
        )


def _runs(batch: PlannedBatch, test: TestCase) -> bool:
    named = [each for each in batch.tests if _concerns(each, test)]
    if test.name is not None:
        if any(_holds(each, test) for each in batch.exclude):
            return False
        only = [each for each in batch.only if (each.application, each.file) == (test.application, test.file)]
        named = [each for each in named if not only or any(_concerns(one, test) for one in only)]
    return bool(named)


def _concerns(one: TestCase, other: TestCase) -> bool:
    """Whether one of them is the other or a part of it."""
    return _holds(one, other) or _holds(other, one)


def _holds(whole: TestCase, part: TestCase) -> bool:
    if (whole.application, whole.file) != (part.application, part.file):
        return False
    if whole.name is None or whole.name == part.name:
        return True
    return part.name is not None and part.name.startswith((f"{whole.name}::", f"{whole.name}["))


def _unknown(test_id: str, plan: Plan) -> str:
    known = sorted({choice.test.id for choice in plan.choices} | {test.id for test in plan.unavailable})
    close = get_close_matches(test_id, known, n=1)
    if close:
        return f"the plan has no test {test_id!r}; did you mean {close[0]!r}?"
    named = ", ".join(known[:_NAMED]) + (f" and {len(known) - _NAMED} more" if len(known) > _NAMED else "")
    return f"the plan has no test {test_id!r} (known: {named or 'none'})"
