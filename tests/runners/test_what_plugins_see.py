"""An application's own plugins see of a worker what they see of pytest itself."""

import json
import subprocess

import pytest
from pythons import with_pytest

from testflow_core.builtin.runners.pytest import PytestRunner

# The oldest that is served, and ours.
PYTHONS = [("3.8", "7.0.0"), None]

TOLD = """
    import json, os
    def tell(**what):
        with open(os.environ["TOLD"], "a") as stream:
            stream.write(json.dumps(what) + chr(10))
"""

SUITE = {
    "told.py": TOLD,
    "made.py": """
        import functools
        def decorated(function):
            @functools.wraps(function)
            def wrapper(): return function()
            return wrapper
        def test_elsewhere(): pass
        def make():
            def test_made(): pass
            return test_made
    """,
    "conftest.py": """
        import pytest, sys
        sys.path.insert(0, ".")
        from told import tell
        def pytest_runtest_logstart(nodeid, location): tell(test=nodeid, location=location)
        def pytest_terminal_summary(terminalreporter):
            kinds = {"passed", "failed", "error", "skipped", "xfailed", "xpassed", "odd"}
            stats = {kind: len(found) for kind, found in terminalreporter.stats.items() if kind in kinds}
            tell(stats=stats)
        def pytest_report_teststatus(report):
            if report.when == "call" and report.nodeid.endswith("test_odd"): return "odd", "o", "ODD"
    """,
    "a/conftest.py": """
        from told import tell
        def pytest_runtest_setup(item): tell(a=item.nodeid)
    """,
    "a/deep/conftest.py": """
        from told import tell
        def pytest_runtest_setup(item): tell(deep=item.nodeid)
    """,
    "b/conftest.py": """
        from told import tell
        def pytest_runtest_setup(item): tell(b=item.nodeid)
    """,
    "a/test_one.py": """
        import pytest, unittest
        from made import decorated, make, test_elsewhere
        def test_first(): pass
        def test_odd(): pass
        @decorated
        def test_decorated(): pass
        test_made = make()
        @pytest.mark.parametrize("x", ["a[b", "::", "é"])
        def test_parameters(x): pass
        class TestClass:
            def test_method(self): pass
            @staticmethod
            def test_static(): pass
            class TestInner:
                def test_inner(self): pass
        class TestCase(unittest.TestCase):
            def test_case(self): pass
    """,
    "a/deep/test_two.py": """
        import pytest
        def test_fails(): assert 0
        @pytest.fixture
        def broken(): raise LookupError
        def test_error(broken): pass
        @pytest.mark.skip
        def test_skipped(): pass
        @pytest.mark.xfail
        def test_expected(): assert 0
    """,
    "b/test_three.py": """
        import pytest
        @pytest.mark.xfail
        def test_unexpected(): pass
        @pytest.fixture
        def left(): yield; raise LookupError
        def test_left(left): pass
    """,
}
FILES = sorted(file for file in SUITE if "test_" in file)


@pytest.fixture(params=PYTHONS, ids=lambda pair: "-".join(pair) if pair else "ours")
def python(request):
    """An interpreter that has a pytest."""
    return with_pytest(request.param)


@pytest.fixture
def told(checkout, tmp_path, monkeypatch):
    """Runs of the suite, and what its plugins tell of them."""
    for file, text in SUITE.items():
        checkout.write(file, text)

    def of(run):
        told = tmp_path / run.__name__
        monkeypatch.setenv("TOLD", str(told))
        run()
        return [json.loads(line) for line in told.read_text().splitlines()]

    return of


def test_plugins_see_what_they_see_under_plain_pytest(checkout, python, told):
    def ours():
        bench = checkout.bench("pytest", python=python)
        with PytestRunner().session(bench) as session:
            for file in FILES:
                list(session.run(checkout.batch(bench, file)))
            list(session.finish())

    def theirs():
        words = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *FILES]
        subprocess.run(words, cwd=checkout.path, check=False, capture_output=True)

    assert told(ours) == told(theirs)


