"""Changed files that may be to blame for a cause, by its frames, the recorded map, and who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.causes.signs import fixtures_of, is_data, is_document, is_inert, names
from testflow_core.interfaces import CHANGE_SOURCE, TellsLines
from testflow_core.model import ChangedLines, Suspect
from testflow_core.ownership import file_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from testflow_core.model import Change, Diagnosis, Past, Plan, TestCase, TouchedMap
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins

SHOWN = 5
"""Suspects that are told of one cause, and asked about."""
ASKED = 200
"""Files of one change that are looked up in what was recorded; of more, those in the frames alone."""

ASKED_LINES = 50
"""Files whose changed lines are asked for in one run."""

FAILED_LINE, FAILED_FILE, NAMED, OF_TRACE, OF_TEST, TOUCHED, KINDRED = 4.0, 3.0, 2.0, 1.5, 1.0, 1.0, 0.5
"""
What it counts that a changed line failed, that the failing frame is in a changed file, that what failed names it.

Then that another frame is in it; that the file is the test's own, or fixtures for it; that all of the tests touched it:
if some of them did, as much less; that it is data, and the test failed of data.
"""
NARROW = 0.5
"""What it counts that nobody else touched a file that the failing tests did; of one that all touch nothing."""


@frozen(kw_only=True)
class Frames:
    """The places of a trace within a checkout, relative to it, that of the frame that failed first."""

    failing: str
    places: tuple[tuple[str, int], ...]


class Suspects:
    """What changed in the applications of a run, and who changed it: asked once for each file."""

    def __init__(self, plan: Plan, past: Past, plugins: Plugins, calls: PluginCalls) -> None:
        self._plan = plan
        self._past = past
        self._plugins = plugins
        self._calls = calls
        self._lines: dict[tuple[str, str], tuple[ChangedLines, ...]] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        # Many failures have the same frames.
        self._within: dict[tuple[str, str], str] = {}

    def of(self, diagnosis: Diagnosis, tests: Sequence[TestCase], said: str = "") -> tuple[Suspect, ...]:
        """
        The changed files that may be to blame for what these tests failed of, the most suspected first.

        `said` is what one of them said. What makes nothing else happen than before is not suspected.
        """
        found: list[Suspect] = []
        for application in dict.fromkeys(test.application for test in tests):
            change = self._plan.changes.get(application)
            if change is not None and change.files:
                found += self._of(application, change, diagnosis, [t for t in tests if t.application == application])
                found = self._with_named(application, change, said, found)
        looked_at = (self._with_lines(each, diagnosis) for each in _ranked(found)[:SHOWN])
        return _ranked(each for each in looked_at if each is not None)

    def at_work(self, application: str) -> tuple[str, ...]:
        """The changed files that may make something else happen: neither documents nor comments; as far as is known."""
        change = self._plan.changes.get(application)
        files = [file for file in (change.files if change else None) or () if not is_document(file)]
        return tuple(file for file in files if not is_inert(self._changed(application, file)))

    def _with_named(self, application: str, change: Change, said: str, found: Iterable[Suspect]) -> list[Suspect]:
        """With the files that are named where none of a trace are: what is gone, or cannot be read."""
        suspects = {(each.application, each.file): each for each in found}
        for file in (change.files or ())[:ASKED] if said else ():
            if not names(said, file):
                continue
            known = suspects.get((application, file)) or Suspect(
                application=application, file=file, score=0.0, reasons=()
            )
            if known.score < FAILED_FILE:
                suspects[application, file] = evolve(
                    known, score=known.score + NAMED, reasons=("what failed names it", *known.reasons)
                )
        return list(suspects.values())

    def _of(
        self, application: str, change: Change, diagnosis: Diagnosis, tests: Sequence[TestCase]
    ) -> Iterable[Suspect]:
        files = frozenset(change.files or ())
        frames = self._frames(application, diagnosis)
        counted: dict[str, dict[str, float]] = {}
        if frames.failing in files:
            counted.setdefault(frames.failing, {})["the failing frame is in it"] = FAILED_FILE
        for file, _ in frames.places:
            if file in files and file != frames.failing:
                counted.setdefault(file, {})["a frame of the trace is in it"] = OF_TRACE
        for file, reason, score in _by_kind(files, diagnosis, tests):
            counted.setdefault(file, {})[reason] = score
        touched = self._past.maps.get(application)
        if touched is not None:
            candidates = files if len(files) <= ASKED else frozenset(counted)
            failing = self._recorded(application, touched, tests)
            for file, (reason, score) in _touching(touched, candidates, failing).items():
                counted.setdefault(file, {})[reason] = score
        for file, reasons in counted.items():
            yield Suspect(application=application, file=file, score=sum(reasons.values()), reasons=tuple(reasons))

    def _recorded(self, application: str, touched: TouchedMap, tests: Sequence[TestCase]) -> int:
        """The set of those of the tests that were recorded."""
        if application not in self._numbers:
            self._numbers[application] = {place: number for number, place in enumerate(touched.tests)}
        numbers = self._numbers[application]
        places = {f"{test.file}::{test.name}" for test in tests}
        return sum(1 << numbers[place] for place in places if place in numbers)

    def _frames(self, application: str, diagnosis: Diagnosis) -> Frames:
        checkout = self._checkout(application)
        if checkout is None or diagnosis.test.application != application:
            return Frames(failing="", places=())
        printed: dict[str, str] = {}
        for file in dict.fromkeys(diagnosis.frames):
            key = application, file
            if key not in self._within:
                self._within[key] = file_within(file, checkout)
            printed[file] = self._within[key]
        lines = (*diagnosis.lines, *(0 for _ in diagnosis.frames))
        places = tuple(
            (file, line) for name, line in zip(diagnosis.frames, lines, strict=False) if (file := printed[name])
        )
        return Frames(failing=diagnosis.file or (places[0][0] if places else ""), places=places)

    def _checkout(self, application: str) -> Path | None:
        known = self._plan.applications.get(application)
        return known and known.path

    def _with_lines(self, suspect: Suspect, diagnosis: Diagnosis) -> Suspect | None:
        """With the lines that changed, those that failed first: they are to blame more; None where none can matter."""
        changed = self._changed(suspect.application, suspect.file)
        failed = {line for file, line in self._frames(suspect.application, diagnosis).places if file == suspect.file}
        hit = [each for each in changed if any(each.first <= line <= each.last for line in failed)]
        if not hit and is_inert(changed):
            return None
        if not hit:
            return evolve(suspect, lines=changed[:SHOWN])
        reasons = (f"line {min(failed & _numbers(hit))}, which failed, was changed", *suspect.reasons)
        lines = (*hit, *(each for each in changed if each not in hit))[:SHOWN]
        return evolve(suspect, score=suspect.score + FAILED_LINE, reasons=reasons, lines=lines)

    def _changed(self, application: str, file: str) -> tuple[ChangedLines, ...]:
        key = application, file
        if key not in self._lines and len(self._lines) < ASKED_LINES:
            self._lines[key] = self._ask(application, file)
        return self._lines.get(key, ())

    def _ask(self, application: str, file: str) -> tuple[ChangedLines, ...]:
        known, change = self._plan.applications.get(application), self._plan.changes[application]
        for name in self._plugins.names(CHANGE_SOURCE) if known is not None else ():
            source = self._plugins.load(CHANGE_SOURCE, name)
            if known is None or not isinstance(source, TellsLines):
                continue
            teller = source
            answer = self._calls.answer(
                CHANGE_SOURCE, name, lambda teller=teller: tuple(teller.changed_lines(known, change, file)), ()
            )
            if answer:
                return answer
        return ()


def _by_kind(
    files: frozenset[str], diagnosis: Diagnosis, tests: Sequence[TestCase]
) -> Iterator[tuple[str, str, float]]:
    """Files with a reason and what it counts, by what they are."""
    yield from ((file, "it is the test's own file", OF_TEST) for file in {test.file for test in tests} & files)
    yield from ((file, "it has fixtures for the test", OF_TEST) for file in fixtures_of(tests) & files)
    if diagnosis.category.partition("/")[0] == "data":
        yield from ((file, "it is data, and the test failed of data", KINDRED) for file in files if is_data(file))


def _ranked(suspects: Iterable[Suspect]) -> tuple[Suspect, ...]:
    return tuple(sorted(suspects, key=lambda each: (-each.score, each.application, each.file)))


def _numbers(changed: Iterable[ChangedLines]) -> set[int]:
    return {line for each in changed for line in range(each.first, each.last + 1)}


def _touching(touched: TouchedMap, files: Iterable[str], failing: int) -> Mapping[str, tuple[str, float]]:
    """The files that tests of a set touched when they were recorded; what few others touch tells more."""
    if not failing:
        return {}
    found: dict[str, tuple[str, float]] = {}
    known = touched.recorded.bit_count()
    for file in files:
        using = touched.using(file)
        share = (using & failing).bit_count() / failing.bit_count()
        if share:
            rare = 1 - using.bit_count() / max(1, known)
            who = "all of the tests" if share == 1 else f"{share:.0%} of the tests"
            found[file] = f"{who} touched it when they were recorded", TOUCHED * share + NARROW * rare
    return found
