"""The router `table`: the declaration says which team has which category."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.interfaces import Router
from testflow_core.model import Route

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Context, Diagnosis, FailureAnalysis


@frozen(kw_only=True)
class TableRouter(Router):
    """Category to team by the declared routing, its first level included, else to the rule's owner or the default."""

    def route(self, diagnoses: Sequence[Diagnosis], context: Context) -> Iterable[Route]:
        """One route for every diagnosis, in order."""
        analysis = context.analysis
        return [declared(each, analysis) or of_the_rule(each) or by_default(each, analysis) for each in diagnoses]


def declared(diagnosis: Diagnosis, analysis: FailureAnalysis) -> Route | None:
    """By the declared table: the category, else its first level."""
    category = diagnosis.category
    for name in dict.fromkeys((category, category.partition("/")[0])):
        team = analysis.routing.get(name)
        if team is not None:
            return Route(test=diagnosis.test, team=team, reason=f"the category {name} is routed to {team}")
    return None


def of_the_rule(diagnosis: Diagnosis, said: str = "") -> Route | None:
    """To the owner of the rule that found the category; `said` is what else was asked in vain."""
    owner = diagnosis.owner
    return routed(diagnosis, owner, f"its rule belongs to {owner}", said) if owner else None


def by_default(diagnosis: Diagnosis, analysis: FailureAnalysis, said: str = "") -> Route:
    """To the default team."""
    return routed(diagnosis, analysis.default_team, f"it goes to {analysis.default_team}", said)


def routed(diagnosis: Diagnosis, team: str, because: str, said: str = "") -> Route:
    """A route that the table does not give, with the reason."""
    asked = f", {said}" if said else ""
    reason = f"no team is declared for the category {diagnosis.category}{asked}: {because}"
    return Route(test=diagnosis.test, team=team, reason=reason)
