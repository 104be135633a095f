"""Runners, executors and reporters that come with the core keep their contracts."""

import sys
from pathlib import Path
from textwrap import dedent
from typing import get_args

import pytest

from testflow_core.builtin.executors.local import LocalExecutor
from testflow_core.builtin.reporters.junit import JUnitReporter
from testflow_core.builtin.reporters.markdown import MarkdownReporter
from testflow_core.builtin.reporters.terminal import TerminalReporter
from testflow_core.builtin.runners.command import CommandRunner
from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.builtin.runners.unittest import UnittestRunner
from testflow_core.model import Application, Event, Outcome, Status, TestCase
from testflow_core.testing import MemoryExecutor, MemoryReporter, MemoryRunner
from testflow_core.testing.contracts import (
    ExecutorContract,
    ReporterContract,
    ReporterThatObserves,
    RunnerContract,
    RunnerOfProcesses,
    RunnerThatDividesFiles,
    RunnerThatGetsReady,
    RunnerThatNamesConditions,
    reporter,
)

PYTHON_TESTS = {
    "tests/test_cart.py": """
        def test_total(): pass
        def test_rounding(): assert 1 == 2
        """,
    "tests/api/test_orders.py": """
        import pytest
        class TestOrders:
            def test_list(self): pass
            @pytest.mark.skip(reason="later")
            def test_later(self): pass
        """,
    "more/told.py": """
        import os
        def test_told(): assert os.environ["CONTRACT_WORD"] == "told"
        """,
    "more/doubling.py": """
        def test_doubling(number): return {"doubled": 2 * number}
        """,
    "more/endless.py": """
        import os, signal
        def test_endless():
            with open(os.environ["CONTRACT_PIPE"], "w") as pipe:
                print("here", file=pipe, flush=True)
                while True: signal.pause()
        """,
}
UNITTEST_TESTS = {
    "tests/test_cart.py": """
        import unittest
        class Cart(unittest.TestCase):
            def test_total(self): pass
            def test_rounding(self): self.assertEqual(1, 2)
        """,
    "tests/api/test_orders.py": """
        import unittest
        class Orders(unittest.TestCase):
            def test_list(self): pass
            @unittest.skip("later")
            def test_later(self): pass
        """,
    "more/told.py": """
        import os, unittest
        class Told(unittest.TestCase):
            def test_told(self): self.assertEqual(os.environ["CONTRACT_WORD"], "told")
        """,
    "more/doubling.py": """
        import json, os, unittest
        class Doubling(unittest.TestCase):
            def test_doubling(self):
                with open(os.environ["TESTFLOW_INPUTS"]) as inputs: number = json.load(inputs)["number"]
                with open(os.environ["TESTFLOW_OUTPUTS"], "w") as outputs: json.dump({"doubled": 2 * number}, outputs)
        """,
    "more/endless.py": """
        import os, signal, unittest
        class Endless(unittest.TestCase):
            def test_endless(self):
                with open(os.environ["CONTRACT_PIPE"], "w") as pipe:
                    print("here", file=pipe, flush=True)
                    while True: signal.pause()
        """,
}
NODE_TESTS = {
    "src/cart.test.js": """
        const { test } = require("node:test");
        test("total", () => {});
        test("rounding", () => { require("node:assert").strictEqual(1, 2); });
        """,
    "src/api/orders.test.js": """
        const { test } = require("node:test");
        test("list", () => {});
        test.skip("later", () => {});
        """,
    "more/told.js": """
        require("node:test").test("told", () => {
          require("node:assert").strictEqual(process.env.CONTRACT_WORD, "told");
        });
        """,
    "more/doubling.js": """
        const fs = require("node:fs");
        require("node:test").test("doubling", () => {
          const { number } = JSON.parse(fs.readFileSync(process.env.TESTFLOW_INPUTS));
          fs.writeFileSync(process.env.TESTFLOW_OUTPUTS, JSON.stringify({ doubled: 2 * number }));
        });
        """,
    "more/endless.js": """
        const fs = require("node:fs");
        require("node:test").test("endless", async () => {
          fs.writeSync(fs.openSync(process.env.CONTRACT_PIPE, "w"), "here");
          await new Promise(() => setInterval(() => {}, 1000));
        });
        """,
}


def written(files, directory):
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(dedent(text), encoding="utf-8")
    return directory


