"""Selectors that change the order of what waits while a run goes on."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from memory_runs import engine, failing

import testflow
from testflow_core.execution.reordering import Reordering
from testflow_core.execution.waiting import Waiting
from testflow_core.model import Choice, Outcome, Plan, PlannedBatch, Status, TestCase, TestWorkflow
from testflow_core.testing import MemoryRunner, MemorySelector

FILES = tuple(f"tests/test_{letter}.py" for letter in "abcdefgh")


class RaisesTheLast(MemorySelector):
    """Puts one file first once another has failed."""

    def __init__(self, error=None):
        super().__init__()
        object.__setattr__(self, "error", error)

    def adaptation(self, choices, context):
        (last,) = [choice for choice in choices if choice.test.file == FILES[-1]]

        def adapted(outcomes):
            if self.error:
                raise self.error
            return [evolve(last, priority=90.0)] if any(each.status.failing for each in outcomes) else []

        return adapted


def ran(selector, outcomes):
    runner = MemoryRunner(tests={"api": FILES}, outcomes=outcomes)
    run = engine(runner, selector, applications={"api": {}}).execute(
        testflow.TestWorkflow("w").add_test_selection("api", {})
    )
    return [batch.tests[0].file for batch in runner.batches], run


def test_what_a_failure_makes_likely_runs_before_what_was_planned_before_it():
    order, run = ran(RaisesTheLast(), failing(f"api::{FILES[0]}"))
    # What was handed to workers before the failure was heard of comes first.
    assert order.index(FILES[-1]) == 3
    assert sorted(order) == list(FILES)
    assert run.plugin_failures == ()


def test_without_a_failure_the_order_of_the_plan_stays():
    assert ran(RaisesTheLast(), {})[0] == list(FILES)


def test_a_selector_that_raises_costs_no_test():
    order, run = ran(RaisesTheLast(OSError("gone")), failing(f"api::{FILES[0]}"))
    assert order == list(FILES)
    assert {(each.kind, each.name) for each in run.plugin_failures} == {("selector", "change-based")}


def planned(name, priority=0.0, **fields):
    return PlannedBatch(id=name, application="a", runner="r", tests=(), priority=priority, **fields)


def drained(waiting):
    found = []
    while (batch := waiting.next(lambda _: True)) is not None:
        found.append(batch.id)
        waiting.ended(batch.id)
    return found


def test_a_moved_batch_keeps_its_place_within_its_new_class():
    waiting = Waiting([planned("a", 60.0), planned("b", 50.5), planned("c", 50.1), planned("d", 10.0)])
    waiting.move("d", 50.9)
    waiting.move("a", 10.0)
    assert drained(waiting) == ["b", "c", "d", "a"]


def test_a_batch_that_others_wait_for_is_not_put_off():
    waiting = Waiting([planned("a", 60.0), planned("c", 70.0, after=("a",)), planned("b", 50.0)])
    waiting.move("a", 10.0)
    assert drained(waiting) == ["a", "c", "b"]


def test_a_batch_that_waits_for_others_finds_its_new_place_when_it_may_start():
    waiting = Waiting([planned("a", 60.0), planned("b", 50.0), planned("c", 40.0, after=("a",))])
    waiting.move("c", 55.0)
    assert drained(waiting) == ["a", "c", "b"]


@given(
    st.lists(st.floats(0, 99), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.floats(0, 99)), max_size=20),
)
def test_each_batch_runs_once_in_the_order_of_its_last_class(priorities, moves):
    batches = [planned(str(number), each) for number, each in enumerate(sorted(priorities, reverse=True))]
    waiting = Waiting(batches)
    last = {batch.id: batch.priority for batch in batches}
    for number, priority in moves:
        name = str(number % len(batches))
        waiting.move(name, priority)
        last[name] = priority
    assert drained(waiting) == sorted(last, key=lambda name: (-int(last[name]), int(name)))


def test_a_batch_has_the_priority_of_its_most_urgent_test_in_every_variant():
    one, two, whole = (TestCase(application="a", file="t.py", name=name) for name in ("one", "two", None))
    other = TestCase(application="a", file="u.py")
    choices = [Choice(test=test, selected=True, reason="", priority=5.0) for test in (one, two, other)]
    batches = tuple(
        evolve(planned(f"b {variant}"), tests=(evolve(one, variant=variant), evolve(two, variant=variant)))
        for variant in ("v1", "v2")
    )
    part = evolve(planned("part"), tests=(evolve(other, name="one of its tests"),))
    plan = Plan(workflow=TestWorkflow(name="w"), choices=tuple(choices), batches=(*batches, part))
    answers = [[evolve(choices[0], priority=3.0)], [evolve(choices[1], priority=4.0), evolve(choices[2], priority=9.0)]]
    reordering = Reordering(plan, lambda _: answers.pop(0))
    assert list(reordering.moved()) == []
    for expected in ({"b v1": 5.0, "b v2": 5.0}, {"b v1": 4.0, "b v2": 4.0, "part": 9.0}):
        reordering.hear(Outcome(test=whole, status=Status.FAILED))
        assert dict(reordering.moved()) == expected
