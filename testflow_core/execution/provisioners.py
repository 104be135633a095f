"""Which provisioner brings an environment up, and why that one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from attrs import frozen

from testflow_core.errors import Problem, SpecError
from testflow_core.execution.apart import by_server
from testflow_core.interfaces import PROVISIONER, ChecksDeclaration, Provisioner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.model import Environment, Plan
    from testflow_core.registry import Plugins

PREFERRED = ("docker", "process")


@frozen(kw_only=True)
class ChosenProvisioner:
    """A provisioner by name, why it was chosen, and why it cannot provide the environment where it cannot."""

    name: str
    provisioner: Provisioner
    reason: str
    refusal: str | None = None


def needed(plan: Plan) -> tuple[Environment, ...]:
    """The environments that some batch of a plan shares with others."""
    wanted = {(batch.terms.environment, batch.variant) for batch in plan.batches if not by_server(batch)}
    return tuple(each for each in plan.environments if {(True, each.variant), (each.name, each.variant)} & wanted)


def choose_provisioners(plan: Plan, asked: str | None, plugins: Plugins) -> dict[str, ChosenProvisioner]:
    """One for each environment of a plan, by its label; SpecError with the mistakes in all of them."""
    found: dict[str, ChosenProvisioner] = {}
    problems: list[Problem] = []
    several = len(plan.environments) > 1
    for environment in plan.environments:
        try:
            found[environment.label] = choose_provisioner(environment, asked, plugins)
        except SpecError as error:
            where = f" (in the environment {environment.label!r})" if several else ""
            problems += [Problem(each.path, f"{each.message}{where}") for each in error.problems]
    if problems:
        raise SpecError(problems)
    return found


def told_provisioners(chosen: Mapping[str, ChosenProvisioner]) -> str:
    """Which provisioner is used, and why: said once where it is the same for all environments."""
    return told_once({label: f"{each.name} ({each.reason or each.refusal})" for label, each in chosen.items()})


def told_once(said: Mapping[str, str]) -> str:
    """What is said of environments by their labels: once where it is the same for all."""
    if len(set(said.values())) <= 1:
        return next(iter(said.values()), "")
    return "; ".join(f"{label}: {text}" for label, text in said.items())


def choose_provisioner(environment: Environment, asked: str | None, plugins: Plugins) -> ChosenProvisioner:
    """
    The provisioner that was asked for, else the first that refuses nothing.

    SpecError where each of them finds the same mistakes in the environment. Where every one refuses, the last, with all
    their reasons; a service that one of them does not know is such a reason.
    """
    installed = plugins.names(PROVISIONER)
    preferred = [name for name in PREFERRED if name in installed]
    candidates = [asked] if asked else [*preferred, *(name for name in installed if name not in preferred)]
    refusals: list[str] = []
    mistakes: list[tuple[Problem, ...]] = []
    chosen: ChosenProvisioner | None = None
    # With none installed, loading the default says what to install.
    for name in candidates or [PREFERRED[-1]]:
        provisioner = plugins.load(PROVISIONER, name)
        problems = _problems(provisioner, environment)
        refusal = None if problems else provisioner.refuses(environment)
        if not problems and refusal is None:
            why = "asked for" if asked else "; ".join(refusals) or "refuses nothing of this environment"
            return ChosenProvisioner(name=name, provisioner=provisioner, reason=why)
        mistakes.append(problems)
        refusals.append(f"{name}: {refusal or '; '.join(map(str, problems))}")
        chosen = ChosenProvisioner(name=name, provisioner=provisioner, reason="", refusal="; ".join(refusals))
    everywhere = [each for each in mistakes[-1] if all(each.path in {one.path for one in found} for found in mistakes)]
    if everywhere or chosen is None:
        raise SpecError(everywhere)
    return chosen


def _problems(provisioner: object, environment: Environment) -> tuple[Problem, ...]:
    if not isinstance(provisioner, ChecksDeclaration):
        return ()
    return tuple(cast("ChecksDeclaration[Environment]", provisioner).problems(environment))
