"""Which functions of a Python file a change concerns, and how far changed names carry it into other files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from attrs import evolve, field, frozen

from testflow_git_selector.documented import asking, asks_on_import, documented, may_ask
from testflow_git_selector.syntax import ANY, MADE, OWN, Reading, in_text
from testflow_git_selector.units import MODULE, Units, units
from testflow_git_selector.values import DEFINED, FUNCTION

_ASKED = rb"\s*\((?:\s|#[^\n]*\n)*\w+\s*(?:\)|#|,\s*(?![\"'\s]))"
"""The arguments, where a name is asked for an attribute that is not quoted."""

_HANDED = rb"\s*[^\s\w(]"
"""What follows where it is not asked but handed on."""

# The letters of each word that computes names, and what makes sure: looking for letters takes next to no time, as do
# expressions that begin with some.
_COMPUTING = (
    (b"globals", rb"\bglobals\b"),
    (b"locals", rb"\blocals\b"),
    (b"__subclasses__", rb"\b__subclasses__\b"),
    (b"eval", rb"\beval\b"),
    (b"exec", rb"\bexec\b"),
    (b"import_", rb"\b(?:import_module|__import__)\b"),
    (b"modules", rb"\.\s*modules\b|\bfrom\s+sys\s+import\b|[\"\'.:]modules\b"),
    (b"getmembers", rb"\bgetmembers\b"),
    (b"resolve_name", rb"\bresolve_name\b"),
    (b"import_string", rb"\bimport_string\b"),
    (b"getattr", rb"getattr" + _ASKED),
    (b"hasattr", rb"hasattr" + _ASKED),
    (b"setattr", rb"setattr" + _ASKED),
    (b"delattr", rb"delattr" + _ASKED),
    (b"getattr_static", rb"\bgetattr_static\b"),
    (b"getattr", rb"\bgetattr" + _HANDED),
    (b"hasattr", rb"\bhasattr" + _HANDED),
    (b"setattr", rb"\bsetattr" + _HANDED),
    (b"delattr", rb"\bdelattr" + _HANDED),
    (b"__getattribute__", rb"__getattribute__"),
    (b"attrgetter", rb"\battrgetter\b"),
    (b"methodcaller", rb"\bmethodcaller\b"),
    (b"__dict__", rb"\w\s*\.\s*__dict__"),
    (b"locate", rb"\blocate\b"),
    (b"resolve_name", rb"\bresolve_name\b"),
    (b"vars", rb"vars\s*\("),
    (b"dir", rb"dir\s*\("),
)


@frozen(kw_only=True)
class ChangedUnits:
    """
    What of a file is another than before.

    `functions` are those whose bodies changed, came or went, and those that use a changed module-level name; each has
    its reason. `names` are the module-level names that are bound to something else: whoever uses them in another file
    is concerned (`spread`); `gone` are those that are bound no more: whoever imports one fails. Where all of the file
    counts as changed, `whole` says why. `examples` tells that doctests changed.

    Of `names`, what is made of a `doubtful` one when a file is imported may fail now, as it is bound to another kind of
    value; what takes not every value may fail of a `revalued` one. `lost` are members that classes no longer have.
    `made` are functions, and `MODULE`, that run text which may have some of these names in it. `documented`
    are functions and classes with another docstring: that alone is no change of a program (`spread` finds who asks),
    nor is that statements have `moved` to other lines.
    """

    functions: Mapping[str, str] = field(factory=dict[str, str])
    names: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    revalued: frozenset[str] = frozenset()
    whole: str = ""
    examples: bool = False
    documented: frozenset[str] = frozenset()
    made: Mapping[str, frozenset[str]] = field(factory=dict[str, frozenset[str]])
    moved: bool = False

    def __bool__(self) -> bool:
        return bool(self.functions or self.names or self.whole or self.examples or self.made)


def changed_units(before: bytes | str | None, after: bytes | str | None) -> ChangedUnits:
    """What differs between two texts of a file, None where there is none; nothing where only comments do."""
    if before is None or after is None:
        return ChangedUnits(whole="it is new" if before is None else "it is gone")
    return compared(units(before), units(after))


def compared(before: Units, after: Units) -> ChangedUnits:
    """What differs between two states of a file."""
    for each, when in ((after, ""), (before, ", as it was,")):
        if each.problem:
            return ChangedUnits(whole=each.problem.replace("it ", f"it{when} ", 1))
    bodies = {name: f"function {name} changed" for name in _differing(before.functions, after.functions)}
    names = _differing(before.names, after.names)
    whole = _made(sorted((names & (before.fallible | after.fallible)) | (before.failing ^ after.failing)))
    if before.module.digest != after.module.digest:
        whole = "what runs when it is imported changed"
    elif before.dangling != after.dangling:
        whole = "names that it exports and does not have are others, and importing all of it fails where it has any"
    if before.exported is not None and after.exported is not None:
        names |= before.exported ^ after.exported
    kinds = {name: (before.kinds.get(name), after.kinds.get(name)) for name in names}
    moved = ChangedUnits(
        names=frozenset(names),
        gone=before.bound - after.bound,
        lost=frozenset(each.partition(".")[2] for each in before.members - after.members),
        doubtful=frozenset(name for name, (was, now) in kinds.items() if was != now or not now),
        revalued=frozenset(name for name, (_, now) in kinds.items() if now not in DEFINED),
    )
    reached = using(after, moved)
    # What used a name that is gone was changed as well, or fails now.
    return evolve(
        moved,
        functions={**reached.functions, **bodies},
        names=moved.names | reached.names,
        doubtful=moved.doubtful | reached.doubtful,
        revalued=moved.revalued | reached.revalued,
        whole=whole or _made(sorted(after.fallible & reached.doubtful)) or reached.whole,
        examples=before.examples.digest != after.examples.digest,
        documented=documented(before, after),
        made=reached.made,
        moved=before.lines != after.lines,
    )


def using(file: Units, change: ChangedUnits) -> ChangedUnits:
    """
    What of a file is concerned where names, of its own or of another file, are bound to something else.

    Whoever imports one of another file that is gone fails of it.
    """
    if not change.names:
        return ChangedUnits()
    if file.problem:
        return ChangedUnits(whole=file.problem)
    known = _following(file, change.names, file.names.keys())
    values = {name for name in file.names if file.kinds.get(name) != FUNCTION}
    doubtful = _following(file, change.doubtful, values)
    revalued = _following(file, change.revalued, values)
    failing = change.gone | change.lost | doubtful
    made = [
        name
        for name in file.fallible - change.names
        if name in file.names and file.names[name].mentions & (failing | revalued if name in file.refusing else failing)
    ]
    return ChangedUnits(
        functions={
            name: f"function {name} uses {' and '.join(used[:2])}, which changed"
            for name, body in file.functions.items()
            if (used := sorted(_used(file, body, known)))
        },
        names=known - change.names,
        doubtful=doubtful - change.doubtful,
        revalued=revalued - change.revalued,
        whole=_missed(sorted(file.taken & change.gone))
        or _whole(sorted(_used(file, file.module, known)))
        or _made(sorted(made)),
        made={name: known for name, body in (*file.functions.items(), (MODULE, file.module)) if MADE in body.mentions},
    )


def _following(file: Units, names: frozenset[str], among: Collection[str]) -> frozenset[str]:
    """These names, and those of the file that are made of them, directly or by others."""
    known = names
    while fresh := {name for name in among if name not in known and _is_made_of(file, name, known)}:
        known |= fresh
    return known


def spread(changes: Mapping[str, ChangedUnits], sources: Mapping[str, bytes]) -> Mapping[str, ChangedUnits]:
    """
    These changes, and what they concern in all other `sources`, by path.

    A name is followed by how it is spelt, whatever it is imported from: one use too many costs a test, one too few a
    failure. Not followed are attributes of a module that is itself a value of unknown origin and asked by a computed
    name.
    """
    found = dict(changes)
    parsed: dict[str, Units] = {}
    known = ChangedUnits()
    waiting = _together(changes.values())
    while waiting.names:
        known = _together([known, waiting])
        fresh = ChangedUnits()
        for path in _mentioning(waiting.names, sources):
            if path not in parsed:
                parsed[path] = units(sources[path])
            reached = using(parsed[path], waiting)
            fresh = _together([fresh, reached])
            if reached:
                found[path] = _both(found.get(path, ChangedUnits()), reached)
        doubtful, revalued = fresh.doubtful - known.doubtful, fresh.revalued - known.revalued
        waiting = evolve(
            known,
            names=(fresh.names - known.names) | doubtful | revalued,
            doubtful=known.doubtful | doubtful,
            revalued=known.revalued | revalued,
        )
    names = frozenset[str]().union(*(each.documented for each in changes.values()))
    for path in may_ask(sources) if names else ():
        file = parsed.get(path) or units(sources[path])
        reached = ChangedUnits(functions=asking(file, names), whole=asks_on_import(file, names))
        if reached:
            found[path] = _both(found.get(path, ChangedUnits()), reached)
    return found


def _together(changes: Iterable[ChangedUnits]) -> ChangedUnits:
    """What names of all these there are, of each kind."""
    found = ChangedUnits()
    for each in changes:
        found = ChangedUnits(
            names=found.names | each.names,
            gone=found.gone | each.gone,
            lost=found.lost | each.lost,
            doubtful=found.doubtful | each.doubtful,
            revalued=found.revalued | each.revalued,
        )
    return found


def _mentioning(names: Iterable[str], sources: Mapping[str, bytes]) -> Iterator[str]:
    """The files in whose text one of the names stands, or a word that computes names: parsing costs far more."""
    words = [
        (name, rb"(?<!\w)" + re.escape(name) + rb"(?!\w)")
        for name in sorted({in_text(name).encode() for name in names})
    ]
    wanted = [(some, re.compile(sure)) for some, sure in (*words, *_COMPUTING)]
    return (path for path, text in sources.items() if any(some in text and sure.search(text) for some, sure in wanted))


def _both(one: ChangedUnits, other: ChangedUnits) -> ChangedUnits:
    return evolve(
        _together([one, other]),
        functions={**other.functions, **one.functions},
        whole=one.whole or other.whole,
        examples=one.examples,
        documented=one.documented,
        made={name: one.made.get(name, frozenset()) | names for name, names in {**one.made, **other.made}.items()},
    )


def _differing(before: Mapping[str, Reading], after: Mapping[str, Reading]) -> set[str]:
    # Mentions follow from what is digested, but for the modules around.
    return {name for name in before.keys() | after.keys() if _digest(before, name) != _digest(after, name)}


def _digest(readings: Mapping[str, Reading], name: str) -> str:
    found = readings.get(name)
    return found.digest if found else ""


def _used(file: Units, reading: Reading, names: frozenset[str]) -> frozenset[str]:
    # Whoever imports all that another module has may have any name.
    if ANY in reading.mentions or (OWN in reading.mentions and ANY in file.bound):
        return names
    used = reading.mentions & names
    return used | (names & (file.bound | file.rebound)) if OWN in reading.mentions else used


def _is_made_of(file: Units, name: str, names: frozenset[str]) -> bool:
    reading = file.names[name]
    return bool(names) and (MADE in reading.mentions or bool(_used(file, reading, names)))


def _whole(used: list[str]) -> str:
    return f"what runs when it is imported uses {' and '.join(used[:2])}, which changed" if used else ""


def _made(names: list[str]) -> str:
    return f"making {' and '.join(names[:2])} when it is imported may fail now, or failed" if names else ""


def _missed(names: list[str]) -> str:
    return f"it imports {' and '.join(names[:2])}, which is gone" if names else ""
