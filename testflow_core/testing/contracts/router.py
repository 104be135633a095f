"""The contract of routers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testflow_core.model import UNKNOWN, Context, Diagnosis, Evidence, FailureAnalysis, Route
from testflow_core.testing.contracts.samples import ODD_TEXTS, TESTS, to_be_answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.interfaces import Router

DECLARED = Context(
    analysis=FailureAnalysis(routing={"validation": "api-team", "timeout": "platform"}, default_team="qa")
)
DIAGNOSES = (
    Diagnosis(test=TESTS[1], category="timeout", reason="a pattern matched"),
    Diagnosis(test=TESTS[2], category=UNKNOWN, reason="no pattern matched"),
    Diagnosis(
        test=TESTS[4],
        category="validation",
        reason="a pattern matched",
        evidence=Evidence(kind="message", text="required field", rank=0),
    ),
    Diagnosis(test=TESTS[0], category="never declared", reason="the analyzer's own"),
)


def _routes(router: Router, diagnoses: Sequence[Diagnosis], context: Context) -> list[Route]:
    return list(router.route(diagnoses, context))


class RouterContract:
    """What holds of every Router."""

    @pytest.fixture
    def router(self) -> Router:
        """The plugin."""
        raise to_be_answered("router", "the Router under test")

    @pytest.mark.parametrize("context", [Context(), DECLARED], ids=["nothing declared", "teams declared"])
    def test_every_diagnosis_has_one_route_in_order(self, router: Router, context: Context) -> None:
        for diagnoses in (DIAGNOSES, DIAGNOSES[::-1]):
            routed = [route.test.id for route in _routes(router, diagnoses, context)]
            assert routed == [diagnosis.test.id for diagnosis in diagnoses], "answer one Route for each diagnosis"

    @pytest.mark.parametrize("context", [Context(), DECLARED], ids=["nothing declared", "teams declared"])
    def test_every_route_has_a_team_and_a_reason(self, router: Router, context: Context) -> None:
        for route in _routes(router, DIAGNOSES, context):
            assert route.team.strip(), "a failure that concerns nobody goes to the default team"
            assert route.reason.strip(), "a person wants to check why a failure came to this team"

    def test_no_diagnosis_is_no_route(self, router: Router) -> None:
        assert _routes(router, (), DECLARED) == []

    def test_the_same_is_said_again(self, router: Router) -> None:
        assert _routes(router, DIAGNOSES, DECLARED) == _routes(router, DIAGNOSES, DECLARED), "a router is pure"

    @pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
    def test_an_odd_category_is_no_exception(self, router: Router, text: str) -> None:
        evidence = Evidence(kind=text, text=text, rank=0)
        odd = Diagnosis(test=TESTS[1], category=text, reason=text, evidence=evidence)
        (route,) = _routes(router, (odd,), DECLARED)
        assert route.team.strip()


class RouterByTeams:
    """What holds of a Router that goes by the declared teams; inherited beside RouterContract."""

    def test_a_category_goes_to_its_declared_team_and_others_to_the_default_team(self, router: Router) -> None:
        teams = [route.team for route in _routes(router, DIAGNOSES, DECLARED)]
        assert teams == ["platform", "qa", "api-team", "qa"]
