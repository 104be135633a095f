"""What of a run that was cut off holds, and what of its batches is left."""

import pytest
from attrs import evolve

from testflow_core.execution.attempts import Again
from testflow_core.execution.kept import kept, rest
from testflow_core.model import Outcome, Plan, PlannedBatch, Status, Terms, TestCase, TestWorkflow

FILE = TestCase(application="shop", file="test_a.py")
ONE, TWO, THREE = (evolve(FILE, name=f"test_{name}") for name in ("one", "two", "three"))


def batch(*tests, **fields):
    return PlannedBatch(id="b", application="shop", runner="pytest", tests=tests, **fields)


def ended(test, status=Status.PASSED, attempt=1, **fields):
    return Outcome(test=test, status=status, attempt=attempt, batch="b", **fields)


@pytest.mark.parametrize(
    ("planned", "outcomes", "left"),
    [
        (batch(FILE), [], Again(attempt=1, tests=(FILE,))),
        (batch(FILE), [ended(ONE), ended(TWO)], Again(attempt=1, tests=(FILE,), exclude=(ONE, TWO))),
        (batch(FILE), [ended(FILE, Status.ERROR)], None),
        (batch(ONE, TWO), [ended(ONE)], Again(attempt=1, tests=(TWO,), exclude=(ONE,))),
        (batch(ONE, TWO), [ended(ONE), ended(TWO)], None),
        (batch(ONE, TWO), [ended(ONE), ended(TWO, Status.FAILED)], None),
        (
            batch(ONE, TWO, terms=Terms(attempts=2)),
            [ended(ONE), ended(TWO, Status.FAILED)],
            Again(attempt=2, tests=(TWO,)),
        ),
        (
            batch(ONE, TWO, THREE, terms=Terms(attempts=3)),
            [
                ended(ONE),
                ended(TWO, Status.FAILED),
                ended(THREE, Status.FAILED),
                ended(TWO, Status.PASSED, attempt=2),
            ],
            Again(attempt=2, tests=(THREE,), exclude=(TWO,)),
        ),
        (
            batch(ONE, TWO, terms=Terms(kind="performance", repeat=3)),
            [ended(ONE), ended(TWO), ended(ONE, attempt=2)],
            Again(attempt=2, tests=(TWO,), exclude=(ONE,)),
        ),
        (
            batch(ONE, terms=Terms(kind="performance", repeat=2)),
            [ended(ONE)],
            Again(attempt=2, tests=(ONE,)),
        ),
    ],
)
def test_of_a_batch_is_left_what_has_not_ended_in_its_attempt(planned, outcomes, left):
    assert rest(planned, outcomes) == left


def holding(planned, journalled=(), noted=(), begun=(), ended=frozenset(), notes=True):
    plan = Plan(workflow=TestWorkflow(name="w"), batches=(planned,))
    return kept(plan, journalled, noted, begun, ended, lambda _: notes)


def test_an_attempt_that_is_told_twice_counts_once_with_the_values_that_anyone_knows():
    found = holding(batch(ONE), [ended(ONE, values={"a": 1})], [ended(ONE), ended(ONE)])
    assert [(outcome.test, outcome.values) for outcome in found.outcomes] == [(ONE, {"a": 1})]


def test_what_is_noted_after_the_journal_holds():
    found = holding(batch(ONE), [ended(ONE)], [ended(ONE, Status.ERROR, message="not torn down")])
    assert [outcome.status for outcome in found.outcomes] == [Status.ERROR]


def test_a_step_whose_values_were_lost_runs_again():
    planned = batch(ONE, wanted=(("token",),))
    assert holding(planned, noted=[ended(ONE)]).outcomes == ()
    assert len(holding(planned, noted=[ended(ONE, values={"token": 1})]).outcomes) == 1


@pytest.mark.parametrize(("idempotent", "held"), [(True, []), (False, [Status.INTERRUPTED])])
def test_a_test_that_was_running_is_interrupted_only_where_it_must_not_run_again(idempotent, held):
    planned = batch(ONE, terms=Terms(idempotent=idempotent))
    by_note = holding(planned, noted=[ended(ONE, Status.INTERRUPTED)])
    by_batch = holding(planned, begun=["b"], notes=False)
    for found in (by_note, by_batch):
        assert [outcome.status for outcome in found.outcomes] == held


def test_a_test_that_ended_after_all_is_not_interrupted():
    planned = batch(ONE, terms=Terms(idempotent=False))
    found = holding(planned, [ended(ONE, Status.ERROR)], [ended(ONE, Status.INTERRUPTED)])
    assert [outcome.status for outcome in found.outcomes] == [Status.ERROR]


def test_what_belongs_to_no_batch_of_the_plan_does_not_hold():
    stranger = evolve(ended(ONE), batch="another")
    found = holding(batch(ONE), [stranger], [stranger], begun=["another"], ended=frozenset({"another", "b"}))
    assert found.outcomes == ()
    assert found.ended == {"b"}
