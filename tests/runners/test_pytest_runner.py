from __future__ import annotations

from datetime import timedelta

import pytest

from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.model import Status

SUITE = """
    import asyncio, os, signal, sys, time, warnings
    import pytest
    from hypothesis import given, strategies

    def test_passes():
        print("to stdout")
        print("to stderr", file=sys.stderr)
        import logging
        logging.getLogger("shop").warning("to the log")

    def test_returns():
        return {"token": "abc", "parts": [1, 2.5, None]}

    class TestMethods:
        @pytest.mark.parametrize("number", [1, 2])
        def test_returns(self, number):
            return number

    def test_returns_what_is_no_json():
        return object()

    def test_fails():
        assert 1 + 1 == 3, "sums are hard"

    @pytest.fixture
    def broken():
        raise RuntimeError("no set-up")

    def test_set_up_fails(broken):
        pass

    @pytest.fixture
    def messy():
        yield
        raise RuntimeError("no teardown")

    def test_teardown_fails(messy):
        pass

    @pytest.mark.skip(reason="not today")
    def test_skipped():
        pass

    @pytest.mark.xfail(reason="known bug")
    def test_xfail():
        assert False

    @pytest.mark.xfail(strict=True, reason="thought broken")
    def test_strict_xpass():
        pass

    def test_exits():
        os._exit(3)

    def test_is_killed():
        print("last words", file=sys.__stderr__)
        os.kill(os.getpid(), signal.SIGKILL)

    def test_hangs():
        wait_for_ever()

    def wait_for_ever():
        time.sleep(600)

    def test_prints_a_lot():
        print("x" * 1_000_000)
        assert False

    @given(strategies.integers())
    def test_hypothesis(number):
        pass

    def test_environment():
        assert os.environ["SHOP_URL"] == "http://127.0.0.1:1"
        assert os.getcwd() == os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

    def test_last_still_runs():
        pass
"""

EXPECTED = {
    "test_passes": Status.PASSED,
    "test_returns": Status.PASSED,
    "TestMethods::test_returns[1]": Status.PASSED,
    "TestMethods::test_returns[2]": Status.PASSED,
    "test_returns_what_is_no_json": Status.PASSED,
    "test_fails": Status.FAILED,
    "test_set_up_fails": Status.ERROR,
    "test_teardown_fails": Status.ERROR,
    "test_skipped": Status.SKIPPED,
    "test_xfail": Status.SKIPPED,
    "test_strict_xpass": Status.FAILED,
    "test_exits": Status.ERROR,
    "test_is_killed": Status.ERROR,
    "test_hangs": Status.TIMED_OUT,
    "test_prints_a_lot": Status.FAILED,
    "test_hypothesis": Status.PASSED,
    "test_environment": Status.PASSED,
    "test_last_still_runs": Status.PASSED,
}


@pytest.fixture(scope="module")
def suite(shared_checkout, named):
    shared_checkout.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    shared_checkout.write("tests/test_suite.py", SUITE)
    bench = shared_checkout.bench("pytest", "{test_path}")
    variables = {"SHOP_URL": "http://127.0.0.1:1"}
    batch = shared_checkout.batch(bench, "tests/test_suite.py", variables=variables, timeout=timedelta(seconds=4))
    outcomes = shared_checkout.run(PytestRunner(), batch)
    assert [outcome.test.name for outcome in outcomes] == list(EXPECTED)
    return {outcome.test.name: outcome for outcome in outcomes}


@pytest.mark.parametrize(("name", "status"), EXPECTED.items())
def test_every_test_of_a_file_ends_as_it_should_whatever_the_others_do(suite, name, status):
    assert suite[name].status == status, suite[name]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("test_returns", {"token": "abc", "parts": [1, 2.5, None]}),
        ("TestMethods::test_returns[2]", 2),
        ("test_returns_what_is_no_json", None),
        ("test_passes", None),
    ],
)
def test_what_a_test_returns_is_its_value_and_no_warning(suite, name, values):
    assert suite[name].values == values


