"""What the outcomes of a run say of the tests that still wait in it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.builtin.selectors.prospects import from_log_odds, log_odds
from testflow_core.model.causes import cause_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_core.builtin.selectors.prospects import Prospect
    from testflow_core.model import Outcome, Past, TestCase

GAIN = 0.3
"""What is added to the log odds of a test where another has failed, that always failed together with it."""

SAME_FILE = 0.5
"""What tests of one file have in common, as a share of those that always fail together."""

SAME_CAUSE = 2.0
"""What is added where another has failed with the message with which this one always failed; once for a message."""

_ONCE = 1
"""Runs that are added to those in which two tests failed, so that one common failure is no rule."""


LARGEST = 200
"""Tests that failed in one run, beyond which it says nothing of any two of them: everything was broken."""


class Adaptation:
    """
    Moves tests that failed in the same runs together: forward where one fails, back where it passes.

    Forward go also those in the file of one that fails, and those that failed with its message before, in any run.

    How much two have in common is the share of the runs in which one of them failed that both did (P. Jaccard, 1901).
    Log odds are added up, as in naive Bayes classifiers; `GAIN` is small because outcomes of one cause are no
    independent witnesses of it.
    """

    def __init__(self, prospects: Iterable[Prospect], past: Past) -> None:
        self._prospects = {each.test: each for each in prospects}
        self._odds: dict[TestCase, float] = {}
        self._by_run: dict[int, list[TestCase]] = {}
        self._by_file: dict[tuple[str, str], list[TestCase]] = {}
        self._by_cause: dict[str, list[TestCase]] = {}
        self._failed_in: dict[TestCase, set[int]] = {}
        for track in (track for tracks in past.tracks.values() for track in tracks if track.failed_in):
            test = evolve(track.test, variant="") if track.test.variant else track.test
            for heard in (test, evolve(test, name=None)):
                self._failed_in.setdefault(heard, set()).update(track.failed_in)
        for test, each in self._prospects.items():
            self._by_file.setdefault((test.application, test.file), []).append(test)
            for run in each.failed_in:
                self._by_run.setdefault(run, []).append(test)
            for cause in {*each.causes} - {""}:
                self._by_cause.setdefault(cause, []).append(test)

    def __call__(self, outcomes: Iterable[Outcome]) -> Iterator[tuple[Prospect, str]]:
        """The tests of which something else is to be expected now, with the reason."""
        changed: dict[TestCase, str] = {}
        for outcome in outcomes:
            # Choices are of tests in whatever variant.
            test = evolve(outcome.test, variant="") if outcome.test.variant else outcome.test
            if outcome.status.letter:
                changed |= self._together(test, failing=outcome.status.failing)
            if outcome.status.failing:
                changed |= self._same_file(test)
                changed |= self._same_cause(test, outcome.message or outcome.reason)
        for test, reason in changed.items():
            yield self._prospects[test]._replace(chance=from_log_odds(self._odds[test])), reason

    def _together(self, heard: TestCase, *, failing: bool) -> dict[TestCase, str]:
        """Those that failed in the runs in which this test did."""
        runs = self._failed_in.get(heard)
        if not runs:
            return {}
        common = Counter(test for run in runs for test in self._tests_of(run))
        sign, word = (GAIN, "failed") if failing else (-GAIN, "passed")
        changed: dict[TestCase, str] = {}
        for test, number in common.items():
            if not _is_or_has(test, heard):
                either = len(runs) + len(self._prospects[test].failed_in) - number
                self._add(test, sign * number / (either + _ONCE))
                changed[test] = f"{heard.id} {word} in this run, and both failed in {number} of {either} runs"
        return changed

    def _same_file(self, heard: TestCase) -> dict[TestCase, str]:
        place = (heard.application, heard.file)
        tests = self._by_file.pop(place, ())
        others = [test for test in tests if not _is_or_has(test, heard)]
        for test in others:
            self._add(test, GAIN * SAME_FILE)
        return dict.fromkeys(others, f"{heard.id}, in the same file, failed in this run")

    def _same_cause(self, heard: TestCase, message: str) -> dict[TestCase, str]:
        cause = cause_of(message)
        tests = self._by_cause.pop(cause, ())
        others = [test for test in tests if not _is_or_has(test, heard)] if len(tests) <= LARGEST else ()
        changed: dict[TestCase, str] = {}
        for test in others:
            causes = self._prospects[test].causes
            number = causes.count(cause)
            self._add(test, SAME_CAUSE * number / (len(causes) + _ONCE))
            changed[test] = f"{heard.id} failed in this run, with the message of {number} of its {len(causes)} failures"
        return changed

    def _tests_of(self, run: int) -> Sequence[TestCase]:
        tests = self._by_run.get(run, ())
        return tests if len(tests) <= LARGEST else ()

    def _add(self, test: TestCase, gain: float) -> None:
        self._odds[test] = self._odds.get(test, log_odds(self._prospects[test].chance)) + gain


def _is_or_has(test: TestCase, heard: TestCase) -> bool:
    return (test.application, test.file) == (heard.application, heard.file) and test.name in {None, heard.name}
