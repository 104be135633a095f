"""What runs make of tests, histories and disks that are not as they should be."""

import json
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest
from attrs import evolve
from run_results import statuses

import testflow
from testflow_core.history import History
from testflow_core.model import Outcome, Plan, Status, TestCase, TestWorkflow


@pytest.fixture
def run(real_shop):
    """Runs the files of an application, all of them."""
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
    return lambda files: real_shop(files, reporters=("junit", "markdown")).execute(workflow)


ODD = ["a\nb", "[x]", "][", "überall 日本 🐞", "a::b", "tab\there", " ", "'quoted\" `${it}`", "a" * 300]


def test_ids_may_be_anything_and_are_remembered_as_they_are(run):
    marks = json.dumps(ODD)
    mark = f"@pytest.mark.parametrize('n', range({len(ODD)}), ids={marks})"
    text = f"import pytest\n{mark}\ndef test_odd(n): assert n != 3\n"
    first = run({"test_odd.py": text})
    assert len(first.results) == len(ODD)
    assert [result.status for result in first.results].count(Status.FAILED) == 1
    again = run({"test_odd.py": text})
    assert statuses(again) == statuses(first)
    with closing(sqlite3.connect(".testflow/history.db")) as history:
        tracks = dict(
            history.execute("select test_id, runs from tests join tracks on tracks.test = tests.id").fetchall()
        )
    assert tracks == {result.test_id: 2 for result in first.results}


def test_two_tests_of_one_name_are_one_as_pytest_has_it(run):
    found = run({"test_twice.py": "def test_same(): assert False\ndef test_same(): pass\n"})
    assert statuses(found) == {"test_twice.py::test_same": "passed"}


def test_files_that_cannot_be_imported_cost_themselves_alone(run):
    found = run(
        {
            "test_import.py": "import no_such_module\ndef test_a(): pass\n",
            "test_syntax.py": "def test_b(:\n",
            "test_fine.py": "def test_c(): pass\n",
        }
    )
    assert statuses(found) == {"test_import.py": "error", "test_syntax.py": "error", "test_fine.py::test_c": "passed"}
    messages = {result.test_id: result.message for result in found.failed_tests}
    assert "no_such_module" in messages["shop::test_import.py"]
    assert "SyntaxError" in messages["shop::test_syntax.py"]


def test_megabytes_of_output_are_kept_to_a_limit_and_what_is_missing_is_said(run):
    found = run({"test_loud.py": "def test_loud():\n    print('x' * 10_000_000)\n    assert False\n"})
    (outcome,) = found.outcomes
    assert len(outcome.stdout) < 300_000
    assert "characters left out" in outcome.stdout
    assert len((found.reports / "junit.xml").read_bytes()) < 1_000_000


def test_a_suite_without_tests_is_an_ok_run_that_says_so(run):
    found = run({"README": "nothing here\n"})
    assert found.results == ()
    assert found.ok
    assert any("has no tests" in warning for warning in found.warnings)


def test_a_history_of_a_newer_testflow_is_left_as_it_is_and_the_run_goes_on(run, tmp_path):
    run({"test_a.py": "def test_a(): pass\n"})
    file = tmp_path / ".testflow/history.db"
    with closing(sqlite3.connect(file)) as history:
        history.execute("pragma user_version = 99")
        history.execute("pragma wal_checkpoint(truncate)")
    before = file.read_bytes()
    found = run({})
    assert statuses(found) == {"test_a.py::test_a": "passed"}
    assert any("was written by a newer testflow" in warning for warning in found.warnings)
    assert file.read_bytes() == before
    assert not (tmp_path / ".testflow/history.db.runs").exists()
    with pytest.raises(testflow.HistoryError, match="newer testflow"):
        testflow.Engine(applications={}).resume()


FULL = """
import resource, sys, testflow
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
run = testflow.Engine(applications={"shop": {}}, reporters=()).execute(workflow)
assert len(run.passed_tests) == 2, run.results
print(run.warnings)
"""


def test_a_full_disk_costs_the_memory_of_a_run_and_none_of_its_outcomes(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/test_a.py").write_text("def test_a(): pass\ndef test_b(): pass\n")
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    told = subprocess.run(
        [sys.executable, "-c", FULL], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60
    )
    assert "this run is not remembered" in told.stdout


def noted(journal):
    """A journal that was told of a run with one outcome, and closed."""
    test = TestCase(application="shop", file="test_a.py", name="test_a")
    journal.begin(1.0, Plan(workflow=TestWorkflow(name="w")), lambda _: {})
    journal.outcome(Outcome(test=test, status=Status.PASSED, batch="b"))
    journal.flush()
    journal.close()
    return journal


def test_a_journal_that_cannot_write_says_why_and_hinders_nobody(tmp_path):
    file = tmp_path / "history.db"
    history = History(file, patience=timedelta(milliseconds=100))
    first = noted(history.journal("one"))
    assert first.trouble == ""
    first.release(remove=False)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("begin immediate")
        second = noted(history.journal("two"))
        other.execute("rollback")
    second.release(remove=True)
    assert "is locked by another process" in second.trouble
    assert history.resumable(None) == "one"


def test_what_is_told_late_of_a_test_is_what_holds(tmp_path):
    history = History(tmp_path / "history.db")
    journal = history.journal("one")
    test = TestCase(application="shop", file="test_a.py", name="test_a")
    passed = Outcome(test=test, status=Status.PASSED, batch="b", values={"token": 1})
    journal.begin(1.0, Plan(workflow=TestWorkflow(name="w")), lambda _: {})
    journal.outcome(passed)
    journal.outcome(evolve(passed, status=Status.ERROR, message="not torn down"))
    journal.close()
    journal.release(remove=False)
    (kept,) = history.unfinished("one").outcomes
    assert (kept.status, kept.message, kept.values) == (Status.ERROR, "not torn down", {"token": 1})
