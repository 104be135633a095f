"""The analyzer `regex`."""

import re
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testflow_regex_analyzer import RegexAnalyzer

from testflow_core.model import Category, Context, Diagnosis, Evidence, Failure, FailureAnalysis, Status, TestCase

CATASTROPHIC = r"(a+)+$"
SLOW_LINE = "a" * 40 + "!"
QUICKSTART = {
    "database_connection": ["ConnectionError", "database is unreachable"],
    "authentication": ["Unauthorized", "Invalid token"],
    "validation": ["ValidationError", "invalid input"],
}


def failure(*pieces: tuple[str, str, int] | str, name: str = "test_x") -> Failure:
    evidence = tuple(
        Evidence(kind="message", text=piece, rank=0)
        if isinstance(piece, str)
        else Evidence(kind=piece[0], text=piece[1], rank=piece[2])
        for piece in pieces
    )
    test = TestCase(application="pay", file="tests/test_a.py", name=name)
    return Failure(test=test, status=Status.FAILED, evidence=evidence)


def declared(categories: dict[str, list[str]], flags: re.RegexFlag = re.NOFLAG) -> Context:
    made = tuple(
        Category(name=name, patterns=tuple(re.compile(pattern, flags) for pattern in patterns))
        for name, patterns in categories.items()
    )
    return Context(analysis=FailureAnalysis(categories=made))


def diagnoses(
    failures: Iterable[Failure],
    categories: dict[str, list[str]],
    analyzer: RegexAnalyzer | None = None,
    flags: re.RegexFlag = re.NOFLAG,
) -> list[Diagnosis]:
    return list((analyzer or RegexAnalyzer(pack=False)).analyze(tuple(failures), declared(categories, flags)))


def diagnosis(of: Failure, categories: dict[str, list[str]], flags: re.RegexFlag = re.NOFLAG) -> Diagnosis:
    (made,) = diagnoses([of], categories, flags=flags)
    return made


def test_a_pattern_that_matches_gives_the_category_with_its_evidence():
    made = diagnosis(failure("first line\nValidationError: amount\nlast line"), QUICKSTART)
    assert made.category == "validation"
    assert made.reason == "'ValidationError' matched the message"
    assert made.evidence == Evidence(kind="message", text="ValidationError: amount", rank=0)


def test_the_best_evidence_wins_over_the_first_category():
    pieces = [("stderr", "ConnectionError", 5), ("message", "invalid input", 0)]
    assert diagnosis(failure(*pieces), QUICKSTART).category == "validation"


def test_the_first_declared_category_wins_where_evidence_is_equally_good():
    made = diagnosis(failure(("stdout", "invalid input", 1), ("stderr", "ConnectionError", 1)), QUICKSTART)
    assert made.category == "database_connection"
    assert made.evidence == Evidence(kind="stderr", text="ConnectionError", rank=1)


def test_evidence_without_a_match_leaves_the_decision_to_the_next():
    made = diagnosis(failure("assert False", ("stderr", "Unauthorized", 3), ("log", "ConnectionError", 4)), QUICKSTART)
    assert made.category == "authentication"
    assert made.reason == "'Unauthorized' matched the stderr"


def test_nothing_that_matches_is_unknown_with_the_first_evidence():
    made = diagnosis(failure("assert False", ("stderr", "", 3)), QUICKSTART)
    assert (made.category, made.reason) == ("unknown", "no pattern matched")
    assert made.evidence == Evidence(kind="message", text="assert False", rank=0)


def test_a_failure_without_evidence_is_unknown_without_evidence():
    made = diagnosis(failure(), QUICKSTART)
    assert (made.category, made.evidence) == ("unknown", None)


@pytest.mark.parametrize("categories", [{}, {"empty": []}])
def test_without_patterns_everything_is_unknown(categories: dict[str, list[str]]):
    made = diagnosis(failure("ValidationError"), categories)
    assert (made.category, made.reason) == ("unknown", "no category has a pattern")


def test_without_failures_there_is_no_diagnosis():
    assert diagnoses([], QUICKSTART) == []


def test_every_failure_gets_one_diagnosis_in_order():
    failures = [failure("invalid input" if index % 2 else "assert False", name=f"test_{index}") for index in range(200)]
    made = diagnoses(failures, QUICKSTART)
    assert [each.test for each in made] == [each.test for each in failures]
    assert [each.category for each in made] == ["unknown", "validation"] * 100


@pytest.mark.parametrize(
    ("flags", "category"), [(re.NOFLAG, "unknown"), (re.IGNORECASE, "x"), (re.IGNORECASE | re.DEBUG, "x")]
)
def test_the_flags_of_a_pattern_are_kept(flags: re.RegexFlag, category: str):
    assert diagnosis(failure("VALIDATIONERROR"), {"x": ["validationerror"]}, flags).category == category


def test_a_pattern_may_span_lines_and_its_evidence_is_all_of_them():
    made = diagnosis(failure("one\ntwo caused\r\nby three\nfour"), {"x": [r"caused\s+by"]})
    assert made.evidence
    assert made.evidence.text == "two caused\r\nby three"


