"""The contract of analyzers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from testflow_core.interfaces import Relates
from testflow_core.model import (
    UNKNOWN,
    Category,
    Context,
    Diagnosis,
    Evidence,
    Failure,
    FailureAnalysis,
    KnownCause,
    Status,
    TestCase,
)
from testflow_core.testing.contracts.samples import ODD_TEXTS, TESTS, to_be_answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.interfaces import Analyzer

DECLARED = Context(
    analysis=FailureAnalysis(
        categories=(
            Category(name="validation", patterns=(re.compile("required field", re.IGNORECASE),)),
            Category(name="timeout", patterns=(re.compile("timed out|deadline", re.IGNORECASE),)),
            Category(name="late", patterns=(re.compile("deadline", re.IGNORECASE),)),
        ),
        routing={"validation": "api-team"},
    )
)


def _failure(test: TestCase, *texts: str, status: Status = Status.FAILED) -> Failure:
    kinds = ("message", "text", "stderr", "stdout")
    evidence = tuple(Evidence(kind=kinds[rank], text=text, rank=rank) for rank, text in enumerate(texts))
    return Failure(test=test, status=status, evidence=evidence)


FAILURES = (
    _failure(TESTS[1], "Required field 'amount' is missing", "the whole account"),
    _failure(TESTS[2], "assert 1 == 2"),
    _failure(TESTS[0], status=Status.ERROR),
    _failure(TESTS[4], "", "deadline exceeded", "stderr", "stdout", status=Status.TIMED_OUT),
)


def _diagnoses(analyzer: Analyzer, failures: Sequence[Failure], context: Context) -> list[Diagnosis]:
    return list(analyzer.analyze(failures, context))


class AnalyzerContract:
    """What holds of every Analyzer."""

    @pytest.fixture
    def analyzer(self) -> Analyzer:
        """The plugin."""
        raise to_be_answered("analyzer", "the Analyzer under test")

    @pytest.fixture
    def unexplained(self) -> Failure:
        """A failure of which nothing is known; one without evidence unless overridden."""
        return Failure(test=TESTS[1], status=Status.FAILED, evidence=())

    @pytest.mark.parametrize("context", [Context(), DECLARED], ids=["nothing declared", "categories declared"])
    def test_every_failure_has_one_diagnosis_in_order(self, analyzer: Analyzer, context: Context) -> None:
        for failures in (FAILURES, FAILURES[::-1]):
            diagnosed = [diagnosis.test.id for diagnosis in _diagnoses(analyzer, failures, context)]
            assert diagnosed == [failure.test.id for failure in failures], "answer one Diagnosis for each failure"

    @pytest.mark.parametrize("context", [Context(), DECLARED], ids=["nothing declared", "categories declared"])
    def test_every_diagnosis_has_a_category_and_a_reason(self, analyzer: Analyzer, context: Context) -> None:
        for diagnosis in _diagnoses(analyzer, FAILURES, context):
            assert diagnosis.category.strip(), f"the category of what nobody knows is {UNKNOWN!r}"
            assert diagnosis.reason.strip(), "a person wants to check why the failure has this category"

    def test_what_nobody_knows_is_unknown(self, analyzer: Analyzer, unexplained: Failure) -> None:
        (diagnosis,) = _diagnoses(analyzer, (unexplained,), Context())
        assert diagnosis.category == UNKNOWN

    def test_no_failure_is_no_diagnosis(self, analyzer: Analyzer) -> None:
        assert _diagnoses(analyzer, (), DECLARED) == []

    def test_the_same_is_said_again(self, analyzer: Analyzer) -> None:
        assert _diagnoses(analyzer, FAILURES, DECLARED) == _diagnoses(analyzer, FAILURES, DECLARED), (
            "an analyzer is pure"
        )

    @pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
    def test_odd_evidence_is_no_exception(self, analyzer: Analyzer, text: str) -> None:
        failures = [_failure(TESTS[1], text), _failure(TESTS[2], "short", text), FAILURES[0]]
        diagnosed = [diagnosis.test for diagnosis in _diagnoses(analyzer, failures, DECLARED)]
        assert diagnosed == [failure.test for failure in failures]


class AnalyzerByCategories:
    """What holds of an Analyzer that goes by the declared patterns; inherited beside AnalyzerContract."""

    def test_a_matching_pattern_gives_its_category(self, analyzer: Analyzer) -> None:
        said = {diagnosis.test: diagnosis.category for diagnosis in _diagnoses(analyzer, FAILURES, DECLARED)}
        assert said[FAILURES[0].test] == "validation", "'Required field' matches the pattern 'required field'"
        assert said[FAILURES[3].test] == "timeout", "of two categories that match, the one declared first counts"
        declared = {category.name for category in DECLARED.analysis.categories}
        assert said[FAILURES[1].test] not in declared, "no declared pattern matches"

    def test_the_evidence_is_of_the_failure(self, analyzer: Analyzer) -> None:
        diagnosis, *_ = _diagnoses(analyzer, FAILURES, DECLARED)
        assert diagnosis.evidence is not None, "show by what the failure is known"
        assert diagnosis.evidence.text in FAILURES[0].evidence[0].text
        assert diagnosis.evidence.kind == "message"


class AnalyzerThatRelates:
    """What holds of an Analyzer that `Relates`; inherited beside AnalyzerContract."""

    def test_the_same_again_is_a_known_cause(self, analyzer: Analyzer) -> None:
        assert isinstance(analyzer, Relates), "an analyzer that relates has the method `related`"
        made = _diagnoses(analyzer, FAILURES, Context())
        known = [KnownCause(id=f"known {at}", category=each.category, title="") for at, each in enumerate(made)]
        known = [evolve(each, masked=said.masked) for each, said in zip(known, made, strict=True)]
        new = [evolve(each, id=f"new {at}") for at, each in enumerate(known)]
        found = analyzer.related(new, known)
        names = {each.id for each in (*known, *new)}
        assert found.keys() <= {each.id for each in new}, "answer for the causes that are asked about alone"
        assert set(found.values()) <= names - found.keys(), "answer the one that others are, which is none of others"
        assert found == analyzer.related(new, known), "an analyzer is pure"

    def test_what_was_compared_by_nothing_is_no_known_cause(self, analyzer: Analyzer) -> None:
        assert isinstance(analyzer, Relates)
        nothing = [KnownCause(id=name, category=UNKNOWN, title="", masked="") for name in ("one", "other")]
        assert analyzer.related(nothing[:1], nothing[1:]) == {}
