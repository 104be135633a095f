"""What is to be expected of each test, and why."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 - read by NamedTuple
from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

from testflow_core.builtin.selectors.chance import UNSEEN, base_rate, chance_of, most_likely
from testflow_core.builtin.selectors.nearness import Nearness
from testflow_core.model import Status, TestCase, Track

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from testflow_core.model import Context, Past

_UNKNOWN_SECONDS = 1.0


class Prospect(NamedTuple):
    """
    The chance that a test fails, the seconds that it takes, why it is so, and its past.

    `must_run` is set where the past says nothing of what it would do now: it failed last, never ran, or was changed.
    """

    test: TestCase
    chance: float
    seconds: float
    reason: str
    must_run: bool
    tracks: Sequence[Track] = ()

    @property
    def failed_in(self) -> frozenset[int]:
        """The numbers of the latest runs in which it failed."""
        return frozenset(run for track in self.tracks for run in track.failed_in)

    @property
    def causes(self) -> Sequence[str]:
        """Names of what its latest failures said, one for each, in all variants."""
        return [cause for track in self.tracks for cause in track.causes]


def prospects(tests: Iterable[TestCase], context: Context) -> Iterator[Prospect]:
    """
    One for each test, in order, as it is asked for.

    A file is as likely to fail as its most likely test, and takes as long as all of them.
    """
    past = context.past
    base = base_rate(past)
    nearness = _nearness(context)
    named = _Named(past)
    usual = _usual_seconds(past)
    for test in tests:
        tracks = named.of(test)
        if len(tracks) == 1 and not nearness:
            # Most tests, of which there may be 100,000.
            track = tracks[0]
            must_run = track.last_status is not Status.PASSED
            yield Prospect(test, chance_of(track, base), track.mean_duration, _said(test, track), must_run, tracks)
        else:
            yield _prospect(test, tracks, base, usual, nearness.get(test.application))


def log_odds(chance: float) -> float:
    """The logarithm of the odds; certainty counts as a chance of one in a million that it is not."""
    chance = min(max(chance, 1e-6), 1 - 1e-6)
    return log(chance / (1 - chance))


def from_log_odds(value: float) -> float:
    """The chance that has these log odds."""
    return 1 / (1 + exp(-value))


def _prospect(
    test: TestCase, tracks: Sequence[Track], base: float, usual: float, nearness: Nearness | None
) -> Prospect:
    if not tracks:
        chance, said, must_run, seconds = UNSEEN, "never ran", True, usual
    else:
        chance, first = most_likely(tracks, base)
        said, must_run = _said(test, first), any(track.last_status.failing for track in tracks)
        seconds = sum(track.mean_duration for track in tracks)
    if nearness is not None:
        near, why = nearness.of(test.file)
        must_run = must_run or nearness.changed(test.file)
        if near:
            chance, said = from_log_odds(log_odds(chance) + near), f"{why}; {said}"
    return Prospect(test, chance, seconds, said, must_run, tracks)


def _said(test: TestCase, track: Track) -> str:
    whose = f"its test {track.test.name} " if test.name is None and track.test.name is not None else ""
    if track.last_status is Status.PASSED:
        return f"{whose}failed in {track.failures} of {track.runs} runs"
    return f"{whose}failed in its last run, and in {track.failures} of {track.runs} runs"


def _nearness(context: Context) -> Mapping[str, Nearness]:
    changes = [*context.changes.values(), *([context.change] if context.change is not None else [])]
    return {each.application: Nearness(each.files) for each in changes if each.files}


def _usual_seconds(past: Past) -> float:
    """What a test takes on average, for those of which nothing is known."""
    number = sum(map(len, past.tracks.values()))
    total = sum(track.mean_duration for tracks in past.tracks.values() for track in tracks)
    return total / number if number else _UNKNOWN_SECONDS


class _Named:
    """The tracks of a past by the names of tests, so that files with many tests take no longer."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._files: dict[tuple[str, str], dict[str | None, Track | list[Track]]] = {}
        self._application: str = ""
        self._file: str = ""
        self._names: dict[str | None, Track | list[Track]] = {}

    def of(self, test: TestCase) -> Sequence[Track]:
        """What `Past.of` answers."""
        if test.variant or test.name is None:
            return self._past.of(test)
        if test.file != self._file or test.application != self._application:
            # Tests mostly come file by file.
            place = test.application, test.file
            self._application, self._file = place
            names = self._files.get(place)
            if names is None:
                names = self._files[place] = _by_name(self._past.tracks.get(place, ()))
            self._names = names
        found = self._names.get(test.name, ())
        return (found,) if isinstance(found, Track) else found


def _by_name(tracks: Sequence[Track]) -> dict[str | None, Track | list[Track]]:
    # Mostly there is one of a name, and a list for each of 100,000 tests costs more than everything else.
    names: dict[str | None, Track | list[Track]] = {}
    for track in tracks:
        name = track.test.name
        known = names.get(name)
        if known is None:
            names[name] = track
        else:
            names[name] = [*(known if isinstance(known, list) else (known,)), track]
    return names
