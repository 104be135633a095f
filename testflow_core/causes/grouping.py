"""Failures of one cause as one cluster."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from testflow_core.errors import HistoryError
from testflow_core.model import DEFAULT_TEAM, Cluster, KnownCause, Sightings, heaviest_first
from testflow_core.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.history import History
    from testflow_core.interfaces import Relates
    from testflow_core.model import Diagnosis, TestResult

    Member = tuple[TestResult, Diagnosis]

TITLE_LIMIT = 200
KNOWN = 1_000
"""Causes of the latest runs that new ones are compared with."""
_WITHOUT = 0
"""The version of fingerprints of failures whose analyzer gives none."""


def clusters(
    results: Iterable[TestResult], history: History, run_id: str, started: float, relates: Relates | None = None
) -> tuple[Cluster, ...]:
    """
    The causes of all that failed, if only in an attempt: what fails the run first, then the most frequent.

    What earlier runs had the same fingerprint in is the same cluster, and tells since when it is there. Of those that
    no run had, `relates` finds which are one with others.
    """
    alike: dict[str, list[Member]] = {}
    for result in results:
        if result.diagnosis is not None:
            alike.setdefault(fingerprint(result, result.diagnosis), []).append((result, result.diagnosis))
    if not alike:
        return ()
    together: dict[str, dict[str, list[Member]]] = {}
    names = _names(alike, history, relates)
    for print_, members in alike.items():
        together.setdefault(names.get(print_, print_), {})[print_] = members
    tests = {name: [said.test for members in each.values() for _, said in members] for name, each in together.items()}
    seen: Mapping[str, Sightings] = {}
    with suppress(HistoryError):  # that it cannot be read was told when the order was to be known
        seen = history.sightings(tests, run_id, started)
    return heaviest_first(_cluster(name, each, seen.get(name, Sightings())) for name, each in together.items())


def fingerprint(result: TestResult, diagnosis: Diagnosis) -> str:
    """That of the diagnosis, else one of its category and the first line of the message without its numbers."""
    if diagnosis.fingerprint:
        return diagnosis.fingerprint
    said = f"{diagnosis.category}\n{re.sub(r'[0-9]+', '', _first_line(result.message))}"
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{_WITHOUT}:{digest}"


def _names(alike: Mapping[str, Sequence[Member]], history: History, relates: Relates | None) -> Mapping[str, str]:
    """The clusters of fingerprints that earlier runs had, and of those that are one with others."""
    names: dict[str, str] = {}
    known: tuple[KnownCause, ...] = ()
    with suppress(HistoryError):
        names |= history.clusters_by_fingerprint(tuple(alike))
        if relates is not None and len(names) < len(alike):
            known = history.known_causes(KNOWN)
    if relates is None:
        return names
    new = [
        KnownCause(id=print_, category=said.category, title=said.title, masked=said.masked)
        for print_, ((_, said), *_) in alike.items()
        if print_ not in names
    ]
    return {**names, **(relates.related(new, known) if new else {})}


def _cluster(name: str, prints: Mapping[str, Sequence[Member]], seen: Sightings) -> Cluster:
    members = [each for found in prints.values() for each in found]
    first, diagnosis = members[0]
    teams = Counter(each.assigned_to for each, _ in members if each.assigned_to not in {"", DEFAULT_TEAM})
    evidence = diagnosis.evidence.text if diagnosis.evidence else ""
    title = diagnosis.title or _first_line(first.message) or _first_line(evidence) or diagnosis.reason
    return Cluster(
        id=name,
        category=diagnosis.category,
        title=one_line(title)[:TITLE_LIMIT],
        tests=tuple(each.label for each, _ in members),
        diagnosis=diagnosis,
        owner=next((team for team, _ in teams.most_common(1)), None),
        tracker=diagnosis.tracker or None,
        blocking=any(each.status.failing and not each.quarantined for each, _ in members),
        first_seen=seen.first,
        last_seen=seen.last,
        times=seen.times,
        also_red_on_main=seen.also_red_on_main,
        fingerprints=tuple(prints),
    )


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")
