"""The reader of TAP on whatever can be written: what is valid is read as it was meant, what is not does no harm."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from testflow_core.builtin.runners import tap_document, tap_report
from testflow_core.builtin.runners.program import Ending
from testflow_core.builtin.runners.tap_report import read_tap
from testflow_core.model import Status

NAMES = st.text("ab #\\-{1>é'", min_size=1).map(str.strip).filter(lambda name: name and not name.endswith("{"))
MARKS = {
    Status.PASSED: ("ok", ""),
    Status.FAILED: ("not ok", ""),
    Status.SKIPPED: ("not ok", " # TODO some day"),
}
LEAVES = st.tuples(NAMES, st.sampled_from(list(MARKS)))
GROUPS = st.recursive(
    st.lists(LEAVES, min_size=1, max_size=4),
    lambda inside: st.lists(LEAVES | st.tuples(NAMES, inside), min_size=1, max_size=4),
    max_leaves=12,
)


def ending(code=0, **fields):
    return Ending(code=code, duration=0.0, started=0.0, stdout="", stderr="", **fields)


def read(content, end):
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "stdout"
        output.write_bytes(content)
        return read_tap(output, end)


def leaves(group, around=()):
    for name, inside in group:
        if isinstance(inside, Status):
            yield (*around, name), inside
        else:
            yield from leaves(inside, (*around, name))


def written(group, *, plan_first, numbers, braces, indent=""):
    """The lines of a TAP document that says this."""
    plan = f"{indent}1..{len(group)}"
    lines = [plan] if plan_first else []
    for number, (name, inside) in enumerate(group, start=1):
        escaped = name.replace("\\", "\\\\").replace("#", "\\#")
        said = f"{number} - {escaped}" if numbers else f"- {escaped}"
        if isinstance(inside, Status):
            result, directive = MARKS[inside]
            lines.append(f"{indent}{result} {said}{directive}")
            continue
        below = written(inside, plan_first=plan_first, numbers=numbers, braces=braces, indent=f"{indent}    ")
        good = all(status is not Status.FAILED for _, status in leaves(inside))
        line = f"{indent}{'ok' if good else 'not ok'} {said}"
        lines += [f"{line} {{", *below, f"{indent}}}"] if braces else [*below, line]
    return lines if plan_first else [*lines, plan]


@given(
    group=GROUPS,
    plan_first=st.booleans(),
    numbers=st.booleans(),
    braces=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_document_is_read_as_it_was_meant(group, plan_first, numbers, braces, end):
    lines = ["TAP version 14", *written(group, plan_first=plan_first, numbers=numbers, braces=braces)]
    report = read(end.join(lines).encode(), ending())
    assert report.trouble == ""
    assert [(case.path, case.status) for case in report.cases] == list(leaves(group))


SOUP = st.sampled_from(
    [
        b"TAP version 13", b"ok", b"ok 1", b"not ok 2 - a", b"ok 3 - b # SKIP", b"not ok # TODO x", b"ok 4 - c {", b"}",
        b"1..3", b"1..0 # SKIP", b"# Subtest: s", b"# said", b"---", b"message: |-", b"...", b"Bail out!", b"hello",
        b"\xff\x00", b"ok " + b"9" * 5000, b"1.." + b"9" * 5000, b"",
    ]
)  # fmt: skip
INDENTED = st.builds(lambda width, line: b" " * width + line, st.integers(0, 14), SOUP)


@given(lines=st.lists(INDENTED | st.binary(max_size=20)), code=st.sampled_from([0, 1, -9]))
@example(lines=[b"1..1", b"    1..1", b"        ok 1 - c", b"# Subtest: x", b"ok 1 {", b"    ok 1"], code=0)
def test_whatever_is_printed_is_read_or_is_no_tap(lines, code):
    report = read(b"\n".join(lines), ending(code))
    assert report is None or report.trouble or report.cases


def test_output_that_is_no_tap_may_have_any_size(monkeypatch):
    monkeypatch.setattr(tap_report, "SIZE_LIMIT", 100)
    assert read(b"x" * 200, ending()) is None


def test_tap_beyond_the_limit_of_size_is_an_error_that_keeps_what_came_before(monkeypatch):
    monkeypatch.setattr(tap_report, "SIZE_LIMIT", 100)
    report = read(b"1..2\nok 1 - a\nok 2 - " + b"x" * 200, ending())
    assert [case.path for case in report.cases] == [("a",)]
    assert report.trouble == "its TAP cannot be read: it is larger than 100 bytes"


def test_more_tests_than_the_limit_are_an_error(monkeypatch):
    monkeypatch.setattr(tap_document, "RESULT_LIMIT", 2)
    assert "it has more than 2 tests" in read(b"1..3\nok 1\nok 2\nok 3\n", ending()).trouble


@pytest.mark.parametrize("cut", [{"timed_out": True}, {"flooded": True}, {"code": -9}])
def test_half_a_line_of_a_program_that_was_cut_off_is_no_test(cut):
    assert [case.path for case in read(b"1..2\nok 1 - a\nnot ok 2", ending(**cut)).cases] == [("a",)]


def test_a_program_without_output_is_no_tap(tmp_path):
    assert read_tap(tmp_path / "gone", ending()) is None
