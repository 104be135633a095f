"""JUnit reports of the past: whose dialect they are in, what their tests are called, what cannot be read."""

from textwrap import dedent

import pytest

import testflow
from testflow_core.model import Imported, Status

PYTEST = """
<testsuites><testsuite name="pytest" timestamp="2026-03-01T10:00:00.5+00:00">
<testcase classname="tests.test_cart.TestTotal" name="test_sum[1]" time="0.25"/>
<testcase classname="tests.test_cart" name="test_empty" time="1,200.5">
<failure message="no stock">Traceback</failure></testcase>
<testcase classname="tests.test_cart" name="test_later"><skipped message="later"/></testcase>
</testsuite></testsuites>
"""


@pytest.fixture
def history(tmp_path):
    return testflow.History(tmp_path / "history.db")


@pytest.fixture
def report(tmp_path):
    def write(text, name="report.xml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).strip(), encoding="utf-8")
        return path

    return write


def imported(history, *paths, **fields):
    return history.import_junit(paths, application="shop", **fields)


def test_a_report_is_a_run_of_the_moment_that_it_tells(history, report):
    found = imported(history, report(PYTEST), revision="abc123")
    assert (found.tests, found.problems) == (3, ())
    (summary,) = history.runs()
    assert (summary.run_id,) == found.runs
    assert (summary.source, summary.ok, summary.started) == ("junit", False, 1_772_359_200.5)
    assert dict(summary.trees) == {"shop": "abc123"}
    assert {result.test_id: (result.status, result.duration) for result in history.run(summary.run_id).results} == {
        "shop::tests/test_cart.py::TestTotal::test_sum[1]": (Status.PASSED, 0.25),
        "shop::tests/test_cart.py::test_empty": (Status.FAILED, 1200.5),
        "shop::tests/test_cart.py::test_later": (Status.SKIPPED, 0.0),
    }
    assert history.run(summary.run_id).failed_tests[0].message == "no stock"


def test_the_same_report_again_changes_nothing(history, report):
    path = report(PYTEST)
    assert imported(history, path) == imported(history, path)
    track = history.track("shop::tests/test_cart.py::test_empty")
    assert track is not None
    assert track.runs == 1


def test_a_report_of_another_revision_is_another_run(history, report):
    path = report(PYTEST)
    assert imported(history, path, revision="a").runs != imported(history, path, revision="b").runs
    assert len(history.runs()) == 2


@pytest.mark.parametrize(
    ("case", "test_id"),
    [
        ('classname="com.acme.CartTest" name="sums"', "shop::com.acme.CartTest::sums"),
        ('classname="Cart sums" name="two items" file="src/Cart.test.js"', "shop::src/Cart.test.js::two items"),
        ('classname="tests.test_a" name="b" file="tests/test_a.py" line="3"', "shop::tests/test_a.py::b"),
        ('classname="tests.test_a.TestB" name="c" file="tests/test_a.py"', "shop::tests/test_a.py::TestB::c"),
        ('classname="pkg.tests.test_a.TestB.TestC" name="d"', "shop::pkg/tests/test_a.py::TestB::TestC::d"),
        ('classname="" name="no class" file=".\\\\win\\\\a.spec.ts"', "shop::win/a.spec.ts::no class"),
        ('name="only a name"', "shop::suite::only a name"),
        ('classname="github.com/acme/cart" name="TestSum/two"', "shop::github.com/acme/cart::TestSum/two"),
    ],
)
def test_tests_have_the_ids_that_testflow_would_give_them(history, report, case, test_id):
    text = f'<testsuite name="suite"><testcase {case.replace(chr(92) * 2, chr(92))}/></testsuite>'
    imported(history, report(text))
    (result,) = history.run(history.runs()[0].run_id).results
    assert result.test_id == test_id


@pytest.mark.parametrize("tag", ["flakyFailure", "flakyError", "rerunFailure", "rerunError"])
def test_attempts_that_a_report_tells_of_are_attempts(history, report, tag):
    text = (
        f'<testsuite><testcase classname="a.BTest" name="c"><{tag} message="boom">at B</{tag}></testcase></testsuite>'
    )
    imported(history, report(text))
    (result,) = history.run(history.runs()[0].run_id).results
    assert (result.status, result.attempts, result.flaky, result.message) == (Status.PASSED, 2, True, "boom")


def test_a_test_that_is_told_twice_was_tried_twice(history, report):
    text = """
    <testsuite><testcase classname="a.BTest" name="c"><failure/></testcase>
    <testcase classname="a.BTest" name="c"/></testsuite>
    """
    assert imported(history, report(text)).tests == 1
    (result,) = history.run(history.runs()[0].run_id).results
    assert (result.status, result.attempts, result.flaky) == (Status.PASSED, 2, True)


def test_a_folder_is_one_run_of_all_reports_below_it(history, report, tmp_path):
    for name in ("a", "b"):
        report(f'<testsuite><testcase classname="{name}" name="c"/></testsuite>', f"build/deep/{name}.xml")
    found = history.import_junit(tmp_path / "build", application="shop")
    assert (len(found.runs), found.tests) == (1, 2)


MATRIX = {
    "py311/report.xml": '<testsuite><testcase classname="a" name="b"/></testsuite>',
    "py313/report.xml": '<testsuite><testcase classname="a" name="b"><failure message="boom"/></testcase></testsuite>',
}


@pytest.mark.parametrize("together", [True, False])
def test_reports_of_a_matrix_are_as_many_runs_that_prove_nothing_of_each_other(history, report, tmp_path, together):
    for name, text in MATRIX.items():
        report(text, f"build/{name}")
    if together:
        found = imported(history, tmp_path / "build", revision="abc")
        assert (len(found.runs), found.tests) == (2, 2)
        assert imported(history, tmp_path / "build", revision="abc") == found
    else:
        for name in MATRIX:
            imported(history, tmp_path / "build" / name, revision="abc", environment=name)
    assert len(history.runs()) == 2
    assert history.flaky() == ()
    report(MATRIX["py311/report.xml"].replace("/>", ' time="2"/>'), "again/a.xml")
    imported(history, tmp_path / "again", revision="abc", environment="py313/report.xml")
    assert [each.state for each in history.flaky()] == ["flaky"]


def test_what_cannot_be_read_is_named_and_the_rest_imported(history, report, tmp_path):
    broken = report('<testsuite><testcase classname="a" name="b"/><testcase', "broken.xml")
    hostile = report('<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', "hostile.xml")
    other = report("<html/>", "page.xml")
    empty = tmp_path / "empty"
    empty.mkdir()
    found = imported(history, broken, hostile, other, tmp_path / "nowhere.xml", empty, report(PYTEST))
    assert [problem.partition(":")[0] for problem in found.problems] == [
        str(path) for path in (broken, hostile, other, tmp_path / "nowhere.xml", empty)
    ]
    assert "the 1 tests before that are taken" in found.problems[0]
    assert (len(found.runs), found.tests) == (2, 4)


@pytest.mark.parametrize("application", ["", "shop::api", None])
def test_what_is_no_application_is_a_mistake(history, report, application):
    with pytest.raises(testflow.SpecError, match="import_junit"):
        history.import_junit(report(PYTEST), application=application)
    assert history.runs() == ()


def test_reports_without_a_test_are_no_run(history, report):
    assert imported(history, report("<testsuite/>")) == Imported(
        problems=(f"{report('<testsuite/>')}: it has no <testcase>",)
    )
    assert history.runs() == ()
