"""No contract test is vacuous: each fails for a plugin that breaks its claim."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from testflow_core.testing import contracts

CONTRACTS = [getattr(contracts, name) for name in contracts.__all__]
CLAIMS = sorted({name for contract in CONTRACTS for name in dir(contract) if name.startswith("test_")})


def run_pytest(*arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    # In CI pytest shows all that two values differ in: minutes, where ten thousand tests were expected.
    env = {name: value for name, value in os.environ.items() if name not in {"CI", "BUILD_NUMBER"}}
    # The broken plugins may print anything, bytes of no encoding included.
    said = {"encoding": "utf-8", "errors": "replace"}
    return subprocess.run(command, env=env, capture_output=True, **said, timeout=900, check=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What the tests of the broken plugins say: run once, by the first of the workers that share these tests."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    report = shared / "broken-plugins.xml"
    lock = os.open(shared, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not report.exists():
            broken = Path(__file__).with_name("broken")
            settings = ("-c", "/dev/null", f"--rootdir={broken}", f"--confcutdir={broken}")
            finished = run_pytest(*map(str, broken.glob("*.py")), "--tb=no", f"--junit-xml={report}", *settings)
            assert report.exists(), finished.stdout + finished.stderr
    finally:
        os.close(lock)
    return report


@pytest.fixture(scope="module")
def failed(report):
    """The names of the tests that fail for one of the broken plugins."""
    cases = ET.parse(report).iter("testcase")  # noqa: S314 - our own report
    return {case.get("name").partition("[")[0] for case in cases if case.find("failure") is not None}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_contract_test_fails_for_a_plugin_that_breaks_it(failed, claim):
    assert claim in failed


def test_a_fixture_that_is_not_answered_says_what_to_answer(tmp_path):
    file = tmp_path / "test_forgetful.py"
    file.write_text(
        "from testflow_core.testing.contracts import RouterContract\nclass TestForgetful(RouterContract): pass\n",
        encoding="utf-8",
    )
    finished = run_pytest(str(file), "-c", "/dev/null")
    assert "override the fixture `router` in your test class: it answers the Router under test" in finished.stdout


def test_a_contract_that_fails_shows_the_values_it_compared(tmp_path):
    file = tmp_path / "test_silent.py"
    file.write_text(
        "import pytest\nfrom testflow_core.testing.contracts import RouterContract\n"
        "class Silent:\n    def route(self, diagnoses, context): return []\n"
        "class TestSilent(RouterContract):\n    router = pytest.fixture(lambda self: Silent())\n",
        encoding="utf-8",
    )
    finished = run_pytest(str(file), "-c", "/dev/null", "-k", "in_order")
    assert "assert [] == ['shop::tests" in finished.stdout


def test_the_fakes_can_be_imported_without_pytest():
    code = "import sys; sys.modules['pytest'] = None; import testflow_core.testing; print('fine')"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.stdout == "fine\n", finished.stderr
