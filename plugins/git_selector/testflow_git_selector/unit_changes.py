"""Which functions of a Python file a change concerns, and how far changed names carry it into other files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from attrs import field, frozen

from testflow_git_selector.syntax import ANY, Reading
from testflow_git_selector.units import Units, units

_ASKED = rb"\s*\((?:\s|#[^\n]*\n)*\w+\s*(?:\)|#|,\s*(?![\"'\s]))"
"""The arguments, where a name is asked for an attribute that is not quoted."""

# The letters of each word that computes names, and what makes sure: looking for letters takes next to no time, as do
# expressions that begin with some.
_COMPUTING = (
    (b"globals", rb"\bglobals\b"),
    (b"eval", rb"\beval\b"),
    (b"exec", rb"\bexec\b"),
    (b"import_", rb"\b(?:import_module|__import__)\b"),
    (b"modules", rb"\.\s*modules\b|\bfrom\s+sys\s+import\b|[\"\'.:]modules\b"),
    (b"getmembers", rb"\bgetmembers\b"),
    (b"getattr", rb"getattr" + _ASKED),
    (b"hasattr", rb"hasattr" + _ASKED),
    (b"setattr", rb"setattr" + _ASKED),
    (b"delattr", rb"delattr" + _ASKED),
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
    """

    functions: Mapping[str, str] = field(factory=dict[str, str])
    names: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    whole: str = ""
    examples: bool = False

    def __bool__(self) -> bool:
        return bool(self.functions or self.names or self.whole or self.examples)


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
    whole = _made(sorted(names & (before.fallible | after.fallible)))
    if before.module.digest != after.module.digest:
        whole = "what runs when it is imported changed"
    elif before.dangling != after.dangling:
        whole = "names that it exports and does not have are others, and importing all of it fails where it has any"
    if before.exported is not None and after.exported is not None:
        names |= before.exported ^ after.exported
    reached = using(after, names)
    # What used a name that is gone was changed as well, or fails now.
    return ChangedUnits(
        functions={**reached.functions, **bodies},
        names=frozenset(names) | reached.names,
        gone=before.bound - after.bound,
        whole=whole or reached.whole,
        examples=before.examples.digest != after.examples.digest,
    )


def using(file: Units, names: Iterable[str], gone: frozenset[str] = frozenset()) -> ChangedUnits:
    """
    What of a file is concerned where these names, of its own or of another file, are bound to something else.

    Some of them may be `gone`: whoever imports one of another file fails of it.
    """
    changed = frozenset(names)
    if not changed:
        return ChangedUnits()
    if file.problem:
        return ChangedUnits(whole=file.problem)
    known = changed
    while fresh := {name for name, bound in file.names.items() if name not in known and _used(bound, known)}:
        known |= fresh
    return ChangedUnits(
        functions={
            name: f"function {name} uses {' and '.join(used[:2])}, which changed"
            for name, body in file.functions.items()
            if (used := sorted(_used(body, known)))
        },
        names=known - changed,
        whole=_missed(sorted(file.taken & gone))
        or _whole(sorted(_used(file.module, known)))
        or _made(sorted(name for name in file.fallible if name in file.names and file.names[name].mentions & gone)),
    )


def spread(changes: Mapping[str, ChangedUnits], sources: Mapping[str, bytes]) -> Mapping[str, ChangedUnits]:
    """
    These changes, and what they concern in all other `sources`, by path.

    A name is followed by how it is spelt, whatever it is imported from: one use too many costs a test, one too few a
    failure. Not followed are attributes of a module that is itself a value of unknown origin and asked by a computed
    name.
    """
    found = dict(changes)
    parsed: dict[str, Units] = {}
    known: frozenset[str] = frozenset()
    waiting = frozenset(name for change in changes.values() for name in change.names)
    gone = frozenset(name for change in changes.values() for name in change.gone)
    while waiting:
        known |= waiting
        fresh: set[str] = set()
        for path in _mentioning(waiting, sources):
            if path not in parsed:
                parsed[path] = units(sources[path])
            reached = using(parsed[path], waiting, gone)
            fresh |= reached.names
            if reached:
                found[path] = _both(found.get(path, ChangedUnits()), reached)
        waiting = frozenset(fresh) - known
    return found


def _mentioning(names: Iterable[str], sources: Mapping[str, bytes]) -> Iterator[str]:
    """The files in whose text one of the names stands, or a word that computes names: parsing costs far more."""
    words = [(name.encode(), rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)") for name in sorted(names)]
    wanted = [(some, re.compile(sure)) for some, sure in (*words, *_COMPUTING)]
    return (path for path, text in sources.items() if any(some in text and sure.search(text) for some, sure in wanted))


def _both(one: ChangedUnits, other: ChangedUnits) -> ChangedUnits:
    return ChangedUnits(
        functions={**other.functions, **one.functions},
        names=one.names | other.names,
        gone=one.gone | other.gone,
        whole=one.whole or other.whole,
        examples=one.examples,
    )


def _differing(before: Mapping[str, Reading], after: Mapping[str, Reading]) -> set[str]:
    # Mentions follow from what is digested, but for the modules around.
    return {name for name in before.keys() | after.keys() if _digest(before, name) != _digest(after, name)}


def _digest(readings: Mapping[str, Reading], name: str) -> str:
    found = readings.get(name)
    return found.digest if found else ""


def _used(reading: Reading, names: frozenset[str]) -> frozenset[str]:
    return names if ANY in reading.mentions else reading.mentions & names


def _whole(used: list[str]) -> str:
    return f"what runs when it is imported uses {' and '.join(used[:2])}, which changed" if used else ""


def _made(names: list[str]) -> str:
    return f"making {' and '.join(names[:2])} when it is imported may fail now, or failed" if names else ""


def _missed(names: list[str]) -> str:
    return f"it imports {' and '.join(names[:2])}, which is gone" if names else ""
