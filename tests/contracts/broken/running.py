"""Executors and runners that each break their contract in many ways."""

import itertools
import os
import subprocess
import threading
from contextlib import contextmanager

import pytest
from attrs import evolve

from testflow_core.interfaces import Crew, Executor, Runner, RunnerSession
from testflow_core.model import Application, BatchEnded, Bench, Outcome, Status, TestCase
from testflow_core.testing import contracts

COUNT = itertools.count()
"""What makes every answer another one."""


class Hasty(Executor):
    """Runs every batch twice at once where it is submitted, tells the end first, and leaves a thread."""

    @contextmanager
    def crew(self, run_batch):
        yield HastyCrew(run_batch)


class HastyCrew(Crew):
    def __init__(self, run_batch):
        self.slots = {"": -1} if run_batch is contracts.executor.passing else {"": 1}
        self.run_batch = run_batch
        self.told = [BatchEnded(batch=None)] if run_batch is contracts.executor.passing else []

    def submit(self, batch):
        # It stays until the process ends.
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        self.told.append(BatchEnded(batch=batch))
        runs = [self.run_batch(batch), self.run_batch(batch)]
        outcomes = [outcome for both in zip(*runs, strict=True) for outcome in both]
        spans = [outcome.values for outcome in outcomes if outcome.values]
        if spans:
            whole = {"began": spans[0]["began"], "ended": spans[-1]["ended"]}
            outcomes = [evolve(outcome, values=whole) for outcome in outcomes]
        self.told += outcomes

    def cancel(self, batch):
        self.told.append(BatchEnded(batch=batch))

    def events(self):
        return iter(self.told)


class TestHasty(contracts.ExecutorContract):
    executor = pytest.fixture(lambda self: Hasty())


class Everywhere(Runner):
    """Finds a test twice and outside, another each time; a failing test is an exception."""

    def discover(self, application, paths):
        return [TestCase(application="another", file=f"/outside/{next(COUNT)}")] * 2

    def conditions(self, application):
        return str(next(COUNT))

    @contextmanager
    def ready(self, application):
        yield (application.path / "a.py").exists()

    @contextmanager
    def session(self, bench):
        yield BrokenSession()
        raise LookupError("it does not end")


class BrokenSession(RunnerSession):
    def run(self, batch):
        for test in batch.tests:
            yield Outcome(test=test, status=Status.FAILED)
        raise AssertionError("a failing test")


class TestEverywhere(
    contracts.RunnerContract,
    contracts.RunnerThatDividesFiles,
    contracts.RunnerThatNamesConditions,
    contracts.RunnerThatGetsReady,
):
    runner = pytest.fixture(lambda self: Everywhere())

    @pytest.fixture
    def application(self, tmp_path):
        return Application(name="shop", path=tmp_path)

    @pytest.fixture
    def expected(self):
        return {"shop::a.py::test_a": Status.FAILED, "shop::a.py::test_b": Status.PASSED}


LEFT = []


ENDLESS = "exec 9>$CONTRACT_PIPE; echo here >&9; echo open; exec sleep 1000"


class Careless(Runner):
    """Knows nothing of names, variables and limits, and ends nothing that it starts."""

    def discover(self, application, paths):
        return []

    @contextmanager
    def session(self, bench):
        yield CarelessSession()


class CarelessSession(RunnerSession):
    def run(self, batch):
        pipe = batch.variables.get("CONTRACT_PIPE")
        if pipe is not None:
            environment = {**os.environ, "CONTRACT_PIPE": pipe}
            LEFT.append(subprocess.Popen(["sh", "-c", ENDLESS], env=environment, stdout=subprocess.PIPE))
            LEFT[-1].stdout.readline()
        for test in batch.tests:
            yield Outcome(test=test, status=Status.PASSED)


class TestCareless(contracts.RunnerOfProcesses):
    seconds = 1.0
    runner = pytest.fixture(lambda self: Careless())
    told = pytest.fixture(lambda self: TestCase.from_id("shop::a.py::told"))
    doubling = pytest.fixture(lambda self: TestCase.from_id("shop::a.py::doubling"))
    endless = pytest.fixture(lambda self: TestCase.from_id("shop::a.py::endless"))
    expected = pytest.fixture(lambda self: {"shop::a.py::test_a": Status.FAILED})

    @pytest.fixture(autouse=True)
    def _ended(self):
        yield
        while LEFT:
            process = LEFT.pop()
            process.kill()
            process.communicate()

    @pytest.fixture
    def bench(self, tmp_path):
        return Bench(directory=tmp_path, checkout=tmp_path)
