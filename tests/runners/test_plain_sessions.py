"""Suites that cannot be run file by file: one plain session of pytest, and the same outcomes."""

import sys
from textwrap import dedent
from xml.etree import ElementTree as ET

import pytest
from plain_pytest import CALLED, plain
from pythons import environment
from run_results import statuses

import testflow
from testflow_core.builtin.runners.pytest_settings import pytest_settings

FILES = {
    "conftest.py": """
        import pytest
        @pytest.fixture(scope="session")
        def broken():
            raise RuntimeError("no set-up")
        """,
    "test_a.py": """
        import os, pytest
        def test_passes(): print("heard")
        def test_fails(): assert 1 == 2
        def test_error(broken): pass
        @pytest.mark.skip(reason="later")
        def test_skipped(): pass
        @pytest.mark.xfail(reason="known")
        def test_xfail(): assert False
        @pytest.mark.parametrize("n", [1, 2])
        def test_many(n): pass
        """,
    "deep/test_b.py": """
        import unittest
        class TestB(unittest.TestCase):
            def test_b(self): pass
            def test_c(self): self.fail("no")
        """,
    "test_syntax.py": "def test_x(:\n",
    "test_import.py": "import no_such_module\n",
    "test_skips.py": "import pytest\npytest.skip('not here', allow_module_level=True)\n",
}


PACKAGES = ("pytest==9.2.0", "pytest-xdist==3.8.0", "pytest-cov==7.0.0")


@pytest.fixture(scope="module")
def python():
    """An interpreter whose pytest has plugins that need whole suites."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
        yield environment(sys.executable, PACKAGES, f"plain-sessions/{sys.version_info[0]}.{sys.version_info[1]}")


@pytest.fixture
def suite(tmp_path):
    """The folder of an application, with its files."""
    for name, text in FILES.items():
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return tmp_path / "shop"


@pytest.fixture
def execute(tmp_path, python):
    """Runs a workflow, or all tests of the application, declared so."""

    def run(workflow=None, **fields):
        workflow = workflow or testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
        applications = {"shop": {"python": python, **fields}}
        history = tmp_path / "history.db"
        engine = testflow.Engine(
            applications=applications, workspace=tmp_path, history=history, reporters=(), workers=2
        )
        return engine.execute(workflow)

    return run


@pytest.mark.parametrize("options", [("-n", "2"), ("-n2",), ("--numprocesses=2",), ("--cov=shop", "--cov-report=")])
@pytest.mark.usefixtures("suite")
def test_a_plain_session_gives_the_outcomes_of_workers(execute, options):
    plain = execute(test_command=["pytest", *options])
    assert any("run in one session, not file by file: --" in warning for warning in plain.warnings)
    alone = execute()
    assert statuses(plain) == statuses(alone)
    assert not any("one session" in warning for warning in alone.warnings)
    assert len({outcome.batch for outcome in plain.outcomes}) == 1
    messages = {result.test_id: result.message for result in plain.failed_tests}
    assert messages == {result.test_id: result.message for result in alone.failed_tests}


def test_pytest_cov_measures_the_whole_suite(suite, execute):
    (suite / "shop.py").write_text("def one():\n    return 1\n\ndef two():\n    return 2\n")
    (suite / "test_a.py").write_text("import shop\ndef test_one(): assert shop.one() == 1\n")
    (suite / "deep/test_b.py").write_text("import shop\ndef test_two(): assert shop.two() == 2\n")
    (suite / "pytest.ini").write_text("[pytest]\naddopts = --cov=shop --cov-report=xml:cov.xml\npythonpath = .\n")
    execute()
    assert ET.parse(suite / "cov.xml").getroot().get("line-rate") == "1"  # noqa: S314 - just written


@pytest.mark.usefixtures("suite")
def test_names_and_excludes_hold_in_a_plain_session(execute):
    workflow = testflow.TestWorkflow("w").add_test_selection(
        "shop", {"strategy": "all", "test_paths": ["test_a.py", "deep"]}
    )
    workflow.add_dependency("shop::deep/test_b.py", "shop::test_a.py::test_passes")
    run = execute(workflow, test_command="pytest -n 2")
    ids = [outcome.test.id for outcome in run.outcomes]
    assert len(ids) == len(set(ids)) == 9
    assert statuses(run)["test_a.py::test_passes"] == "passed"


def test_a_process_of_xdist_that_dies_costs_its_test(tmp_path, execute):
    (tmp_path / "shop").mkdir()
    text = "import os\ndef test_before(): pass\ndef test_dies(): os._exit(3)\ndef test_after(): pass\n"
    (tmp_path / "shop/test_dies.py").write_text(text)
    run = execute(test_command="pytest -n 1")
    assert statuses(run) == {
        "test_dies.py::test_before": "passed",
        "test_dies.py::test_dies": "error",
        "test_dies.py::test_after": "passed",
    }


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        ("", False),
        ("-q -x", False),
        ("-n 0", False),
        ("-n0", False),
        ("-n auto", True),
        ("-nauto", True),
        ("--numprocesses 4", True),
        ("--cov", True),
        ("--cov=src", True),
        ("--no-cov", False),
        ("--cov-report=xml", False),
        ("--splits 4 --group 1", True),
        ("-p no:xdist", False),
    ],
)
def test_what_needs_a_whole_suite_is_read_from_command_and_configuration(tmp_path, words, whole):
    assert bool(pytest_settings(tmp_path, words.split()).whole) == whole
    (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = {words}\n")
    assert bool(pytest_settings(tmp_path).whole) == whole


def test_a_plain_session_is_what_pytest_itself_does(suite, execute, python):
    for name in ("test_syntax.py", "test_import.py", "test_skips.py"):
        (suite / name).unlink()
    theirs = plain(python, suite)
    run = execute(test_command="pytest -n 2")
    ours = {
        (result.test_id.split("::")[1], result.test_id.rpartition("::")[2]): result.status for result in run.results
    }
    assert {key: CALLED[status] for key, status in ours.items()} == theirs
