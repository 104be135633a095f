"""Tests of unittest that do what tests should not, in processes that survive it."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

from testflow_core.builtin.runners.unittest import UnittestRunner
from testflow_core.model import Status

COMMAND = ("python", "-m", "unittest", "{test_path}")

SUITE = """
    import ctypes, os, signal, subprocess, sys, time, unittest

    class A(unittest.TestCase):
        def test_a_prints(self):
            print("to stdout", flush=True)
            print("to stderr", file=sys.stderr)
            subprocess.run("echo from a child; echo and its errors >&2", shell=True, check=True)
        def test_b_quiet(self): pass
        def test_c_exits(self): os._exit(3)
        def test_d_crashes(self):
            print("last words", file=sys.stderr)
            ctypes.string_at(0)
        def test_e_hangs(self): wait_for_ever()
        def test_f_prints_a_lot(self):
            print("x" * 1_000_000)
            self.fail("enough")
        def test_g_environment(self):
            self.assertEqual(os.environ["SHOP_URL"], "http://127.0.0.1:1")
            self.assertEqual(os.getcwd(), os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        def test_h_still_runs(self): pass

    class CrashesBefore(unittest.TestCase):
        @classmethod
        def setUpClass(cls): os.kill(os.getpid(), signal.SIGKILL)
        def test_x(self): pass

    class HangsBefore(unittest.TestCase):
        @classmethod
        def setUpClass(cls): wait_for_ever()
        def test_x(self): pass

    class Last(unittest.TestCase):
        def test_x(self): pass

    def wait_for_ever():
        time.sleep(600)
"""

EXPECTED = {
    "A::test_a_prints": Status.PASSED,
    "A::test_b_quiet": Status.PASSED,
    "A::test_c_exits": Status.ERROR,
    "A::test_d_crashes": Status.ERROR,
    "A::test_e_hangs": Status.TIMED_OUT,
    "A::test_f_prints_a_lot": Status.FAILED,
    "A::test_g_environment": Status.PASSED,
    "A::test_h_still_runs": Status.PASSED,
    "CrashesBefore::test_x": Status.ERROR,
    "HangsBefore::test_x": Status.TIMED_OUT,
    "Last::test_x": Status.PASSED,
}


@pytest.fixture(scope="module")
def suite(shared_checkout):
    shared_checkout.write("tests/test_suite.py", SUITE)
    bench = shared_checkout.bench(*COMMAND, python=sys.executable)
    variables = {"SHOP_URL": "http://127.0.0.1:1"}
    batch = shared_checkout.batch(bench, "tests/test_suite.py", variables=variables, timeout=timedelta(seconds=3))
    outcomes = shared_checkout.run(UnittestRunner(), batch)
    assert [outcome.test.name for outcome in outcomes] == list(EXPECTED)
    return {outcome.test.name: outcome for outcome in outcomes}


@pytest.mark.parametrize(("name", "status"), EXPECTED.items())
def test_every_test_of_a_file_ends_as_it_should_whatever_the_others_do(suite, name, status):
    assert suite[name].status == status, suite[name]


@pytest.mark.parametrize(
    ("name", "field", "part"),
    [
        ("A::test_a_prints", "stdout", "to stdout\nfrom a child\n"),
        ("A::test_a_prints", "stderr", "to stderr\nand its errors\n"),
        ("A::test_c_exits", "message", "exited with code 3 while it ran"),
        ("A::test_d_crashes", "message", "killed by signal 11 (SIGSEGV) while it ran"),
        ("A::test_d_crashes", "text", "last words"),
        ("A::test_d_crashes", "text", "in test_d_crashes"),
        ("A::test_e_hangs", "message", "longer than 3 s"),
        ("A::test_e_hangs", "text", "in wait_for_ever"),
        ("A::test_f_prints_a_lot", "stdout", "characters left out"),
        ("A::test_f_prints_a_lot", "message", "AssertionError: enough"),
        ("A::test_f_prints_a_lot", "text", "test_suite.py"),
        ("CrashesBefore::test_x", "message", "killed by signal 9 (SIGKILL) while it ran"),
        ("HangsBefore::test_x", "text", "in setUpClass"),
    ],
)
def test_an_outcome_says_what_happened(suite, name, field, part):
    assert part in getattr(suite[name], field)


def test_what_one_test_prints_is_not_told_of_another(suite):
    assert suite["A::test_b_quiet"].stdout == suite["A::test_b_quiet"].stderr == ""
    assert suite["A::test_g_environment"].stdout == ""


def test_durations_are_seconds_of_the_test_itself(suite):
    assert 3 <= suite["A::test_e_hangs"].duration < 8
    assert 0 < suite["A::test_b_quiet"].duration < 1


@pytest.fixture(scope="module")
def broken_files(shared_checkout, named):
    files = {
        "imports": "import nowhere_to_be_found",
        "syntax": "def test_x(:\n",
        "exits": "raise SystemExit('no such option')",
        "nothing": "x = 1",
        "not_here": "import unittest\nraise unittest.SkipTest('other system')",
        "dies": "import os\nos._exit(7)",
        "hangs": "import time\ntime.sleep(600)",
        "fine": "import unittest\nclass X(unittest.TestCase):\n    def test_x(self): pass",
    }
    for name, text in files.items():
        shared_checkout.write(f"broken/test_{name}.py", text)
    shared_checkout.write("broken/note.js", "no test")
    ids = [f"broken/test_{file}.py" for file in [*files, "missing"]]
    bench = shared_checkout.bench(*COMMAND)
    batch = shared_checkout.batch(bench, *ids, "broken/note.js", timeout=timedelta(seconds=3))
    outcomes = shared_checkout.run(UnittestRunner(), batch)
    assert len(outcomes) == len(ids) + 1
    return named(outcomes)


@pytest.mark.parametrize(
    ("test", "status", "part"),
    [
        ("test_imports.py", Status.ERROR, "No module named 'nowhere_to_be_found'"),
        ("test_syntax.py", Status.ERROR, "SyntaxError"),
        ("test_exits.py", Status.ERROR, "SystemExit: no such option"),
        ("test_nothing.py", Status.SKIPPED, "unittest collects no tests"),
        ("test_not_here.py", Status.SKIPPED, "other system"),
        ("test_dies.py", Status.ERROR, "exited with code 7 while the file was collected"),
        ("test_hangs.py", Status.TIMED_OUT, "collecting the file took longer than 3 s"),
        ("test_missing.py", Status.ERROR, "no file broken/test_missing.py"),
        ("note.js", Status.ERROR, "broken/note.js is none"),
        ("test_fine.py::X::test_x", Status.PASSED, ""),
    ],
)
def test_a_file_that_cannot_be_loaded_has_an_outcome_and_takes_no_other_along(broken_files, test, status, part):
    outcome = broken_files[f"broken/{test}"]
    assert outcome.status == status
    assert part in outcome.message + outcome.reason


def test_the_traceback_of_a_file_that_cannot_be_loaded_begins_in_it(broken_files):
    text = broken_files["broken/test_imports.py"].text
    assert text.splitlines()[1].endswith('broken/test_imports.py", line 1, in <module>')
