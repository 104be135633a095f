"""The reporter `junit`."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from testflow_core.builtin.reporters.junit import JUnitReporter
from testflow_core.model import Outcome, Run, Status, TestCase, TestResult


def written(run: Run) -> ET.Element:
    JUnitReporter().report(run)
    assert run.reports is not None
    return ET.parse(run.reports / "junit.xml").getroot()  # noqa: S314  (what this project wrote just now)


def case(root: ET.Element, name: str) -> ET.Element:
    (found,) = root.findall(f".//testcase[@name='{name}']")
    return found


def test_each_application_is_a_suite_with_its_counts(run: Run):
    suites = written(run).findall("testsuite")
    names = ("name", "tests", "failures", "errors", "skipped")
    assert [tuple(suite.get(name) for name in names) for suite in suites] == [
        ("payment-service", "2", "1", "0", "0"),
        ("user-service", "2", "0", "1", "1"),
        ("web", "2", "0", "2", "0"),
    ]
    assert suites[0].get("time") == "1.550"


def test_the_root_counts_all_suites(run: Run):
    root = written(run)
    assert root.tag == "testsuites"
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["6", "1", "3", "1"]
    assert root.get("timestamp") == "2026-11-22T20:34:46"


def test_an_environment_that_leaks_is_an_error_of_its_own_suite(run: Run, leaking: Run):
    root = written(leaking)
    (suite,) = root.findall("testsuite[@name='testflow']")
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["1", "0", "1", "0"]
    error = case(root, "shop").find("error")
    assert error is not None
    assert error.text == "\n".join(leaking.leaks)
    assert [root.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["7", "1", "4", "1"]
    assert written(run).findall("testsuite[@name='testflow']") == []


def test_a_passed_test_has_class_name_file_and_time_and_nothing_else(run: Run):
    passed = case(written(run), "test_ok")
    assert passed.attrib == {
        "classname": "tests.test_processor",
        "name": "test_ok",
        "file": "tests/test_processor.py",
        "time": "1.500",
    }
    assert list(passed) == []


def test_a_failure_has_message_text_logs_category_and_team(run: Run):
    failed = case(written(run), "test_rounding")
    element = failed.find("failure")
    assert element is not None
    assert element.get("message") == "ValidationError: amount 10.005 has more than two decimals assert 422 == 201"
    assert element.text == "the whole account"
    assert "retrying" in failed.findtext("system-out", "")
    assert {each.get("name"): each.get("value") for each in failed.iter("property")} == {
        "category": "validation",
        "assigned_to": "api-team",
    }


@pytest.mark.parametrize(
    ("status", "tag"),
    [
        (Status.FAILED, "failure"),
        (Status.TIMED_OUT, "failure"),
        (Status.ERROR, "error"),
        (Status.UNAVAILABLE, "error"),
        (Status.INTERRUPTED, "error"),
        (Status.SKIPPED, "skipped"),
    ],
)
def test_every_status_but_passed_has_its_element_with_the_reason(run: Run, status: Status, tag: str):
    result = TestResult(test_id="a::f.py::n", status=status, reason="because")
    element = case(written(evolve(run, results=(result,))), "n").find(tag)
    assert element is not None
    assert element.get("message") == "because"


def test_a_test_that_stands_for_a_file_has_the_file_for_a_name(run: Run):
    assert case(written(run), "src/a.test.js").get("classname") == "src.a.test"


@example(text="::")
@given(text=st.text(st.characters(exclude_categories=[])))
def test_any_text_makes_a_document_that_can_be_read(text: str, tmp_path_factory: pytest.TempPathFactory):
    test = TestCase(application=f"a{text}", file=f"f{text}", name=text)
    result = TestResult(test_id=test.id, status=Status.FAILED, message=text, logs=text, reason=text, category=text)
    run = Run(
        run_id="r",
        workflow=text,
        started=0.0,
        outcomes=(Outcome(test=test, status=Status.FAILED, text=text),),
        results=(result,),
        reports=tmp_path_factory.getbasetemp() / "any-text",
    )
    assert written(run).get("tests") == "1"


def test_colours_are_gone_and_forbidden_characters_replaced(run: Run):
    result = TestResult(test_id="a::f::n", status=Status.FAILED, logs="\x1b[31mred\x1b[0m \x00 \x1b]0;title\x07end")
    assert case(written(evolve(run, results=(result,))), "n").findtext("system-out") == "red \ufffd end"


def test_reporting_twice_gives_one_file_and_no_other(run: Run):
    written(run)
    written(run)
    assert run.reports is not None
    assert [path.name for path in run.reports.iterdir()] == ["junit.xml"]


def test_a_run_without_a_folder_of_reports_writes_nothing(run: Run, tmp_path: Path):
    JUnitReporter().report(evolve(run, reports=None))
    assert list(tmp_path.iterdir()) == []


def test_a_failure_names_its_cause(caused: Run):
    properties = {
        each.get("name"): each.get("value") for each in case(written(caused), "test_rounding").iter("property")
    }
    assert properties["cluster"] == "1:aa"
    assert properties["cause"] == "amount <number> has | more than two decimals"
    assert properties["seen"] == "in 4 runs since 2026-11-18, last 2026-11-21, also red on main"
    assert properties["verdict"] == "caused by this change: src/pay.py changed"
