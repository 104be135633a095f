"""The engine as scripts see it: every argument has a default, and environment variables stand in for some."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from testflow.builders import Variants
from testflow.catalog import CATALOG, Applications
from testflow_core import engine, model, specs
from testflow_core.errors import Problem, SpecError
from testflow_core.history import History
from testflow_core.planning import Declaration
from testflow_core.provisioning.isolation import CHOICES
from testflow_core.registry import Plugins, plugin_set

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from typing import TypeAlias

    from testflow.builders import Environment, TestData, TestWorkflow
    from testflow_core.interfaces import Reporter
    from testflow_core.model import Plan, Run

    Environments: TypeAlias = Environment | Variants | Sequence[Environment | Variants]

STATE = Path(".testflow")
"""Below the current folder: the history, reports by run, clones of applications."""

REPORTERS = ("junit", "markdown")


class Engine:
    """
    Plans and executes workflows.

    `history` is the file that remembers runs (default `.testflow/history.db`), `workspace` the folder where
    applications and files are looked for (the current one), `workers` how many batches run at a time (the cores),
    `resources` how many there are of what tests take, by name (1 of each), `provisioner` a plugin's name (the first
    that refuses nothing), `isolation` how environments must be kept apart (`required`: by namespaces or in containers,
    or a tier by name; else the best there is, which the result names), `reuse` whether environments stay up for the
    next run, and how long (`True`: 10 minutes, but not where the variable CI is set; TESTFLOW_REUSE decides
    everywhere), `keep_on_failure` whether those of a failed run stay for you to look at (`True`: an hour),
    `applications` another catalog than that of `register_application`, `plugins` a set of plugins (`installed`;
    `memory` touches nothing outside the process), `reporters` what a run is published by (`junit` and `markdown`
    files).
    """

    def __init__(  # noqa: PLR0913 - each has a default and is given by name
        self,
        *,
        history: str | Path | None = None,
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
    ) -> None:
        state = Path.cwd() / STATE
        chosen = plugins or os.environ.get("TESTFLOW_PLUGINS") or "installed"
        self._plugins = chosen if isinstance(chosen, Plugins) else plugin_set(chosen)
        file = Path(history or os.environ.get("TESTFLOW_HISTORY") or state / "history.db").absolute()
        if applications is None:
            applications = CATALOG
        self._applications = applications if isinstance(applications, Applications) else Applications(applications)
        default = REPORTERS if self._plugins.outside else ()
        self._engine = engine.Engine(
            plugins=self._plugins,
            history=History(file if self._plugins.outside else None),
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

    def execute(
        self,
        workflow: TestWorkflow,
        environment: Environment | Variants | Sequence[Environment | Variants] | None = None,
        test_data: TestData | None = None,
        *,
        max_failures: int | None = None,
        fail_fast: bool = False,
        max_duration: str | float | timedelta | None = None,
    ) -> Run:
        """
        Runs what the workflow asks for, in the environment, with the data.

        Of several environments each selection names its own; in `Environment.variants(...)` the tests that need the
        environment run once per variant.

        It stops once `max_failures` tests have failed (`fail_fast` is 1 of them), or after `max_duration` (seconds, or
        text such as `"10m"`): the tests that run then are awaited, the others are interrupted. So it does at Ctrl-C, of
        which a second ends what runs. What was stopped or cut off can be resumed.

        SpecError or PluginError, with every mistake at once, before anything is started. Afterwards nothing but
        KeyboardInterrupt is raised: tests that fail, an environment that does not come up and data that cannot be made
        are in the result.
        """
        limits = specs.limits(max_failures=max_failures, fail_fast=fail_fast, max_duration=max_duration)
        return self._engine.execute(self._declaration(workflow, environment, test_data), limits)

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

    def _declaration(
        self, workflow: TestWorkflow, environment: Environments | None, test_data: TestData | None
    ) -> Declaration:
        return Declaration(
            workflow=workflow.value,
            environments=_environments(environment),
            data=test_data.value if test_data else None,
            applications=self._applications.values,
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
