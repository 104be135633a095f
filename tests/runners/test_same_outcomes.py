"""Tests end under testflow as they do under plain pytest: small runs of the benchmark that compares the two."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from feature_suite import FILES

from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.model import Status

PROGRAM = Path(__file__).parents[2] / "benchmarks/outcomes.py"


@pytest.fixture
def compared(tmp_path):
    """Runs tests of a folder both ways: what the benchmark found out, where it says that nothing differs."""

    def run(folder, *paths):
        report = tmp_path / "report.json"
        argv = [sys.executable, PROGRAM, "--report", report, "--python", sys.executable, "--folder", folder, *paths]
        told = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
        assert told.returncode == 0, told.stdout + told.stderr
        (found,) = json.loads(report.read_text())
        return found

    return run


def test_a_suite_of_all_that_pytest_offers_ends_as_under_plain_pytest(compared, checkout):
    for file, text in FILES.items():
        checkout.write(file, text)
    found = compared(checkout.path, ".")
    assert (found["differences"], found["explained"]) == ([], [])
    assert found["tests"] > 150
    assert set(found["statuses"]) == {"passed", "failed", "error", "skipped", "xfailed", "xpassed"}


def test_a_real_suite_ends_as_under_plain_pytest(compared):
    folder = Path(find_spec("networkx").origin).parents[1]
    found = compared(folder, "networkx/utils", "networkx/classes/tests/test_multidigraph.py")
    assert (found["differences"], found["explained"]) == ([], [])
    assert found["tests"] > 200


def test_a_comparison_tells_what_differs(checkout, tmp_path):
    # What differs here is which program runs the tests.
    checkout.write("test_x.py", "import sys\ndef test_x(): assert 'outcome_report' not in sys.modules\n")
    report = tmp_path / "report.json"
    argv = [sys.executable, PROGRAM, "--report", report, "--python", sys.executable, "--folder", checkout.path, "."]
    told = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    assert told.returncode == 1
    ((difference,),) = (found["differences"] for found in json.loads(report.read_text()))
    assert difference["test"] == "test_x.py::test_x"
    assert (difference["pytest"]["status"], difference["testflow"]["status"]) == ("failed", "passed")


@pytest.mark.parametrize(
    ("words", "conftest"),
    [
        ((), "collect_ignore = ['test_ignored.py']"),
        ((), "collect_ignore_glob = ['*_ignored*']"),
        ((), "def pytest_ignore_collect(collection_path): return True if 'ignored' in collection_path.name else None"),
        (("--ignore=deep/test_ignored.py",), ""),
        (("--ignore-glob=*_ignored.py",), ""),
    ],
)
def test_a_file_that_pytest_ignores_is_not_imported_unless_a_test_of_it_is_named(checkout, named, words, conftest):
    checkout.write("deep/conftest.py", conftest)
    checkout.write("deep/test_a.py", "def test_x(): pass\n")
    checkout.write("deep/test_ignored.py", "from pathlib import Path\nPath('imported').touch()\ndef test_x(): pass\n")
    bench = checkout.bench("pytest", *words)
    with PytestRunner().session(bench) as session:
        first = list(session.run(checkout.batch(bench, "deep/test_ignored.py", "deep/test_a.py")))
        # Its folder is known by now.
        again = list(session.run(checkout.batch(bench, "deep/test_ignored.py")))
        assert not (checkout.path / "imported").exists()
        (last,) = session.run(checkout.batch(bench, "deep/test_ignored.py::test_x"))
    for told in (named(first), named(again)):
        ignored = told["deep/test_ignored.py"]
        assert ignored.status is Status.SKIPPED
        assert ignored.reason.startswith("pytest ignores deep/test_ignored.py, ")
    assert named(first)["deep/test_a.py::test_x"].status is Status.PASSED
    assert last.status is Status.PASSED


CONFIGURATIONS = {
    "pytest.ini": "[pytest]\n",
    "pytest.toml": "[pytest]\n",
    "tox.ini": "[pytest]\n",
    "setup.cfg": "[tool:pytest]\n",
    "pyproject.toml": "[tool.pytest.ini_options]\n",
}


@pytest.mark.parametrize("whole", [False, True], ids=["batch by batch", "in one batch"])
def test_a_file_goes_by_its_own_configuration_whatever_ran_before(checkout, named, whole):
    folders = [file.replace(".", "_") for file in CONFIGURATIONS]
    for folder, (file, text) in zip(folders, CONFIGURATIONS.items(), strict=True):
        checkout.write(f"{folder}/{file}", text)
    checkout.write("plain/pyproject.toml", "[project]\nname = 'plain'\n")
    asks = (
        "def test_x(pytestconfig): return str(pytestconfig.inipath.relative_to(pytestconfig.invocation_params.dir))\n"
    )
    files = [f"{folder}/deep/test_{folder}.py" for folder in (*folders, "plain", "none")]
    for file in files:
        checkout.write(file, asks)
    checkout.write(files[-1], "def test_x(pytestconfig): return pytestconfig.inipath\n")
    bench = checkout.bench("pytest")
    with PytestRunner().session(bench) as session:
        batches = [files] if whole else [[file] for file in files]
        told = named([outcome for batch in batches for outcome in session.run(checkout.batch(bench, *batch))])
    found = [told[f"{file}::test_x"].values for file in files]
    own = [f"{folder}/{file}" for folder, file in zip(folders, CONFIGURATIONS, strict=True)]
    assert found == [*own, "plain/pyproject.toml", None]