@pytest.mark.parametrize(
    ("text", "pattern", "line"),
    [
        ("a\nb\nc", "c", "c"),
        ("a\nb\nc", "a", "a"),
        ("a\nb\nc", "b\n", "b"),
        ("a\nb\nc", r"\Z", "c"),
        ("a\n\nc", "(?m)^$", ""),
        ("größe 日本\n\udcff 😀", "😀", "\udcff 😀"),
    ],
)
def test_evidence_is_the_line_of_the_match(text: str, pattern: str, line: str):
    made = diagnosis(failure(text), {"x": [pattern]})
    assert made.category == "x"
    assert made.evidence
    assert made.evidence.text == line


def test_evidence_of_an_endless_line_is_cut_around_the_match():
    made = diagnosis(failure("x" * 50_000 + "NEEDLE" + "x" * 50_000), {"x": ["NEEDLE"]})
    assert made.evidence
    assert "NEEDLE" in made.evidence.text
    assert len(made.evidence.text) == 2_000


@pytest.mark.parametrize("where", ["head", "tail"])
def test_of_a_very_long_text_head_and_tail_are_searched_and_the_reason_says_so(where: str):
    filling = "filling\n" * 100_000
    text = f"NEEDLE\n{filling}" if where == "head" else f"{filling}NEEDLE\n"
    made = diagnosis(failure(text), {"x": ["NEEDLE"]})
    assert made.category == "x"
    assert made.reason == (
        "'NEEDLE' matched the message (of 800,007 characters of the message, the first and last 131,072 were searched)"
    )


def test_the_middle_of_a_very_long_text_is_not_searched_and_the_reason_says_so():
    filling = "filling\n" * 100_000
    made = diagnosis(failure(f"{filling}NEEDLE{filling}"), {"x": ["NEEDLE"]})
    assert made.category == "unknown"
    assert "the first and last 131,072 were searched" in made.reason


def test_a_catastrophic_pattern_is_given_up_and_the_others_decide():
    started = time.monotonic()
    failures = [failure(f"{SLOW_LINE}\ninvalid input", name=f"test_{index}") for index in range(20)]
    made = diagnoses(failures, {"slow": [CATASTROPHIC], **QUICKSTART})
    assert {each.category for each in made} == {"validation"}
    assert {each.reason for each in made} == {"'invalid input' matched the message; given up after 0.5 s: '(a+)+$'"}
    assert time.monotonic() - started < 20


def test_a_catastrophic_pattern_alone_leaves_the_failure_unknown_and_is_named():
    made = diagnosis(failure(SLOW_LINE), {"slow": [CATASTROPHIC]})
    assert (made.category, made.reason) == ("unknown", "no pattern matched; given up after 0.5 s: '(a+)+$'")


def test_the_time_of_a_pattern_is_an_option():
    analyzer = RegexAnalyzer(pattern_timeout=timedelta(seconds=0.05), pack=False)
    (made,) = diagnoses([failure(SLOW_LINE)], {"slow": [CATASTROPHIC]}, analyzer)
    assert "given up after 0.05 s" in made.reason


def test_no_answer_in_time_leaves_that_failure_and_the_rest_unknown_with_the_reason():
    analyzer = RegexAnalyzer(pattern_timeout=timedelta(hours=1), timeout=timedelta(seconds=1), pack=False)
    made = diagnoses([failure("fine"), failure(SLOW_LINE), failure("fine")], {"x": ["fine", CATASTROPHIC]}, analyzer)
    assert [each.category for each in made] == ["x", "unknown", "unknown"]
    assert made[1].reason == made[2].reason == "searching took more than 1 s"


def test_a_search_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr("sys.executable", str(tmp_path / "missing"))
    made = diagnosis(failure("invalid input"), QUICKSTART)
    assert made.category == "unknown"
    assert "the searching process cannot be started" in made.reason


def test_a_search_that_ends_by_itself_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.executable", "/bin/true")
    made = diagnosis(failure("invalid input"), QUICKSTART)
    assert made.category == "unknown"
    assert made.reason.startswith("the searching process ")


PIECES = st.lists(
    st.tuples(st.sampled_from(["message", "stderr"]), st.sampled_from(["a", "b", "ab", "c", ""]), st.integers(0, 2)),
    max_size=4,
)


@settings(max_examples=25)
@given(pieces=st.lists(PIECES, min_size=1, max_size=5))
def test_the_category_is_the_first_that_matches_in_the_lowest_rank_with_a_match(
    pieces: list[list[tuple[str, str, int]]],
):
    made = diagnoses([failure(*each) for each in pieces], {"a": ["a"], "b": ["b"]})
    for each, of in zip(made, pieces, strict=True):
        by_rank = [
            category
            for rank in range(3)
            for category in "ab"
            if any(category in text for _, text, at in of if at == rank)
        ]
        assert each.category == next(iter(by_rank), "unknown")
