"""Which changed functions and files no test that runs is known to reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.model import TouchedMap, Uncovered
from testflow_git_selector.changed_parts import ChangedParts
from testflow_git_selector.javascript import is_script
from testflow_git_selector.units import MODULE, units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_core.model import Choice, Context
    from testflow_git_selector.evidence import Evidence

PROSE = (".md", ".rst")
_NOT_ENTERED = "no test that runs is known to enter it"
_NOT_TOUCHED = "no test that runs is known to touch it"
_NOT_IMPORTED = "no test that runs imports it"
_NOT_RECORDED = "no test touched it when tests were recorded"
_UNREAD = "what tests touch was never recorded"
_BY_FILE = "tests that run import its file; of scripts it is not recorded which functions they enter"
_PERHAPS = "no test that runs is known to import it, and some import what nobody can tell"
_NEW = "it is new, and nothing was recorded since"


def changed_parts(before: bytes | None, after: bytes) -> ChangedParts | None:
    """The functions whose bodies differ, and whether anything else of the program does; None for a whole new file."""
    now = units(after)
    if before is None or now.problem:
        return None
    then = units(before)
    differing = tuple(
        name
        for name, reading in now.functions.items()
        if name not in then.functions or then.functions[name].digest != reading.digest
    )
    values = {name: reading.digest for name, reading in now.names.items() if name not in now.functions}
    values_then = {name: reading.digest for name, reading in then.names.items() if name not in then.functions}
    return ChangedParts(
        functions=differing,
        new=frozenset(differing) - then.functions.keys(),
        module=now.module.digest != then.module.digest or values != values_then,
    )


def uncovered(choices: Sequence[Choice], context: Context, evidence: Evidence) -> Iterator[Uncovered]:
    """What of the change no chosen test is known to reach; prose and the files of tests aside."""
    application, change = context.application, context.change
    if application is None or change is None:
        return
    if change.files is None:
        reason = f"what changed is not known: {change.reason}"
        yield Uncovered(application=application.name, reason=reason, known=False)
        return
    tests = {choice.test.file for choice in choices}
    touched = context.past.maps.get(application.name)
    reached: _ByRecord | _ByImports
    reached = _ByImports.of(choices, evidence) if touched is None else _ByRecord.of(touched, choices, evidence)
    scripts = _ByScripts.of(choices, evidence)
    for file in change.files:
        if file in tests or file.endswith(PROSE) or file in evidence.alike or file in evidence.gone:
            continue
        of_file = scripts if is_script(file) and not (touched and file in touched.files) else reached
        for unit, reason, known in of_file.missing(file, evidence.parts.get(file)):
            yield Uncovered(application=application.name, file=file, unit=unit, reason=reason, known=known)


@frozen(kw_only=True)
class _ByRecord:
    """By what tests touched when they were last recorded; `outdated` are files that are not as they were then."""

    touched: TouchedMap
    running: int
    known: frozenset[str]
    outdated: frozenset[str]

    @classmethod
    def of(cls, touched: TouchedMap, choices: Sequence[Choice], evidence: Evidence) -> _ByRecord:
        outdated = frozenset(evidence.recorded.changed) if evidence.recorded is not None else frozenset[str]()
        running = _running(touched, choices)
        return cls(touched=touched, running=running, known=frozenset(touched.files), outdated=outdated)

    def missing(self, file: str, parts: ChangedParts | None) -> Iterator[tuple[str, str, bool]]:
        """The units that nobody is known to reach, with the reason, and whether that is certain."""
        if file not in self.known:
            # It may be there only since tests were recorded, unless the base has it.
            yield "", _NOT_TOUCHED if parts is not None else _NOT_RECORDED, parts is not None
        elif parts is None:
            if not self.touched.using(file) & self.running:
                yield "", _NOT_TOUCHED, True
        else:
            for function in parts.functions:
                if not self.touched.entering(file, function) & self.running:
                    certain = not (function in parts.new and file in self.outdated)
                    yield function, _NOT_ENTERED if certain else _NEW, certain
            if parts.module and not self.touched.using(file) & self.running:
                yield MODULE, _NOT_TOUCHED, True


@frozen(kw_only=True)
class _ByImports:
    """By who imports whom, which tells that a file is reached by nobody, and not which of its functions is."""

    importing: Mapping[str, bool]
    unknown: str

    @classmethod
    def of(cls, choices: Sequence[Choice], evidence: Evidence) -> _ByImports:
        graph = evidence.graph
        running = {choice.test.file for choice in choices if choice.selected}
        needed = graph.needed_by([*running, *graph.named(evidence.loaded)])
        return cls(importing={file: file in needed for file in graph.sources}, unknown=evidence.unknown)

    def missing(self, file: str, _: ChangedParts | None) -> Iterable[tuple[str, str, bool]]:
        """The whole file: nobody imports it, or somebody does and nobody knows what for."""
        if self.unknown or file not in self.importing:
            return [("", _UNREAD, False)]
        if self.importing[file]:
            return [("", "tests that run import it, and which of its functions they enter was never recorded", False)]
        return [("", _NOT_IMPORTED, True)]


@frozen(kw_only=True)
class _ByScripts:
    """By which script imports which: it tells who reaches a file, and not which of its functions."""

    needed: frozenset[str]
    certain: bool
    unknown: bool

    @classmethod
    def of(cls, choices: Sequence[Choice], evidence: Evidence) -> _ByScripts:
        graph = evidence.scripts
        running = {choice.test.file for choice in choices if choice.selected}
        needed = graph.needed_by([*running, *(graph.loaded if running else ())])
        anywhere = {file for file in needed if file in graph.puzzles or "imports" in graph.reaches.get(file, ())}
        return cls(
            needed=needed,
            # A test that nobody has read, in Python or of an odd name, starts a browser for all that is known.
            certain=not anywhere and running <= graph.needs.keys(),
            unknown=not graph.needs,
        )

    def missing(self, file: str, parts: ChangedParts | None) -> Iterator[tuple[str, str, bool]]:
        """The changed functions, or the whole file: nobody imports it, or somebody does and nobody knows what for."""
        if file in self.needed or self.unknown:
            reason, known = _UNREAD if self.unknown else _BY_FILE, False
        else:
            reason, known = (_NOT_IMPORTED, True) if self.certain else (_PERHAPS, False)
        if parts is None:
            yield "", reason, known
            return
        for unit in (*parts.functions, *([MODULE] if parts.module else ())):
            if unit != MODULE or file not in self.needed:
                yield unit, reason, known


def _running(touched: TouchedMap, choices: Sequence[Choice]) -> int:
    """The recorded tests that are chosen, as a set of the map."""
    if all(choice.selected for choice in choices):
        return touched.recorded
    files = {choice.test.file for choice in choices if choice.selected and choice.test.name is None}
    named = {f"{each.test.file}::{each.test.name}" for each in choices if each.selected and each.test.name is not None}
    bits = bytearray(len(touched.tests) // 8 + 1)
    for number, place in enumerate(touched.tests):
        file = place.partition("::")[0]
        if file in files or (named and not named.isdisjoint(_titles(place))):
            bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little") & touched.recorded


def _titles(place: str) -> Iterator[str]:
    """What may name a test: itself, without its parameters, its classes."""
    yield place
    title = place.partition("[")[0]
    while "::" in title:
        yield title
        title = title.rpartition("::")[0]
