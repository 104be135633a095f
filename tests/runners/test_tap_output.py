"""TAP as a program prints it, whatever that is: what becomes of the tests, and of the file."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

from testflow_core.builtin.runners.command import CommandRunner
from testflow_core.model import Status

PASSED, FAILED, ERROR, SKIPPED = Status.PASSED, Status.FAILED, Status.ERROR, Status.SKIPPED


def statuses(found):
    return {name: outcome.status for name, outcome in found.items()}


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        pytest.param("1..2\nok 1 - a\nok 2 - b\n", 0, {"a": PASSED, "b": PASSED}, id="plan first"),
        pytest.param("ok 1 - a\nnot ok 2 - b\n1..2", 1, {"a": PASSED, "b": FAILED}, id="plan last"),
        pytest.param("1..2\nok 1 - a\nnot ok 2 - b\n", 0, {"a": PASSED, "b": FAILED}, id="a failure outweighs code 0"),
        pytest.param("1..3\nok\nnot ok\nok - c\n", 1, {"test 1": PASSED, "test 2": FAILED, "c": PASSED}, id="bare"),
        pytest.param("ok\nok\n1..2\n", 0, {"test 1": PASSED, "test 2": PASSED}, id="bare all through"),
        pytest.param("1..2\nok 2 b\nok 1 a\n", 0, {"b": PASSED, "a": PASSED}, id="any order, no dash"),
        pytest.param("1..2\nok 1 - a\nok 2 - a\n", 0, {"a": PASSED, "a #2": PASSED}, id="equal names"),
        pytest.param("TAP version 13\n1..1\nok 1 - a\n", 0, {"a": PASSED}, id="version 13"),
        pytest.param("TAP version 14\npragma +strict\nok 1 - a\n1..1\n", 0, {"a": PASSED}, id="version 14"),
        pytest.param("warming up\nok then\nTAP version 13\n1..1\nok 1 - a\n", 0, {"a": PASSED}, id="late version"),
        pytest.param("\n> shop@1.0.0 test\n> bats x\n\n1..1\nok 1 a\n", 0, {"a": PASSED}, id="below npm"),
        pytest.param("# begins\n1..1\nhello\nok 1 - a\nnot okay\nokay\n  ok 2\n", 0, {"a": PASSED}, id="other lines"),
        pytest.param(b"\xef\xbb\xbf1..1\r\nok 1 - a\r\n", 0, {"a": PASSED}, id="byte order mark and CRLF"),
        pytest.param(b"1..1\nok 1 - caf\xe9\x00\x1b[31m\n", 0, {"caf\ufffd\ufffd": PASSED}, id="no UTF-8"),
        pytest.param("1..1\nok 1 - a \\# b \\\\ c\n", 0, {"a # b \\ c": PASSED}, id="escapes"),
        pytest.param("1..1\nok 1 - a # b\n", 0, {"a # b": PASSED}, id="no directive"),
        pytest.param("1..1\nok 1 - a \\# skip b\n", 0, {"a # skip b": PASSED}, id="an escaped directive is a name"),
        pytest.param("1..1\nok 1 - a # time=1.5ms\n", 0, {"a": PASSED}, id="a time is no name"),
        pytest.param("1..1\nok 1 a # in 2 ms # skip b\n", 0, {"a": SKIPPED}, id="a time and a directive"),
        pytest.param("TAP version 13\n1..1\nok 1 - a\n" * 2, 0, {"a": PASSED, "a #2": PASSED}, id="two in turn"),
        pytest.param("x.tap .. \nok 1 - a\n1..1\nok\nResult: PASS\n", 0, {"a": PASSED}, id="prove"),
    ],
)
def test_every_test_line_is_an_outcome(printed, text, code, expected):
    assert statuses(printed(text, code)) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("ok then\nall fine\n", 0, id="a word"),
        pytest.param("ok 1 - a\nok 2 - b\n", 0, id="tests without a plan, and all is well"),
        pytest.param("ok then\n", 1, id="a word and a failure"),
        pytest.param("working\n1..2\nok 1\nok 2\n", 0, id="not from the start"),
        pytest.param("1..two\nok 1\n", 0, id="no number"),
        pytest.param("2..3\nok 2\n", 0, id="a plan begins with 1"),
        pytest.param("we speak TAP version 13\n1..1\nok 1\n", 0, id="a version within a line"),
        pytest.param("  TAP version 13\n  1..1\n  ok 1\n", 0, id="an indented version"),
        pytest.param("", 0, id="nothing"),
    ],
)
def test_other_output_is_no_tap_and_the_exit_code_decides(printed, text, code):
    assert statuses(printed(text, code)) == {None: FAILED if code else PASSED}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ok 1 - a # SKIP no network", "no network"),
        ("ok 1 - a # skip: no network", "no network"),
        ("ok 1 - a #SKIPPED no network", "no network"),
        ("not ok 1 - a # Skip", "skipped"),
        ("not ok 1 - a # TODO not done", "not done"),
        ("ok 1 - a # todo", "todo"),
    ],
)
def test_skip_and_todo_are_skipped_with_their_reason_however_they_end(printed, line, reason):
    (outcome,) = printed(f"1..1\n{line}\n").values()
    assert (outcome.test.name, outcome.status, outcome.reason) == ("a", SKIPPED, reason)


@pytest.mark.parametrize(
    ("plan", "reason"), [("1..0 # SKIP no db", "no db"), ("1..0 # no db", "no db"), ("1..0", "skipped")]
)
def test_a_plan_of_no_tests_skips_the_file_and_what_was_asked_of_it(printed, plan, reason):
    (whole,) = printed(f"{plan}\n").values()
    assert (whole.test.name, whole.status, whole.reason) == (None, SKIPPED, reason)
    (asked,) = printed(f"{plan}\n", ids=("x.tap::a",)).values()
    assert (asked.test.name, asked.status, asked.reason) == ("a", SKIPPED, reason)


def test_a_plan_of_no_tests_does_not_hide_that_the_program_failed(printed):
    (whole,) = printed("1..0 # SKIP no db\n", 3).values()
    assert whole.status == ERROR
    assert "exited with code 3 though no test it reports has failed" in whole.message


@pytest.mark.parametrize(
    ("text", "code", "tests", "message"),
    [
        ("1..4\nok 1\nok 3\n", 0, 2, "its TAP lacks tests 2, 4 of its plan 1..4"),
        ("1..3\nok 1\n", 2, 1, "its TAP lacks tests 2-3 of its plan 1..3; sh exited with code 2"),
        ("1..2\nok 1\n", 0, 1, "its TAP lacks test 2 of its plan 1..2"),
        ("1..999999999\nok 5\n", 0, 1, "its TAP lacks tests 1-4, 6-999999999 of its plan"),
        ("1..3\n", 0, 0, "its TAP lacks tests 1-3 of its plan 1..3"),
        ("1..1\nok 1\nok 2\nok 3\n", 0, 3, "its TAP has tests 2-3 outside of its plan 1..1"),
        ("1..0\nok 1\n", 0, 1, "its TAP has test 1 outside of its plan 1..0"),
        ("1..1\nok 0\nok 1\n", 0, 2, "its TAP has test 0 outside of its plan 1..1"),
        ("1..2\nok 1 - a\nok 1 - b\n", 0, 2, "its TAP reports test 1 more than once; its TAP lacks test 2"),
        ("1..1\nok 1\n1..1\n", 0, 1, "its TAP has the plan 1..1 besides its plan 1..1"),
        ("TAP version 13\nok 1\n", 0, 1, "its TAP has no plan such as 1..1, so it may have ended early"),
        ("ok 1\nok 2\n", 3, 2, "its TAP has no plan such as 1..2, so it may have ended early; sh exited with code 3"),
        ("1..3\nok 1\nBail out!  no database\nok 2\n", 255, 1, "it bailed out: no database"),
        ("1..3\nok 1\nbail out!\n", 0, 1, "it bailed out: it did not say why"),
        ("1..0\n1..0\n", 0, 0, "its TAP has the plan 1..0 besides its plan 1..0"),
        ("1..1\nok 1\n", 3, 1, "sh exited with code 3 though no test it reports has failed"),
        ("1..1\n    1..2\n    ok 1 - a\nok 1 - g\n", 0, 1, "the TAP of its subtest g lacks test 2 of its plan 1..2"),
        ("1..1\n" + " " * 804 + "ok 1\n", 0, 0, "its TAP cannot be read: its subtests are nested more than 200 deep"),
        (
            "1..12\n" + "".join(f"    1..2\n    ok 1 - a\nok {n} - g{n}\n" for n in range(1, 13)),
            0,
            12,
            "the TAP of its subtest g10 lacks test 2 of its plan 1..2; and 2 more",
        ),
        ("1..25\n" + "ok 25\n" * 25, 0, 25, "reports test 25 more than once; its TAP lacks tests 1-24"),
        (
            "1..50\n" + "".join(f"ok {n}\n" for n in range(2, 52, 2)),
            0,
            25,
            "17, 19 and 15 other gaps of its plan 1..50",
        ),
    ],
)
def test_what_is_not_as_planned_is_an_error_of_the_file_beside_its_tests(printed, text, code, tests, message):
    found = printed(text, code)
    whole = found.pop(None)
    assert (whole.status, len(found)) == (ERROR, tests)
    assert message in whole.message
    assert all(outcome.status == PASSED for outcome in found.values())


SUBTESTS = """\
TAP version 14
# Subtest: form
    # Subtest: inner
        ok 1 - shows
        not ok 2 - submits
        1..2
    not ok 1 - inner
    ok 2 - closes
    1..2
