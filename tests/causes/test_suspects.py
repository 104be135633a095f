"""Changed files are suspected by the trace, the recorded map and the test's own file, with who changed their lines."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from attrs import frozen
from caused_results import failed

from testflow_core.causes import Suspects
from testflow_core.interfaces import ChangeSource
from testflow_core.model import Application, Change, ChangedLines, Past, Plan, TestCase, TestWorkflow
from testflow_core.plugin_calls import PluginCalls
from testflow_core.testing import MemoryPlugins

TESTS = tuple(TestCase(application="shop", file="tests/test_cart.py", name=f"test_{at}") for at in range(4))


class Touched:
    """Tests by number that touched a file."""

    def __init__(self, **files):
        self.tests = tuple(f"{test.file}::{test.name}" for test in TESTS)
        self.recorded = 0b1111
        self._files = {name.replace("_", "/", 1) + ".py": tests for name, tests in files.items()}

    def using(self, path):
        return self._files.get(path, 0)


@frozen(kw_only=True)
class Lines(ChangeSource):
    """Tells the lines that it is given."""

    told: Sequence[ChangedLines] = ()

    def changes(self, application):
        return Change(application=application.name, files=(), reason="none")

    def changed_lines(self, application, change, file):
        assert application.name == change.application
        return [each for each in self.told if each.file == file]


@pytest.fixture
def checkout(tmp_path):
    for name in ("src/pay.py", "src/tax.py", "src/log.py", "tests/test_cart.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def suspects(checkout: Path | None, *files, maps=None, source=None, calls=None, **diagnosis):
    plan = Plan(
        workflow=TestWorkflow(name="w"),
        applications={"shop": Application(name="shop", path=checkout)},
        changes={"shop": Change(application="shop", files=files or None, reason="declared")},
    )
    plugins = MemoryPlugins(*([source] if source else []))
    asked = Suspects(plan, Past(maps=maps or {}), plugins, calls or PluginCalls())
    tests = diagnosis.pop("tests", TESTS[:2])
    said = diagnosis.pop("said", "")
    return asked.of(failed("test_0", **diagnosis).diagnosis, tests, said)


def test_the_file_of_the_failing_frame_comes_before_that_of_another_and_of_the_test(checkout):
    found = suspects(
        checkout,
        "tests/test_cart.py",
        "src/tax.py",
        "src/pay.py",
        "README.md",
        frames=("src/pay.py", "src/tax.py", "/usr/lib/x.py"),
        file="src/pay.py",
    )
    assert [each.file for each in found] == ["src/pay.py", "src/tax.py", "tests/test_cart.py"]
    assert [each.reasons for each in found] == [
        ("the failing frame is in it",),
        ("a frame of the trace is in it",),
        ("it is the test's own file",),
    ]


def test_a_changed_line_that_failed_decides_and_is_told_first(checkout):
    lines = [
        ChangedLines(file="src/tax.py", first=3, last=4),
        ChangedLines(file="src/tax.py", first=9, last=9, commit="ab12" * 10, author="Ada", summary="Round up"),
        ChangedLines(file="src/pay.py", first=1, last=0),
    ]
    frames = {"frames": ("src/pay.py", "src/tax.py"), "lines": (1, 9), "file": "src/pay.py"}
    found = suspects(checkout, "src/tax.py", "src/pay.py", source=Lines(told=lines), **frames)
    assert [each.file for each in found] == ["src/tax.py", "src/pay.py"]
    assert found[0].reasons[0] == "line 9, which failed, was changed"
    assert [str(each) for each in found[0].lines] == [
        "src/tax.py:9 (Ada, ab12ab12ab: Round up)",
        "src/tax.py:3-4 (not committed)",
    ]


def test_what_the_tests_touched_is_suspected_the_more_the_fewer_others_touched_it(checkout):
    maps = {"shop": Touched(src_pay=0b0011, src_tax=0b1111, src_log=0b0001)}
    found = suspects(checkout, "src/log.py", "src/tax.py", "src/pay.py", maps=maps)
    assert [each.file for each in found] == ["src/pay.py", "src/tax.py", "src/log.py"]
    assert found[0].reasons == ("all of the tests touched it when they were recorded",)
    assert found[2].reasons == ("50% of the tests touched it when they were recorded",)


def test_tests_that_were_never_recorded_suspect_nothing_by_the_record(checkout):
    maps = {"shop": Touched(src_pay=0b0011)}
    stranger = TestCase(application="shop", file="tests/test_more.py", name="test_new")
    assert suspects(checkout, "src/pay.py", maps=maps, tests=[stranger]) == ()


@pytest.mark.parametrize("files", [(), ("README.md",)], ids=["nobody knows what changed", "another file changed"])
def test_nobody_is_suspected_where_nothing_leads_to_a_change(checkout, files):
    assert suspects(checkout, *files, frames=("src/pay.py",), file="src/pay.py") == ()


def test_without_a_checkout_the_tests_own_file_is_suspected():
    found = suspects(None, "src/pay.py", "tests/test_cart.py", frames=("src/pay.py",))
    assert [each.file for each in found] == ["tests/test_cart.py"]


def test_a_change_source_that_raises_is_recorded_and_takes_no_suspect_away(checkout):
    class Broken(Lines):
        def changed_lines(self, application, change, file):
            raise LookupError(file)

    calls = PluginCalls()
    (found,) = suspects(checkout, "src/pay.py", source=Broken(), calls=calls, frames=("src/pay.py",), file="src/pay.py")
    assert (found.file, found.lines) == ("src/pay.py", ())
    assert "LookupError" in calls.failures[0].traceback


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("FileNotFoundError: '/work/shop/src/rates.json'", "src/rates.json"),
        ("ImportError: cannot import name 'pay' from 'src.pay' (/work/src/pay.py)", "src/pay.py"),
        ("ModuleNotFoundError: No module named 'src.pay'", "src/pay.py"),
        ("in src/pay.py", "src/pay.py"),
    ],
)
def test_a_changed_file_that_what_failed_names_is_suspected(checkout, said, file):
    (found,) = suspects(checkout, "src/rates.json", "src/pay.py", said=said, category="code/key")
    assert (found.file, found.reasons) == (file, ("what failed names it",))


@pytest.mark.parametrize("said", ["asrc/pay.py", "src/pay.py.bak", "src/pay.pyc", "src.payment", ""])
def test_a_name_of_which_the_path_is_a_part_is_not_it(checkout, said):
    assert suspects(checkout, "src/pay.py", said=said) == ()


def test_fixtures_for_the_test_are_suspected_and_data_where_it_failed_of_data(checkout):
    found = suspects(checkout, "tests/conftest.py", "src/conftest.py", "src/rates.json", category="data/parse")
    assert {each.file: each.reasons for each in found} == {
        "tests/conftest.py": ("it has fixtures for the test",),
        "src/rates.json": ("it is data, and the test failed of data",),
    }
    assert suspects(checkout, "src/rates.json", category="network/refused") == ()


def test_a_file_whose_changes_cannot_matter_is_not_suspected_unless_they_failed(checkout):
    lines = [ChangedLines(file="src/pay.py", first=1, last=2, inert=True)]
    frames = {"frames": ("src/pay.py",), "file": "src/pay.py", "source": Lines(told=lines)}
    assert suspects(checkout, "src/pay.py", lines=(9,), **frames) == ()
    (found,) = suspects(checkout, "src/pay.py", lines=(2,), **frames)
    assert found.reasons[0] == "line 2, which failed, was changed"
