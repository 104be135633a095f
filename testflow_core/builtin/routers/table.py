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
    """Category to team by the declared routing, else to the default team."""

    def route(self, diagnoses: Sequence[Diagnosis], context: Context) -> Iterable[Route]:
        """One route for every diagnosis, in order."""
        return [_route(diagnosis, context.analysis) for diagnosis in diagnoses]


def _route(diagnosis: Diagnosis, analysis: FailureAnalysis) -> Route:
    category = diagnosis.category
    team = analysis.routing.get(category)
    if team is not None:
        return Route(test=diagnosis.test, team=team, reason=f"the category {category} is routed to {team}")
    return Route(
        test=diagnosis.test,
        team=analysis.default_team,
        reason=f"no team is declared for the category {category}: it goes to {analysis.default_team}",
    )
