"""The contract of reporters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import pytest
from attrs import evolve

from testflow_core.interfaces import Observes, Reporter
from testflow_core.model import (
    Application,
    BatchDone,
    BatchSubmitted,
    Choice,
    Diagnosis,
    Event,
    Evidence,
    Outcome,
    PhaseStarted,
    Plan,
    Planned,
    PluginFailure,
    Progressed,
    Route,
    Run,
    Status,
    TestEnded,
    TestResult,
    TestWorkflow,
)
from testflow_core.testing.contracts.samples import ODD_TEXTS, TESTS, to_be_answered

if TYPE_CHECKING:
    from pathlib import Path

Published: TypeAlias = Callable[[Run], object]
"""What is published of a run by now: anything that can be compared, false where there is nothing."""


def _run(directory: Path, text: str, run_id: str = "20261122-203446-5f3a") -> Run:
    """A run with a test for every status, in which everything that somebody says is `text`."""
    evidence = Evidence(kind="message", text=text, rank=0)
    results = [
        TestResult(
            test_id=TESTS[1].id,
            status=status,
            reason=text,
            duration=1.5,
            category="validation" if status.failing else "",
            assigned_to=text if status.failing else "",
            logs=text,
            message=text,
            diagnosis=Diagnosis(test=TESTS[1], category="validation", reason=text, evidence=evidence),
            route=Route(test=TESTS[1], team=text, reason=text),
        )
        for status in Status
    ]
    results.append(TestResult(test_id=f"shop::tests/test_{text[:100]}.py::{text[:100]}", status=Status.FAILED))
    return Run(
        run_id=run_id,
        workflow=f"checkout {text[:100]}",
        started=1_795_379_686.0,
        choices=(Choice(test=TESTS[1], selected=True, reason=text),),
        outcomes=(Outcome(test=TESTS[1], status=Status.FAILED, message=text, text=text, stdout=text, stderr=text),),
        results=tuple(results),
        warnings=(text,),
        plugin_failures=(PluginFailure(kind="reporter", name="chat", traceback=f"Traceback ...\nOSError: {text}"),),
        phases={"plan": 0.5, "execute": 7.5},
        provisioner="process: it refuses nothing",
        reports=directory / "reports" / run_id,
    )


class ReporterContract:
    """What holds of every Reporter."""

    @pytest.fixture
    def reporter(self) -> Reporter:
        """The plugin."""
        raise to_be_answered("reporter", "the Reporter under test")

    @pytest.fixture
    def published(self) -> Published:
        """What is published of a run by now."""
        raise to_be_answered("published", "a function of a Run: all that is published of it by now, to be compared")

    def test_a_run_is_published(self, reporter: Reporter, published: Published, tmp_path: Path) -> None:
        run = _run(tmp_path, "required field")
        assert not published(run), "nothing is published before `report` is called"
        reporter.report(run)
        assert published(run)

    def test_a_run_that_is_reported_twice_is_published_once(
        self, reporter: Reporter, published: Published, tmp_path: Path
    ) -> None:
        run = _run(tmp_path, "required field")
        reporter.report(run)
        once = published(run)
        reporter.report(evolve(run))
        assert published(run) == once, "whoever repeats a report must not comment, or count, twice"

    def test_the_next_run_is_published_too(self, reporter: Reporter, published: Published, tmp_path: Path) -> None:
        reporter.report(_run(tmp_path, "text", "run-1"))
        second = _run(tmp_path, "text", "run-2")
        before = published(second)
        reporter.report(second)
        assert published(second) != before, "a reporter that has published one run does not publish the next"

    @pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
    def test_odd_characters_are_published_somehow(
        self, reporter: Reporter, published: Published, tmp_path: Path, text: str
    ) -> None:
        run = _run(tmp_path, text)
        reporter.report(run)
        assert published(run)

    def test_a_run_without_anything_is_published(
        self, reporter: Reporter, published: Published, tmp_path: Path
    ) -> None:
        run = Run(run_id="empty", workflow="nothing", started=0.0, reports=tmp_path / "reports" / "empty")
        reporter.report(run)
        assert published(run), "a run that tested nothing is worth a word"

    def test_a_run_that_has_no_folder_for_reports_is_no_exception(self, reporter: Reporter, tmp_path: Path) -> None:
        reporter.report(evolve(_run(tmp_path, "text"), reports=None))


def _events(text: str) -> tuple[Event, ...]:
    plan = Plan(
        workflow=TestWorkflow(name=f"checkout {text[:100]}"),
        applications={"shop": Application(name="shop")},
        choices=tuple(Choice(test=test, selected=True, reason=text) for test in TESTS),
        unavailable={TESTS[0]: text},
        warnings=(text,),
    )
    ended = [TestEnded(outcome=Outcome(test=TESTS[1], status=each, message=text, text=text)) for each in Status]
    phases = [PhaseStarted(name=name) for name in ("plan", "data", "provision", "execute", "triage", "report")]
    begun = (Progressed(text=text), BatchSubmitted(batch="1", tests=TESTS))
    return (phases[0], Planned(plan=plan), *phases[1:4], *begun, *ended, BatchDone(batch="1"), *phases[4:])


class ReporterThatObserves:
    """What holds of a Reporter that has `observe`; inherited beside ReporterContract."""

    def test_it_is_found_to_observe(self, reporter: Reporter) -> None:
        assert isinstance(reporter, Observes), "the core tells whoever has the method `observe`"

    @pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
    def test_a_run_can_be_followed_and_then_reported(self, reporter: Reporter, tmp_path: Path, text: str) -> None:
        assert isinstance(reporter, Observes)
        for event in _events(text):
            reporter.observe(event)
        reporter.report(_run(tmp_path, text))

    @pytest.mark.parametrize("first", range(len(_events(""))), ids=lambda n: f"event {n}")
    def test_whoever_comes_late_or_leaves_early_is_no_exception(self, reporter: Reporter, first: int) -> None:
        assert isinstance(reporter, Observes)
        events = _events("text")
        for event in (*events[first:], *events[:first]):
            reporter.observe(event)
