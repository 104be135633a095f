"""The engine as scripts see it: every argument has a default, and environment variables stand in for some."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from testflow.builders import Variants
from testflow.catalog import CATALOG, Applications
from testflow.history import History
from testflow_core import engine, model, specs
from testflow_core.errors import Problem, SpecError
from testflow_core.history import History as Store
from testflow_core.planning import Auditing, Declaration
from testflow_core.provisioning.isolation import CHOICES
from testflow_core.registry import Plugins, plugin_set

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from typing import TypeAlias

    from testflow.builders import Environment, TestData, TestWorkflow
    from testflow_core.interfaces import Reporter
    from testflow_core.model import Fixed, Plan, Run

    Environments: TypeAlias = Environment | Variants | Sequence[Environment | Variants]

STATE = Path(".testflow")
"""Below the current folder: the history, reports by run, clones of applications."""

REPORTERS = ("junit", "markdown")


class Engine:
    """
    Plans and executes workflows.

    `history` is the file that remembers runs (default `.testflow/history.db`), or a `History`, `workspace` the folder
    where applications and files are looked for (the current one), `workers` how many batches run at a time (the cores),
    `resources` how many there are of what tests take, by name (1 of each), `provisioner` a plugin's name (the first
    that refuses nothing), `isolation` how environments must be kept apart (`required`: by namespaces or in containers,
    or a tier by name; else the best there is, which the result names), `reuse` whether environments stay up for the
    next run, and how long (`True`: 10 minutes, but not where the variable CI is set; TESTFLOW_REUSE decides
    everywhere), `keep_on_failure` whether those of a failed run stay for you to look at (`True`: an hour),
    `applications` another catalog than that of `register_application`, `plugins` a set of plugins (`installed`;
    `memory` touches nothing outside the process), `reporters` what a run is published by (`junit` and `markdown`
    files), `audit` the share of the tests that selections left out, from 0 to 1, which run all the same so that what
    selections miss is known (none), `shadow` whether all of them do.
    """

    def __init__(  # noqa: PLR0913 - each has a default and is given by name
        self,
        *,
        history: str | Path | History | None = None,
        workspace: str | Path | None = None,
        workers: int | None = None,
        resources: Mapping[str, int] | None = None,
        provisioner: str | None = None,
        isolation: str | None = None,
        reuse: bool | float | str | timedelta | None = None,
        keep_on_failure: bool | float | str | timedelta | None = None,
        applications: Applications | Mapping[str, Mapping[str, object]] | None = None,
        plugins: str | Plugins | None = None,
        reporters: Sequence[str | Reporter] | None = None,
        audit: float = 0.0,
        shadow: bool = False,
    ) -> None:
        state = Path.cwd() / STATE
        chosen = plugins or os.environ.get("TESTFLOW_PLUGINS") or "installed"
        self._plugins = chosen if isinstance(chosen, Plugins) else plugin_set(chosen)
        remembered = history if isinstance(history, History) else History(history)
        if applications is None:
            applications = CATALOG
        self._applications = applications if isinstance(applications, Applications) else Applications(applications)
        default = REPORTERS if self._plugins.outside else ()
        self._audit = 1.0 if shadow else _share(audit)
        self._engine = engine.Engine(
            plugins=self._plugins,
            history=remembered.store if self._plugins.outside else Store(None),
            workspace=Path(workspace or os.environ.get("TESTFLOW_WORKSPACE") or Path.cwd()).absolute(),
            state=state,
            workers=_workers(workers),
            resources=specs.resources(resources or {}),
            provisioner=provisioner or os.environ.get("TESTFLOW_PROVISIONER") or None,
            isolation=_isolation(isolation),
            keeping=specs.keeping(
                _reuse(reuse),
                keep_on_failure or os.environ.get("TESTFLOW_KEEP_ON_FAILURE"),
                os.environ.get("TESTFLOW_REUSE_LIMIT", ""),
            ),
            reporters=default if reporters is None else _listed(reporters),
        )

    def plan(
        self,
        workflow: TestWorkflow,
        environment: Environment | Variants | Sequence[Environment | Variants] | None = None,
        test_data: TestData | None = None,
    ) -> Plan:
        """
        What `execute` would do with the same arguments; nothing is started.

        `plan.choices` has every test with `.test.id`, `.selected`, `.reason` and `.priority`.
        """
        return self._engine.plan(self._declaration(workflow, environment, test_data))

    def execute(  # noqa: PLR0913 - each has a default and is given by name
        self,
        workflow: TestWorkflow | None = None,
        environment: Environment | Variants | Sequence[Environment | Variants] | None = None,
        test_data: TestData | None = None,
        *,
        max_failures: int | None = None,
        fail_fast: bool = False,
        max_duration: str | float | timedelta | None = None,
        shard: str | tuple[int, int] | None = None,
        run_id: str | None = None,
        replay: str | None = None,
    ) -> Run:
        """
        Runs what the workflow asks for, in the environment, with the data.

        Of several environments each selection names its own; in `Environment.variants(...)` the tests that need the
        environment run once per variant.

        It stops once `max_failures` tests have failed (`fail_fast` is 1 of them), or after `max_duration` (seconds, or
        text such as `"10m"`): the tests that run then are awaited, the others are interrupted. So it does at Ctrl-C, of
        which a second ends what runs. What was stopped or cut off can be resumed.

        `shard` is the part that this machine runs, `"2/4"` (else TESTFLOW_SHARD), of those that `plan.shards(4)` has:
        with the same history each has other tests, and all together have all. `run_id` is what the run is called (else
        TESTFLOW_RUN_ID): where all shards say the same, their histories merge into one run. HistoryError where the
        history knows it.

        `replay` is the id of a run in the history whose tests run again: those, no others, in the order in which they
        began then, whatever changed since; the workflow gives the terms alone, and without one the history does.
        HistoryError where there is none, or where it had secrets, which the history does not keep; tests that are gone
        are told in the warnings.

        SpecError or PluginError, with every mistake at once, before anything is started. Afterwards nothing but
        KeyboardInterrupt is raised: tests that fail, an environment that does not come up and data that cannot be made
        are in the result.
        """
        limits = specs.limits(max_failures=max_failures, fail_fast=fail_fast, max_duration=max_duration)
        part = specs.shard(*_said(shard, "shard", "TESTFLOW_SHARD"))
        name = specs.run_id(*_said(run_id, "run_id", "TESTFLOW_RUN_ID"))
        # Shards of one run must plan alike, so they draw the same tests for an audit.
        if workflow is None:
            declaration = self._recorded(replay, environment, test_data)
        else:
            declaration = self._declaration(workflow, environment, test_data, seed=name or "")
        return self._engine.execute(declaration, limits, shard=part, run_id=name, replay=replay)

    def attempt_to_fix(
        self,
        workflow: TestWorkflow,
        test_id: str,
        times: int = 20,
        environment: Environment | Variants | Sequence[Environment | Variants] | None = None,
        test_data: TestData | None = None,
    ) -> Fixed:
        """
        Runs one test again and again, until it fails or has passed so many `times`: is a flaky one fixed?

        It runs on the terms of the workflow's selection of its application, in one environment, and the run is
        remembered as any. The answer's `likely` is whether it always passed, `high` how probable its failure may still
        be: after 20 passes up to 16 %. SpecError where it is no test of the workflow.
        """
        return self._engine.attempt_to_fix(self._declaration(workflow, environment, test_data), test_id, times)

    def resume(
        self,
        run_id: str | None = None,
        *,
        max_failures: int | None = None,
        fail_fast: bool = False,
        max_duration: str | float | timedelta | None = None,
    ) -> Run:
        """
        Runs what is left of a run that was stopped or cut off, the latest in the history where none is named.

        What it was to do is known from the history; a test that had ended is not run again, unless its file has changed
        since. HistoryError where there is nothing to resume, and where the run still goes on.
        """
        limits = specs.limits(max_failures=max_failures, fail_fast=fail_fast, max_duration=max_duration)
        return self._engine.resume(run_id, limits)

    def _recorded(self, run_id: str | None, *given: object) -> Declaration:
        """What was declared for a run, of the applications as they are registered today."""
        if run_id is None or any(each is not None for each in given):
            raise SpecError([Problem("$.workflow", "is missing: only `replay`, and that alone, does without one")])
        declaration = self._engine.declared(run_id)
        return evolve(declaration, applications={**declaration.applications, **self._applications.values})

    def _declaration(
        self, workflow: TestWorkflow, environment: Environments | None, test_data: TestData | None, seed: str = ""
    ) -> Declaration:
        return Declaration(
            workflow=workflow.value,
            environments=_environments(environment),
            data=test_data.value if test_data else None,
            applications=self._applications.values,
            auditing=Auditing(share=self._audit, seed=seed or uuid.uuid4().hex),
        )


def _environments(given: Environments | None) -> tuple[model.Environment, ...]:
    """All environments in all their variants; SpecError where two bear the same name."""
    if given is None:
        return ()
    listed = [each.values if isinstance(each, Variants) else (each.value,) for each in _sequence(given)]
    names = [values[0].name for values in listed]
    twice = [f"$.environments[{place}]" for place, name in enumerate(names) if name in names[:place]]
    if twice:
        known = ", ".join(map(repr, names))
        raise SpecError(
            [Problem(path, f"a name that is given twice; names are unique (given: {known})") for path in twice]
        )
    return tuple(each for values in listed for each in values)


def _sequence(given: Environments) -> Sequence[Environment | Variants]:
    return given if isinstance(given, Sequence) else (given,)


def _workers(workers: int | None) -> int:
    asked = workers if workers is not None else os.environ.get("TESTFLOW_WORKERS") or os.cpu_count() or 1
    try:
        number = int(asked)
    except ValueError:
        number = 0
    if number < 1:
        where = "Engine(workers=...)" if workers is not None else "TESTFLOW_WORKERS"
        raise SpecError([Problem(where, f"expected a whole number of 1 or more, got {asked!r}")])
    return number


def _share(audit: object) -> float:
    if isinstance(audit, bool) or not isinstance(audit, int | float) or not 0 <= audit <= 1:
        raise SpecError([Problem("Engine(audit=...)", f"expected a share from 0 to 1, such as 0.05, got {audit!r}")])
    return float(audit)


def _said(given: object, name: str, variable: str) -> tuple[object, str]:
    """What an argument of `execute` says, else the variable, and which of them it was."""
    if given is not None:
        return given, f"execute({name}=...)"
    return os.environ.get(variable) or None, variable


def _reuse(reuse: bool | float | str | timedelta | None) -> object:
    """What is asked of reuse: in CI, only what the variable says."""
    return os.environ.get("TESTFLOW_REUSE") or (None if os.environ.get("CI") else reuse)


def _isolation(isolation: str | None) -> str | None:
    asked = isolation or os.environ.get("TESTFLOW_ISOLATION") or None
    if asked is not None and asked not in CHOICES:
        where = "Engine(isolation=...)" if isolation is not None else "TESTFLOW_ISOLATION"
        raise SpecError([Problem(where, specs.unknown_name("isolation", asked, CHOICES))])
    return asked


def _listed(reporters: Sequence[str | Reporter]) -> tuple[str | Reporter, ...]:
    """A single name is a list of one."""
    return (reporters,) if isinstance(reporters, str) else tuple(reporters)