CALLS = {
    "told.py": TOLD,
    "watching.py": """
        import pytest
        from told import tell
        @pytest.hookimpl(hookwrapper=True)
        def pytest_pyfunc_call(pyfuncitem):
            tell(called=pyfuncitem.obj.__name__)
            yield
    """,
    "test_calls.py": """
        import pytest, sys
        sys.path.insert(0, ".")
        import watching
        @pytest.fixture
        def watched(request):
            manager = request.config.pluginmanager
            manager.register(watching, "watching")
            yield
            manager.unregister(watching)
        def test_before(): pass
        def test_watched(watched): pass
        class TestMethods:
            def test_method(self, watched): pass
            def test_own(self, watched): self.test_method
        def test_after(): pass
    """,
}


def test_a_plugin_that_comes_between_two_tests_sees_the_calls_from_then_on(checkout, python, told):
    for file, text in CALLS.items():
        checkout.write(file, text)
    bench = checkout.bench("pytest", python=python)

    def ours():
        outcomes = checkout.run(PytestRunner(), checkout.batch(bench, "test_calls.py"))
        assert [outcome.status for outcome in outcomes] == ["passed"] * 5, outcomes

    calls = [each["called"] for each in told(ours) if "called" in each]
    assert calls == ["test_watched", "test_method", "test_own"]


def test_a_terminal_reporter_that_a_plugin_puts_in_its_place_goes_on_drawing(checkout, told):
    checkout.write(
        "conftest.py",
        """
        import pytest
        from _pytest.terminal import TerminalReporter
        from told import tell
        class Own(TerminalReporter):
            def pytest_runtest_logreport(self, report): tell(drawn=report.when)
        @pytest.hookimpl(trylast=True)
        def pytest_configure(config):
            manager = config.pluginmanager
            manager.unregister(manager.getplugin("terminalreporter"))
            manager.register(Own(config), "terminalreporter")
        """,
    )
    checkout.write("test_own.py", "def test_own(): pass\n")

    def ours():
        checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), "test_own.py"))

    assert told(ours) == [{"drawn": "setup"}, {"drawn": "call"}, {"drawn": "teardown"}]


def test_hooks_of_a_folder_are_called_for_its_tests_alone_however_late_its_conftest_is_loaded(checkout, told):
    def ours():
        bench = checkout.bench("pytest")
        with PytestRunner().session(bench) as session:
            for file in ("a/test_one.py::test_first", "b/test_three.py", "a/test_one.py::test_first"):
                list(session.run(checkout.batch(bench, file)))

    called = [line["b"] for line in told(ours) if "b" in line]
    assert called == ["b/test_three.py::test_unexpected", "b/test_three.py::test_left"]


FINALIZERS = """
    from told import tell
    class Second:
        def __del__(self): tell(ended="second")
    class First:
        def __del__(self):
            tell(ended="first")
            second = Second()
            second.itself = second
    def test_leaves_rubbish():
        first = First()
        first.itself = first
"""


def test_rubbish_and_what_its_finalizers_let_go_is_gone_when_a_session_has_ended(checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    checkout.write("told.py", TOLD)
    checkout.write("conftest.py", "import gc, sys\nsys.path.insert(0, '.')\ngc.disable()\n")
    checkout.write("test_rubbish.py", FINALIZERS)
    bench = checkout.bench("pytest")
    with PytestRunner().session(bench) as session:
        (outcome,) = session.run(checkout.batch(bench, "test_rubbish.py"))
        assert list(session.finish()) == []
    assert outcome.status == "passed"
    told = (tmp_path / "told").read_text().splitlines()
    assert [json.loads(line) for line in told] == [{"ended": "first"}, {"ended": "second"}]


@pytest.mark.parametrize(("words", "noted"), [((), {"lastfailed"}), (("--nf",), {"lastfailed", "nodeids"})])
def test_the_cache_notes_what_failed_and_the_names_of_all_tests_only_where_the_command_reads_them(
    checkout, python, words, noted
):
    checkout.write("test_x.py", "def test_x(): assert 0\n")
    bench = checkout.bench("pytest", *words, python=python)
    checkout.run(PytestRunner(), checkout.batch(bench, "test_x.py"))
    cached = {path.name for path in (checkout.path / ".pytest_cache" / "v" / "cache").iterdir()}
    assert cached - {"stepwise"} == noted
