"""A plan says of every test why it runs, or why not."""

import pytest
from attrs import evolve

from testflow_core.errors import UnknownTestError
from testflow_core.model import Change, Choice, Plan, PlannedBatch, TestCase, TestWorkflow


def case(test_id):
    return TestCase.from_id(test_id)


def batch(*ids, **fields):
    return PlannedBatch(id=f"shop {ids[0]}", application="shop", runner="pytest", tests=tuple(map(case, ids)), **fields)


CARD, CASH, COIN = "shop::test_card.py", "shop::test_cash.py::Cash", "shop::test_coin.py::test_coin"
PLAN = Plan(
    workflow=TestWorkflow(name="pay"),
    changes={"shop": Change(application="shop", files=("card.py", "x.py"), reason="git, compared with main")},
    choices=(
        Choice(test=case(CARD), selected=True, reason="card.py changed"),
        Choice(test=case(CASH), selected=True, reason="drawn", left_out_by="rules"),
        Choice(test=case(COIN), selected=False, reason="no change concerns it"),
    ),
    batches=(batch(CARD), batch(CASH)),
)


def test_a_test_of_a_chosen_file_is_explained_by_the_choice_of_its_file():
    found = PLAN.explain(f"{CARD}::test_charge")
    assert found.runs
    assert [choice.reason for choice in found.choices] == ["card.py changed"]
    assert str(found) == (
        "shop::test_card.py::test_charge runs, in shop shop::test_card.py\n"
        "  shop::test_card.py: selected: card.py changed\n"
        "  shop: 2 changed files (git, compared with main)"
    )


def test_a_file_is_explained_by_the_choices_of_its_tests():
    assert [choice.test.id for choice in PLAN.explain("shop::test_coin.py").choices] == [COIN]


def test_a_skipped_test_is_explained_too():
    found = PLAN.explain(COIN)
    assert not found.runs
    assert str(found).splitlines()[:2] == [f"{COIN} does not run", "  left out: no change concerns it"]


def test_a_method_and_an_audit_are_told():
    lines = str(PLAN.explain(f"{CASH}::test_pay[1]")).splitlines()
    assert lines[1] == f"  {CASH}: selected: drawn (an audit: rules had left it out)"


def test_what_cannot_run_says_why():
    plan = evolve(PLAN, unavailable={case("web::a.js"): "there is no checkout of web"}, changes={})
    assert str(plan.explain("web::a.js")) == "web::a.js cannot run\n  there is no checkout of web"


def test_an_unknown_change_is_told():
    unknown = Change(application="shop", files=None, reason="git is not installed")
    plan = evolve(PLAN, changes={"shop": unknown})
    assert str(plan.explain(COIN)).endswith("shop: what changed is not known (git is not installed)")


def test_batches_are_those_that_run_the_test_itself():
    whole = batch(CARD, exclude=(case(f"{CARD}::test_a"),))
    part = evolve(batch(CARD), id="part", only=(case(f"{CARD}::test_a"),))
    plan = evolve(PLAN, batches=(whole, part))
    assert plan.explain(f"{CARD}::test_a[1]").batches == ("part",)
    assert plan.explain(f"{CARD}::test_b").batches == (whole.id,)
    assert plan.explain(CARD).batches == (whole.id, "part")


def test_a_step_of_a_flow_is_explained_by_its_batch():
    plan = evolve(PLAN, batches=(batch("shop::flow.py::test_buy", flow="buy"),))
    assert plan.explain("shop::flow.py::test_buy").runs


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("shop::test_cards.py", "the plan has no test 'shop::test_cards.py'; did you mean 'shop::test_card.py'?"),
        ("x", f"the plan has no test 'x' (known: {CARD}, {CASH}, {COIN})"),
    ],
)
def test_a_test_that_is_not_there_is_an_error_that_names_others(asked, told):
    with pytest.raises(UnknownTestError) as caught:
        PLAN.explain(asked)
    assert str(caught.value) == told


def test_of_many_tests_some_are_named():
    many = tuple(Choice(test=case(f"shop::test_{n}.py"), selected=True, reason="") for n in range(7))
    with pytest.raises(UnknownTestError, match="and 2 more"):
        evolve(PLAN, choices=many).explain("x")
    with pytest.raises(UnknownTestError, match="known: none"):
        evolve(PLAN, choices=(), batches=()).explain("x")
