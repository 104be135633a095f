"""What the tests of a run run in, by name: outcomes under other conditions contradict nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from testflow_core import specs
from testflow_core.interfaces import RUNNER, NamesConditions
from testflow_core.planning.applications import runner_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from testflow_core.model import Application, Environment
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins


def name_conditions(
    applications: Mapping[str, Application],
    environments: Iterable[Environment],
    plugins: Plugins,
    calls: PluginCalls,
) -> tuple[str, ...]:
    """The machine's kind, what each application's runner says of its interpreter, and the declared environments."""
    system = os.uname()
    return (
        f"{system.sysname} {system.machine}",
        *(f"{name}: {said}" for name, each in applications.items() if (said := _said(each, plugins, calls))),
        *(f"environment {each.label}: {specs.version_of_environment(each)}" for each in environments if each.services),
    )


def _said(application: Application, plugins: Plugins, calls: PluginCalls) -> str:
    name = runner_name(application)
    runner = plugins.load(RUNNER, name)
    if not isinstance(runner, NamesConditions):
        return ""
    return calls.answer(RUNNER, name, lambda: runner.conditions(application), "")