@pytest.mark.parametrize(
    ("name", "field", "part"),
    [
        ("test_passes", "stdout", "to stdout"),
        ("test_passes", "stderr", "to stderr"),
        ("test_passes", "stderr", "to the log"),
        ("test_returns_what_is_no_json", "reason", "it returned a object"),
        ("test_fails", "message", "sums are hard"),
        ("test_fails", "text", "test_suite.py:"),
        ("test_set_up_fails", "message", "RuntimeError: no set-up"),
        ("test_teardown_fails", "message", "RuntimeError: no teardown"),
        ("test_skipped", "reason", "not today"),
        ("test_xfail", "reason", "xfail: known bug"),
        ("test_strict_xpass", "text", "XPASS(strict)"),
        ("test_exits", "message", "exited with code 3 while it ran"),
        ("test_is_killed", "message", "killed by signal 9 (SIGKILL)"),
        ("test_hangs", "message", "longer than 4 s"),
        ("test_hangs", "text", "in wait_for_ever"),
        ("test_prints_a_lot", "stdout", "characters left out"),
    ],
)
def test_an_outcome_says_what_happened(suite, name, field, part):
    assert part in getattr(suite[name], field)


def test_texts_are_limited(suite):
    assert len(suite["test_prints_a_lot"].stdout) < 300_000


def test_durations_are_seconds_of_the_test_itself(suite):
    assert 4 <= suite["test_hangs"].duration < 9
    assert 0 < suite["test_returns"].duration < 1


@pytest.fixture(scope="module")
def broken_files(shared_checkout, named):
    shared_checkout.write("broken/test_imports.py", "import nowhere_to_be_found")
    shared_checkout.write("broken/test_syntax.py", "def test_x(:\n")
    shared_checkout.write("broken/test_nothing.py", "x = 1")
    shared_checkout.write(
        "broken/test_not_here.py", "import pytest\npytest.skip('other system', allow_module_level=True)"
    )
    shared_checkout.write("broken/test_dies.py", "import os\nos._exit(7)")
    shared_checkout.write("broken/test_hangs.py", "import time\ntime.sleep(600)")
    shared_checkout.write("broken/test_fine.py", "def test_fine(): pass")
    shared_checkout.write("broken/note.js", "no test")
    files = ("imports", "syntax", "nothing", "not_here", "dies", "hangs", "missing", "fine")
    ids = [f"broken/test_{file}.py" for file in files]
    bench = shared_checkout.bench("pytest", "{test_path}")
    batch = shared_checkout.batch(bench, *ids, "broken/note.js", timeout=timedelta(seconds=3))
    outcomes = shared_checkout.run(PytestRunner(), batch)
    assert len(outcomes) == len(ids) + 1
    return named(outcomes)


@pytest.mark.parametrize(
    ("test", "status", "part"),
    [
        ("test_imports.py", Status.ERROR, "No module named 'nowhere_to_be_found'"),
        ("test_syntax.py", Status.ERROR, "SyntaxError"),
        ("test_nothing.py", Status.SKIPPED, "pytest collects no tests"),
        ("test_not_here.py", Status.SKIPPED, "other system"),
        ("test_dies.py", Status.ERROR, "exited with code 7 while the file was collected"),
        ("test_hangs.py", Status.TIMED_OUT, "collecting the file took longer than 3 s"),
        ("test_missing.py", Status.ERROR, "no file broken/test_missing.py"),
        ("note.js", Status.ERROR, "pytest gave up with exit code 4"),
        ("test_fine.py::test_fine", Status.PASSED, ""),
    ],
)
def test_a_file_that_cannot_be_collected_has_an_outcome_and_takes_no_other_along(broken_files, test, status, part):
    outcome = broken_files[f"broken/{test}"]
    assert outcome.status == status
    assert part in outcome.message + outcome.reason


def test_only_named_tests_run_in_the_order_they_are_named(checkout):
    checkout.write(
        "test_names.py",
        """
        import pytest
        def test_a(): pass
        @pytest.mark.parametrize("n", [1, 2])
        def test_b(n): pass
        class TestC:
            def test_d(self): pass
            def test_e(self): pass
        """,
    )
    bench = checkout.bench("pytest")
    ids = [f"test_names.py::{name}" for name in ("TestC::test_e", "test_b", "test_bb", "test_a")]
    outcomes = checkout.run(PytestRunner(), checkout.batch(bench, *ids))
    ran = [outcome.test.name for outcome in outcomes if outcome.status == Status.PASSED]
    assert ran == ["TestC::test_e", "test_b[1]", "test_b[2]", "test_a"]
    (unknown,) = (outcome for outcome in outcomes if outcome.status != Status.PASSED)
    assert unknown.test.name == "test_bb"
    assert unknown.status == Status.ERROR
    assert "no test named test_bb in test_names.py; did you mean test_b?" in unknown.message


def test_excluded_tests_do_not_run(checkout, to_case):
    checkout.write("test_two.py", "def test_a(): pass\ndef test_b(): pass\n")
    batch = checkout.batch(checkout.bench("pytest"), "test_two.py", exclude=(to_case("test_two.py::test_a"),))
    assert [outcome.test.name for outcome in checkout.run(PytestRunner(), batch)] == ["test_b"]


