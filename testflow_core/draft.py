"""A run as far as it is planned: what of it runs, in which order, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.errors import HistoryError
from testflow_core.execution import Clock, choose_provisioners
from testflow_core.interfaces import Observes
from testflow_core.model import Past, Planned
from testflow_core.planning import certain, make_plan, runner_name
from testflow_core.plugin_calls import PluginCalls
from testflow_core.publishing import asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import TypeAlias

    from testflow_core.execution import ChosenProvisioner
    from testflow_core.model import Application, Plan, Shard
    from testflow_core.planning import Declaration
    from testflow_core.settings import Settings

    Expect: TypeAlias = Callable[[str, Application], None]
    """Told of a runner and an application whose tests are likely to come."""


class Draft:
    """
    One run until its plan is made; nothing is started.

    `past` is what is remembered of its applications, once that was asked for; `calls` and `warnings` are what went
    wrong so far. `clock` times what is done, and tells the reporters that observe.
    """

    def __init__(self, engine: Settings) -> None:
        self.engine = engine
        self.calls = PluginCalls()
        self.warnings: list[str] = []
        self.past = Past()
        self.reporters = asked(engine.reporters, engine.plugins)
        observers = (each.reporter for each in self.reporters)
        self.clock = Clock(observers=tuple(each for each in observers if isinstance(each, Observes)))

    def plan(
        self, declaration: Declaration, shard: Shard | None = None, expect: Expect | None = None
    ) -> tuple[Plan, Mapping[str, ChosenProvisioner]]:
        """The plan, and the provisioners for its environments, by their labels."""
        engine = self.engine

        def past_of(applications: Mapping[str, Application]) -> Past:
            for name in certain(declaration.workflow):
                if expect is not None and name in applications:
                    expect(runner_name(applications[name]), applications[name])
            return self.remember(applications)

        with self.clock.phase("plan"):
            plan = make_plan(
                declaration,
                engine.plugins,
                self.calls,
                past_of,
                engine.workspace,
                engine.state / "checkouts",
                engine.resources,
                engine.workers,
            )
            plan = plan.shards(shard.of)[shard.number - 1] if shard else plan
            chosen = choose_provisioners(plan, engine.provisioner, engine.plugins)
        self.warnings += plan.warnings
        self.clock.tell(Planned(plan=plan))
        return plan, chosen

    def remember(self, applications: Iterable[str]) -> Past:
        """The past of these applications, from now on that of the run; where it cannot be read, that is a warning."""
        try:
            self.past = self.engine.history.past(applications)
        except HistoryError as error:
            self.warnings.append(f"the order of the tests knows nothing of the past: {error}")
        return self.past
