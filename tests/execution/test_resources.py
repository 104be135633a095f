"""What runs at the same time, and what does not."""

import threading
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_runs import engine

import testflow
from testflow_core.builtin.executors.local import LocalExecutor
from testflow_core.execution.resources import Resources
from testflow_core.execution.waiting import Waiting
from testflow_core.interfaces import Runner, RunnerSession
from testflow_core.model import Outcome, PlannedBatch, Status, Terms, TestCase
from testflow_core.testing import MemoryPlugins


class Meeting(Runner, RunnerSession):
    """Notes which files run at the same time; each stays until a fixed number have come, or none can any more."""

    def __init__(self, files):
        self.files = files
        self.here = set()
        self.met = set()
        self.lock = threading.Lock()

    def discover(self, application, paths):
        found = self.files[application.name]
        return [TestCase(application=application.name, file=file) for file in found if not paths or file in paths]

    @contextmanager
    def session(self, bench):
        yield self

    def run(self, batch):
        for test in batch.tests:
            with self.lock:
                self.here.add(test.file)
                self.met.add(frozenset(self.here))
            yield Outcome(test=test, status=Status.PASSED)
            with self.lock:
                self.here.discard(test.file)


def met(shop, resources, **selections):
    runner = Meeting({"api": [f"{kind}{n}" for kind in selections for n in range(6)]})
    workflow = testflow.TestWorkflow("w")
    for kind, terms in selections.items():
        workflow.add_test_selection("api", {"test_paths": [f"{kind}{n}" for n in range(6)], **terms})
    made = testflow.Engine(
        plugins=MemoryPlugins(runner, LocalExecutor(workers=4)), applications=shop, resources=resources, workers=4
    ).execute(workflow)
    assert len(made.passed_tests) == 6 * len(selections)
    return runner.met


@pytest.mark.parametrize(("capacity", "most"), [(None, 1), (2, 2)])
def test_no_more_batches_run_than_there_are_of_what_they_take(shop, capacity, most):
    resources = {"chrome": capacity} if capacity else None
    for group in met(shop, resources, ui={"resources": {"chrome": 1}}, unit={}):
        assert len([file for file in group if file.startswith("ui")]) <= most


@pytest.mark.parametrize("terms", [{"resources": "exclusive"}, {"kind": "performance", "repeat": 2}])
def test_what_must_run_alone_meets_nobody(shop, terms):
    for group in met(shop, None, alone=terms, unit={}):
        assert len(group) == 1 or not any(file.startswith("alone") for file in group)


def test_taking_more_than_there_is_is_a_mistake_before_anything_starts(shop):
    workflow = testflow.TestWorkflow("w").add_test_selection("api", {"resources": {"chrome": 2, "db": 1}})
    with pytest.raises(testflow.SpecError) as raised:
        engine(applications=shop).execute(workflow)
    (problem,) = raised.value.problems
    assert problem.path == "$.test_selections.api.resources.chrome"
    assert problem.message == "takes 2 of 'chrome', of which there is 1; Engine(resources=...) says how many"


@pytest.mark.parametrize("value", [{"chrome": 0}, {"chrome": "1"}, "chrome", 3])
def test_an_engine_is_told_counts(shop, value):
    with pytest.raises(testflow.SpecError, match="resources"):
        testflow.Engine(applications=shop, plugins="memory", resources=value)


ALONE, CHROME, PLAIN = Terms(resources={"exclusive": 1}), Terms(resources={"chrome": 1}), Terms()


@given(st.lists(st.sampled_from([ALONE, CHROME, PLAIN]), max_size=12), st.data())
def test_every_batch_gets_its_turn_whatever_the_others_need(terms, data):
    batches = [
        PlannedBatch(id=str(number), application="a", runner="r", tests=(), terms=each)
        for number, each in enumerate(terms)
    ]
    waiting, resources, running, ended = Waiting(batches), Resources({}), [], []
    while len(ended) < len(batches):
        while (batch := waiting.next(resources.take)) is not None:
            running.append(batch)
            assert len(running) == 1 or not any(each.terms.alone for each in running)
            assert sum(each.terms is CHROME for each in running) <= 1
        over = running.pop(data.draw(st.integers(0, len(running) - 1)))
        resources.give_back(over.terms)
        waiting.ended(over.id)
        ended.append(over)
    assert sorted(int(batch.id) for batch in ended) == list(range(len(batches)))