def test_words_of_the_command_reach_pytest_and_what_it_leaves_out_is_told(checkout):
    checkout.write("test_k.py", "def test_a(): assert 0\ndef test_b(): pass\ndef test_c(): pass\n")
    batch = checkout.batch(checkout.bench("python", "-m", "pytest", "-x", "-k", "not c", "{test_path}"), "test_k.py")
    first, second = checkout.run(PytestRunner(), batch)
    assert (first.test.name, first.status) == ("test_a", Status.FAILED)
    assert (second.test.name, second.status) == ("test_b", Status.INTERRUPTED)
    assert "stopping after 1 failures" in second.reason


@pytest.mark.parametrize(
    ("command", "status"), [(("pytest",), Status.ERROR), (("python", "-m", "pytest"), Status.PASSED)]
)
def test_the_checkout_leads_the_path_exactly_under_python_m(checkout, command, status):
    checkout.write("shop.py", "")
    checkout.write("tests/test_shop.py", "def test_import(): import shop\n")
    checkout.write("pytest.ini", "[pytest]\naddopts = --import-mode=importlib\n")
    (outcome,) = checkout.run(PytestRunner(), checkout.batch(checkout.bench(*command), "tests/test_shop.py"))
    assert outcome.status == (Status.FAILED if status == Status.ERROR else status)


def test_a_command_that_pytest_does_not_understand_is_the_error_of_each_test(checkout):
    checkout.write("test_x.py", "def test_x(): pass\n")
    batch = checkout.batch(checkout.bench("pytest", "--no-such-option"), "test_x.py")
    (outcome,) = checkout.run(PytestRunner(), batch)
    assert outcome.status == Status.ERROR
    assert "--no-such-option" in outcome.text


@pytest.mark.parametrize(
    ("command", "part"),
    [(("unittest", "{test_path}"), "does not run pytest"), (("pytest", "{tset_path}"), "{tset_path}")],
)
def test_a_command_that_cannot_be_read_is_the_error_of_each_test(checkout, command, part):
    checkout.write("test_x.py", "def test_x(): pass\n")
    (outcome,) = checkout.run(PytestRunner(), checkout.batch(checkout.bench(*command), "test_x.py"))
    assert outcome.status == Status.ERROR
    assert part in outcome.message


def test_a_test_that_stops_pytest_is_an_error_and_the_rest_is_interrupted(checkout):
    checkout.write("test_stop.py", "import pytest\ndef test_a(): pytest.exit('enough')\ndef test_b(): pass\n")
    first, second = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), "test_stop.py"))
    assert first.status == Status.ERROR
    assert "enough" in first.message
    assert second.status == Status.INTERRUPTED
    assert "test_a stopped pytest" in second.reason


def test_a_process_that_dies_after_its_last_test_does_not_pass_unnoticed(checkout):
    checkout.write("conftest.py", "import os\ndef pytest_sessionfinish(): os._exit(9)\n")
    checkout.write("test_x.py", "def test_x(): pass\n")
    passed, told = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), "test_x.py"))
    assert passed.status == Status.PASSED
    assert (told.test.name, told.status) == (None, Status.ERROR)
    assert "exited with code 9 after its last test" in told.message


def test_plugins_options_and_conftests_of_the_checkout_work_as_ever(checkout):
    checkout.write(
        "conftest.py",
        """
        import pytest
        @pytest.fixture(scope="session")
        def price(): return 3
        def pytest_runtest_setup(item):
            if item.get_closest_marker("slow"): pytest.skip("too slow")
        """,
    )
    checkout.write("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "--strict-markers"\nmarkers = ["slow"]\n')
    checkout.write(
        "tests/test_x.py",
        "import pytest\ndef test_price(price): assert price == 3\n@pytest.mark.slow\ndef test_slow(): pass\n",
    )
    outcomes = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), "tests/test_x.py"))
    assert [outcome.status for outcome in outcomes] == [Status.PASSED, Status.SKIPPED]
    assert outcomes[1].reason == "too slow"


def test_plugins_installed_beside_pytest_are_there_with_their_assertions_rewritten(checkout, monkeypatch):
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    checkout.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    checkout.write(
        "test_x.py",
        """
        def test_plugin(pytestconfig):
            plugin = pytestconfig.pluginmanager.getplugin("hypothesispytest")
            return type(plugin.__loader__).__name__
        """,
    )
    (outcome,) = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), "test_x.py"))
    assert (outcome.status, outcome.values) == (Status.PASSED, "AssertionRewritingHook"), outcome.text