not ok 1 - form
    1..1
    ok 1 - shows
ok 2 - unannounced
    ok 1 - this is output
ok 3 - plain
# Subtest: of a comment
    1..0 # SKIP no form
ok 4 # skip no form
ok 5 - later {
    ok 1 - a
    ok 2 - b {
        ok 1 - c # time=3ms
        1..1
    }
    1..2
}
    1..1
    ok 1 - child
not ok 6 - own failure
    1..1
    not ok 1 - child
not ok 7 - excused # TODO some day
1..7
"""


def test_subtests_are_told_by_their_joined_names_and_what_has_some_only_where_it_fails_by_itself(printed):
    found = printed(SUBTESTS, 1)
    assert statuses(found) == {
        "form > inner > shows": PASSED,
        "form > inner > submits": FAILED,
        "form > closes": PASSED,
        "unannounced > shows": PASSED,
        "plain": PASSED,
        "of a comment": SKIPPED,
        "later > a": PASSED,
        "later > b > c": PASSED,
        "own failure > child": PASSED,
        "own failure": FAILED,
        "excused > child": SKIPPED,
    }
    assert found["excused > child"].reason == "some day"
    assert found["later > b > c"].duration == 0.003


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "# Subtest: form\n    ok 1 - shows\n    # Subtest: inner\n        ok 1 - sub\n",
            {"form > shows": PASSED, "form > inner > sub": PASSED, None: ERROR},
        ),
        (
            "1..1\n# Subtest: form\n    1..1\n    ok 1 - a\n# Subtest: other\n    1..1\n    ok 1 - b\nok 1 - other\n",
            {"form > a": PASSED, "other > b": PASSED},
        ),
    ],
    ids=["broken off", "followed by another"],
)
def test_a_subtest_whose_result_is_missing_keeps_its_tests(printed, text, expected):
    assert statuses(printed(f"TAP version 14\n{text}")) == expected


def test_a_file_that_is_reported_as_a_test_around_its_tests_is_no_part_of_their_names(printed):
    assert statuses(printed("1..1\n    1..1\n    ok 1 - a\nok 1 - ./x.tap\n")) == {"a": PASSED}


def test_tests_are_chosen_and_excluded_by_name_and_an_unknown_name_lists_those_that_there_are(printed, to_case):
    found = printed(SUBTESTS, 1, ids=("x.tap::form > inner", "x.tap::gone"))
    assert statuses(found) == {"form > inner > shows": PASSED, "form > inner > submits": FAILED, "gone": ERROR}
    assert (
        "no test named gone in x.tap; there are: form > inner > shows, form > inner > submits" in found["gone"].message
    )
    left = printed("1..3\nok 1 - a\nok 2 - b\nok 3 - c\n", exclude=(to_case("x.tap::b"),))
    assert statuses(left) == {"a": PASSED, "c": PASSED}


def test_an_asked_test_that_was_never_reached_gets_what_befell_the_file(printed):
    found = printed("1..2\nok 1 - a\nBail out! no database\n", 1, ids=("x.tap::a", "x.tap::b"))
    assert (statuses(found), found["b"].message) == ({"a": PASSED, "b": ERROR}, "it bailed out: no database")


def test_a_report_that_the_command_writes_goes_before_what_it_prints(checkout):
    report = '<testsuites><testsuite name="x"><testcase name="written"/></testsuite></testsuites>'
    checkout.write(
        "x.tap", f"import os\nopen(os.environ['TESTFLOW_JUNIT'], 'w').write('{report}')\nprint('1..1\\nok 1')"
    )
    bench = checkout.bench(sys.executable, "{test_path}")
    (outcome,) = checkout.run(CommandRunner(), checkout.batch(bench, "x.tap"))
    assert (outcome.test.name, outcome.status) == ("written", PASSED)


def test_a_program_that_hangs_keeps_the_tests_it_has_told_but_not_half_a_line(checkout):
    checkout.write("x.tap", "import time\nprint('1..9\\nok 1 - a\\nnot ok 2 - b', end='', flush=True)\ntime.sleep(600)")
    bench = checkout.bench(sys.executable, "{test_path}")
    found = checkout.run(CommandRunner(), checkout.batch(bench, "x.tap", timeout=timedelta(seconds=2)))
    assert [(outcome.test.name, outcome.status) for outcome in found] == [("a", PASSED), (None, Status.TIMED_OUT)]


def test_more_than_can_be_shown_is_read_to_its_end(printed):
    found = printed("1..20000\n" + "".join(f"ok {n} - number {n} of many\n" for n in range(1, 20001)))
    assert len(found) == 20000
    assert set(statuses(found).values()) == {PASSED}
