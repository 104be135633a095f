"""What must be tested, as declared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import cast

from attrs import field, frozen

from testflow_core.model.data import Json
from testflow_core.model.flaky import Quarantine
from testflow_core.model.terms import Terms

DEFAULT_TEAM = "unassigned"
NEW_AFTER = timedelta(days=21)


@frozen(kw_only=True)
class MappingRule:
    """A changed file that `source_pattern` matches whole is tested by `test_pattern`, `{1}` being its first group."""

    source_pattern: re.Pattern[str]
    test_pattern: str


@frozen(kw_only=True)
class TestSelection(Terms):
    """
    Which tests of one application are chosen, and by which selectors (`strategies` are names of selector plugins).

    Of several, each may choose. `options` are those of the one strategy, or of several by the name of each.
    With `record` its tests note what they touch, for the selections of later runs; None: where that costs little, on
    Python 3.12 and later, and the history is kept.
    """

    __test__ = False

    application: str
    strategies: tuple[str, ...] = field(default=("change-based",), metadata={"testflow.key": "strategy"})
    test_paths: tuple[str, ...] = ()
    mapping_rules: tuple[MappingRule, ...] = ()
    record: bool | None = None
    options: Mapping[str, Json] = field(factory=dict[str, Json])

    @property
    def strategy(self) -> str:
        """What people call its strategies together: `change-based + failed`."""
        return " + ".join(self.strategies)

    def options_of(self, strategy: str) -> Mapping[str, Json]:
        """What the selector of this name takes."""
        if len(self.strategies) == 1:
            return self.options
        return cast("Mapping[str, Json]", self.options.get(strategy, {}))


@frozen(kw_only=True)
class Fault:
    """What is done to a service on purpose: one of FAULTS; `seconds` are those of a delay."""

    kind: str
    service: str
    seconds: float = 0.0


@frozen(kw_only=True)
class Step:
    """
    One test, or one file of tests, of a cross-application test; `name` is what data flows call it.

    `faults` are there while it runs, and nothing else runs meanwhile.
    """

    app: str
    test: str
    name: str
    faults: tuple[Fault, ...] = ()


@frozen(kw_only=True)
class DataFlow:
    """A value that the step at index `producer` returns and the step at index `consumer` is given, each at its path."""

    name: str
    producer: int
    source: tuple[str, ...]
    consumer: int
    target: tuple[str, ...]


@frozen(kw_only=True)
class CrossAppTest(Terms):
    """Steps that run in order across applications, with the values that flow between them."""

    name: str
    steps: tuple[Step, ...]
    data_flow: tuple[DataFlow, ...] = ()


@frozen(kw_only=True)
class Dependency:
    """A test that only makes sense once others have passed, each `application::file` or `application::file::name`."""

    test: str
    needs: tuple[str, ...]


@frozen(kw_only=True)
class Category:
    """A kind of failure, known by regular expressions."""

    name: str
    patterns: tuple[re.Pattern[str], ...]


@frozen(kw_only=True)
class FailureAnalysis:
    """
    How failures are categorised, and which team each category goes to.

    A failure of a test that has not failed for `new_after` is likely to be a regression.
    """

    categories: tuple[Category, ...] = ()
    routing: Mapping[str, str] = field(factory=dict[str, str])
    default_team: str = DEFAULT_TEAM
    new_after: timedelta = NEW_AFTER
    analyzer: str = "regex"
    router: str = "codeowners"
    options: Mapping[str, Json] = field(factory=dict[str, Json])


@frozen(kw_only=True)
class TestWorkflow:
    """Everything that one `execute` is to test."""

    __test__ = False

    name: str
    selections: tuple[TestSelection, ...] = ()
    flows: tuple[CrossAppTest, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    analysis: FailureAnalysis = field(factory=FailureAnalysis)
    quarantines: tuple[Quarantine, ...] = ()
