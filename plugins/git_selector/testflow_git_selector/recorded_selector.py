"""The selector `recorded`: runs the tests that a change can concern by what they touched when they last ran."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core.interfaces import Selector
from testflow_core.model import Choice
from testflow_git_selector.compared import is_new
from testflow_git_selector.recorded import Concerned, concerned
from testflow_git_selector.served import add_served

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from testflow_core.model import Context, TestCase, TouchedMap

NAMED = 3
CALLABLE = re.compile(r"[^\W\d]\w*(?:::[^\W\d]\w*)*")
"""Names of functions, and of methods with their classes."""

SKIPPED = "nothing that it touched when it was recorded is another now"


@frozen(kw_only=True)
class SelectByRecord(Selector):
    """
    Selects what the recorded map says is concerned, what it does not know, and what failed last.

    Where there is no map that can be used, or a changed file of which it cannot say whom it concerns, all tests run.
    With `whole_files` all tests of a file run where one must, as where they rely on what those before them have left.
    """

    whole_files: bool = False

    def gather(self, context: Context) -> Concerned | None:
        """Whom the record says the change concerns; None where there is no record that can be used."""
        return looked_up(context)

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """One choice for every test, in order; its reason is the chain from a change to the test."""
        found = context.evidence
        if not isinstance(found, Concerned):
            reason = _everything(context) or "nobody has looked into what was recorded: all tests run"
            return [Choice(test=test, selected=True, reason=reason) for test in tests]
        if found.unexplained:
            reason = f"{found.unexplained[0]} changed and the record cannot say whom it concerns: all tests run"
            return [Choice(test=test, selected=True, reason=reason) for test in tests]
        return recorded_choices(tests, context, found)

    def narrowed(self, choices: Sequence[Choice], context: Context) -> Mapping[TestCase, Sequence[Choice]]:
        """The single tests of files of which the record says that only some are concerned."""
        found = context.evidence
        if self.whole_files or not isinstance(found, Concerned) or found.unexplained:
            return {}
        return single_tests(choices, context, found)


def looked_up(context: Context) -> Concerned | None:
    """Whom the record says the change concerns; None where there is no record that can be used."""
    application, change = context.application, context.change
    if _everything(context) or application is None or application.path is None or change is None:
        return None
    checkout, touched = application.path, context.past.maps[application.name]
    found = concerned(touched, checkout, change.files or (), lambda path: is_new(checkout, change, path))
    if context.served:
        add_served(found, touched, checkout, change)
    return found


def single_tests(
    choices: Sequence[Choice], context: Context, found: Concerned, besides: Container[str] = ()
) -> Mapping[TestCase, Sequence[Choice]]:
    """
    The tests of chosen files of which the record says that only some are concerned, each with its own choice.

    All of a file run that is another now, or uses a name that is, or that is among those chosen for something else: it
    may have tests that nobody knows. So they do where one failed last, or has a name that nobody can call it by.
    """
    assert context.application is not None  # noqa: S101 - without one nothing is found
    touched = context.past.maps[context.application.name]
    known, sharing = _Known.of(touched), [frozenset(touched.places(each)) for each in touched.sharing]
    other = found.changed | found.reached | {*((context.change.files or ()) if context.change else ())}
    answers: dict[TestCase, Sequence[Choice]] = {}
    for choice in choices:
        test = choice.test
        if not choice.selected or test.name is not None or test.file in other or test.file in besides:
            continue
        places = known.places(test)
        single = _single(test, places, _shared(places, found.reasons, sharing))
        if single and not any(track.last_status.failing for track in context.past.of(test)):
            answers[test] = single
    return answers


def _shared(
    places: Sequence[str], reasons: Mapping[str, Sequence[str]], sharing: Iterable[frozenset[str]]
) -> Mapping[str, Sequence[str]]:
    """The reasons of the tests of a file; those that share something with one that is concerned are so, too."""
    found = {place: reasons[place] for place in places if reasons.get(place)}
    waiting = [each for each in (those.intersection(places) for those in sharing) if each]
    while (reached := next((each for each in waiting if not each.isdisjoint(found)), None)) is not None:
        waiting.remove(reached)
        one = min(reached.intersection(found))
        found |= {place: [f"{found[one][0]} → it shares something with {one}"] for place in reached - found.keys()}
    return found


def _single(test: TestCase, places: Sequence[str], reasons: Mapping[str, Sequence[str]]) -> list[Choice]:
    chains: dict[str, list[str]] = {}
    for place in places:
        name = place.partition("::")[2].partition("[")[0]
        chains.setdefault(name, []).extend(reasons.get(place, ()))
    if all(chains.values()) or not all(CALLABLE.fullmatch(name) for name in chains):
        return []
    return [
        Choice(test=evolve(test, name=name), selected=bool(found), reason=_told(found) if found else SKIPPED)
        for name, found in chains.items()
    ]


def _told(chains: Iterable[str]) -> str:
    once = list(dict.fromkeys(chains))
    more = f"; and {len(once) - NAMED} more" if len(once) > NAMED else ""
    return "; ".join(once[:NAMED]) + more


def recorded_choices(tests: Sequence[TestCase], context: Context, found: Concerned) -> list[Choice]:
    """A choice for every test by what was found in the record, which explains the whole change."""
    assert context.application is not None  # noqa: S101 - without one nothing is found
    known = _Known.of(context.past.maps[context.application.name])
    changed = found.changed | {*((context.change.files or ()) if context.change else ())}
    return [_choice(test, context, known, found.reasons, changed) for test in tests]


@frozen(kw_only=True)
class _Known:
    """The recorded tests, by their file."""

    by_file: Mapping[str, Sequence[str]] = field(factory=dict[str, "Sequence[str]"])

    @classmethod
    def of(cls, touched: TouchedMap) -> _Known:
        found: dict[str, list[str]] = defaultdict(list)
        for place in touched.places(touched.recorded):
            found[place.partition("::")[0]].append(place)
        return cls(by_file=found)

    def places(self, test: TestCase) -> Sequence[str]:
        """What is recorded of a test, or of all tests of a file, a class, a function with parameters."""
        within = self.by_file.get(test.file, ())
        if test.name is None:
            return within
        place = f"{test.file}::{test.name}"
        return [each for each in within if each == place or each.startswith((f"{place}[", f"{place}::"))]


def _everything(context: Context) -> str:
    """Why all tests run, empty where the record can choose among them."""
    application = context.application
    if application is None or application.path is None:
        return "there is no checkout to compare with what was recorded: all tests run"
    if application.name not in context.past.maps:
        why = context.past.stale.get(application.name, f"nothing was recorded of {application.name}")
        return f"{why}: all tests run"
    if context.change is None or context.change.files is None:
        why = context.change.reason if context.change else "nobody was asked"
        return f"what changed in {application.name} is not known: {why}: all tests run"
    return ""


def _choice(
    test: TestCase, context: Context, known: _Known, reasons: Mapping[str, Sequence[str]], changed: set[str]
) -> Choice:
    places = known.places(test)
    if not places:
        return Choice(test=test, selected=True, reason="it was never recorded")
    failed = [track for track in context.past.of(test) if track.last_status.failing]
    if failed:
        return Choice(test=test, selected=True, reason="it failed when it ran last")
    if test.name is None and test.file in changed:
        return Choice(test=test, selected=True, reason=f"{test.file} changed")
    chains = [reason for place in places for reason in reasons.get(place, ())]
    if not chains:
        return Choice(test=test, selected=False, reason=SKIPPED)
    return Choice(test=test, selected=True, reason=_told(chains))
