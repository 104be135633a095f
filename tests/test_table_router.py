"""The router `table`."""

from testflow_core.builtin.routers.table import TableRouter
from testflow_core.model import Context, Diagnosis, FailureAnalysis, TestCase


def diagnosis(category: str, name: str = "test_a") -> Diagnosis:
    test = TestCase(application="shop", file="tests/test_cart.py", name=name)
    return Diagnosis(test=test, category=category, reason="because")


CONTEXT = Context(analysis=FailureAnalysis(routing={"validation": "api-team", "": "nobody"}, default_team="qa"))


def test_a_declared_category_goes_to_its_team():
    (route,) = TableRouter().route([diagnosis("validation")], CONTEXT)
    assert (route.team, route.reason) == ("api-team", "the category validation is routed to api-team")


def test_an_undeclared_category_goes_to_the_default_team():
    (route,) = TableRouter().route([diagnosis("unknown")], CONTEXT)
    assert route.team == "qa"
    assert "unknown" in route.reason


def test_without_a_declaration_failures_are_unassigned():
    (route,) = TableRouter().route([diagnosis("validation")], Context())
    assert route.team == "unassigned"