class TestPytestRunner(
    RunnerContract, RunnerOfProcesses, RunnerThatDividesFiles, RunnerThatNamesConditions, RunnerThatGetsReady
):
    told = pytest.fixture(lambda self: TestCase.from_id("shop::more/told.py::test_told"))
    doubling = pytest.fixture(lambda self: TestCase.from_id("shop::more/doubling.py::test_doubling"))
    endless = pytest.fixture(lambda self: TestCase.from_id("shop::more/endless.py::test_endless"))

    @pytest.fixture
    def runner(self):
        return PytestRunner()

    @pytest.fixture
    def application(self, tmp_path):
        return Application(name="shop", path=written(PYTHON_TESTS, tmp_path / "shop"), python=sys.executable)

    @pytest.fixture
    def expected(self):
        return {
            "shop::tests/test_cart.py::test_total": Status.PASSED,
            "shop::tests/test_cart.py::test_rounding": Status.FAILED,
            "shop::tests/api/test_orders.py::TestOrders::test_list": Status.PASSED,
            "shop::tests/api/test_orders.py::TestOrders::test_later": Status.SKIPPED,
        }


class TestUnittestRunner(
    RunnerContract, RunnerOfProcesses, RunnerThatDividesFiles, RunnerThatNamesConditions, RunnerThatGetsReady
):
    told = pytest.fixture(lambda self: TestCase.from_id("shop::more/told.py::Told::test_told"))
    doubling = pytest.fixture(lambda self: TestCase.from_id("shop::more/doubling.py::Doubling::test_doubling"))
    endless = pytest.fixture(lambda self: TestCase.from_id("shop::more/endless.py::Endless::test_endless"))

    @pytest.fixture
    def runner(self):
        return UnittestRunner()

    @pytest.fixture
    def application(self, tmp_path):
        command = ("python", "-m", "unittest", "{test_path}")
        return Application(name="shop", path=written(UNITTEST_TESTS, tmp_path / "shop"), test_command=command)

    @pytest.fixture
    def expected(self):
        return {
            "shop::tests/test_cart.py::Cart::test_rounding": Status.FAILED,
            "shop::tests/test_cart.py::Cart::test_total": Status.PASSED,
            "shop::tests/api/test_orders.py::Orders::test_later": Status.SKIPPED,
            "shop::tests/api/test_orders.py::Orders::test_list": Status.PASSED,
        }


class TestCommandRunner(RunnerContract, RunnerOfProcesses):
    told = pytest.fixture(lambda self: TestCase.from_id("shop::more/told.js::told"))
    doubling = pytest.fixture(lambda self: TestCase.from_id("shop::more/doubling.js::doubling"))
    endless = pytest.fixture(lambda self: TestCase.from_id("shop::more/endless.js::endless"))

    @pytest.fixture
    def runner(self):
        return CommandRunner()

    @pytest.fixture
    def application(self, tmp_path):
        command = (str(Path(sys.executable).with_name("node")), "--test", "{test_path}")
        return Application(name="shop", path=written(NODE_TESTS, tmp_path / "shop"), test_command=command)

    @pytest.fixture
    def expected(self):
        return {
            "shop::src/cart.test.js::total": Status.PASSED,
            "shop::src/cart.test.js::rounding": Status.FAILED,
            "shop::src/api/orders.test.js::list": Status.PASSED,
            "shop::src/api/orders.test.js::later": Status.SKIPPED,
        }


class TestMemoryRunner(RunnerContract):
    @pytest.fixture
    def runner(self):
        failed = TestCase.from_id("shop::tests/test_cart.py")
        return MemoryRunner(
            tests={"shop": ("tests/test_cart.py", "more/test_orders.py")},
            outcomes={failed.id: Outcome(test=failed, status=Status.FAILED, message="404")},
        )

    @pytest.fixture
    def application(self):
        return Application(name="shop")

    @pytest.fixture
    def expected(self):
        return {"shop::tests/test_cart.py": Status.FAILED, "shop::more/test_orders.py": Status.PASSED}


class TestExecutors(ExecutorContract):
    @pytest.fixture(
        params=[LocalExecutor(), LocalExecutor(workers=3), MemoryExecutor()],
        ids=lambda each: f"{type(each).__name__}-{each.workers}",
    )
    def executor(self, request):
        return request.param


class TestFileReporters(ReporterContract):
    @pytest.fixture(params=[JUnitReporter(), MarkdownReporter()], ids=lambda each: type(each).__name__)
    def reporter(self, request):
        return request.param

    @pytest.fixture
    def published(self):
        return lambda run: {path.name: path.read_text("utf-8") for path in run.reports.glob("*")}


def test_the_contract_of_observers_tells_them_every_event():
    assert {type(event) for event in reporter._events("")} == set(get_args(Event))


class TestTerminalReporter(ReporterContract, ReporterThatObserves):
    @pytest.fixture
    def reporter(self):
        return TerminalReporter()

    @pytest.fixture
    def published(self, capsys):
        printed = []

        def so_far(_):
            printed.append(capsys.readouterr().out)
            return "".join(printed)

        return so_far


class TestMemoryReporter(ReporterContract, ReporterThatObserves):
    @pytest.fixture
    def reporter(self):
        return MemoryReporter()

    @pytest.fixture
    def published(self, reporter):
        return lambda run: reporter.runs.get(run.run_id)
