"""What workers noted of a run, put together: who relies on what, worked out for all tests at once."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from attrs import Factory, define, field, frozen

from testflow_core.touched.bits import of_numbers
from testflow_core.touched.map import ATTACHING, ENTER, LINES, MODULE, SHOW, START, WHOLE
from testflow_core.touched.sources import Source, source_of, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    Entry = tuple[str, str, int, str]
    Key = tuple[str, ...]
    """A kind of context and what tells it apart from others of its kind."""

SHARED = {"import", "memoised", "kept", "file"}
"""Contexts that are the same in all workers."""

UNTOLD = {"3.8", "3.9", "3.10", "3.11"}
"""Pythons that do not tell of calls of what is written in C: who calls it there may ask for any file."""

SHARDS = "touched-*.jsonl"
SIZE_LIMIT = 1 << 30
SOURCE_LIMIT = 1 << 22


@frozen(kw_only=True)
class FileState:
    """A file as it was: the SHA-1 of its content, its size in bytes, its time in nanoseconds."""

    digest: str
    size: int
    time: int


@define
class _Context:
    entries: set[Entry] = Factory(set["Entry"])
    uses: set[Key] = Factory(set["Key"])
    tests: int = 0


@define
class Touched:
    """
    What a run touched: per `(kind, path, unit)` the tests, as bits by their number.

    `tests` has the numbers by `file::name`; `files` how each file was that was entered or read.
    """

    python: str = ""
    tests: dict[str, int] = field(factory=dict[str, int])
    postings: dict[tuple[str, str, str], int] = field(factory=dict[tuple[str, str, str], int])
    files: dict[str, FileState] = field(factory=dict[str, FileState])


def read_shards(folder: Path, checkout: Path, numbering: Mapping[str, int]) -> Touched:
    """Everything that workers noted in a folder; tests that have no number yet are given the next."""
    touched = Touched()
    contexts: dict[Key, _Context] = defaultdict(_Context)
    modules: dict[str, Key] = {}
    for shard in sorted(folder.glob(SHARDS)):
        _read(shard, touched, contexts, modules)
    sources = _link(contexts, modules, checkout)
    _number(touched, contexts, numbering)
    _spread(contexts)
    keys: dict[Entry, tuple[str, str, str]] = {}
    for context in contexts.values():
        for entry in context.entries if context.tests else ():
            key = keys.get(entry) or keys.setdefault(entry, _posting(entry, sources))
            touched.postings[key] = touched.postings.get(key, 0) | context.tests
    _post(touched, (SHOW, LINES, ""), {path: each.showing for path, each in sources.items()})
    _post(touched, (SHOW, ATTACHING, ""), {path: each.attaching for path, each in sources.items()})
    if touched.python in UNTOLD:
        _post(touched, (START, WHOLE, ""), {path: each.asking for path, each in sources.items()})
    return touched


def _post(touched: Touched, key: tuple[str, str, str], units: Mapping[str, Iterable[str]]) -> None:
    """Add who enters one of these units, by file, as tests of which something else is to be known."""
    tests = 0
    for path, names in units.items():
        for unit in names:
            tests |= touched.postings.get((ENTER, path, unit), 0)
    if tests:
        touched.postings[key] = touched.postings.get(key, 0) | tests


def _read(shard: Path, touched: Touched, contexts: dict[Key, _Context], modules: dict[str, Key]) -> None:
    if shard.stat().st_size > SIZE_LIMIT:
        return
    entries: dict[int, Entry] = {}
    keys: dict[int, Key] = {}
    pending: list[tuple[_Context, list[int]]] = []
    # A worker that was killed may have left half a line, and nothing follows it.
    with shard.open("rb") as stream, suppress(ValueError, KeyError, TypeError, IndexError):
        for line in stream:
            told = json.loads(line)
            if "i" in told:
                rows = cast("list[list[object]]", told["i"])
                entries.update({cast("int", number): cast("Entry", tuple(entry)) for number, *entry in rows})
            elif "f" in told:
                state = FileState(digest=str(told["h"]), size=int(told["s"]), time=int(told["t"]))
                known = touched.files.setdefault(str(told["f"]), state)
                if known.digest != state.digest:
                    # Changed while it was in use: nobody knows which tests saw what.
                    touched.files[str(told["f"])] = FileState(digest="", size=0, time=0)
            elif "c" in told:
                key = _key(shard.name, told, modules)
                keys[told["c"]] = key
                context = contexts[key]
                context.entries.update([entries[number] for number in cast("list[int]", told["e"])])
                pending.append((context, told["u"]))
            else:
                touched.python = str(told["python"])
    for context, uses in pending:
        context.uses.update([keys[number] for number in uses if number in keys])


def _key(shard: str, told: Mapping[str, object], modules: dict[str, Key]) -> Key:
    kind, names = str(told["k"]), [str(each) for each in cast("list[object]", told["n"])]
    if kind == "import":
        key = (kind, names[0])
        for name in names[1:]:
            modules[name] = key
        return key
    return (kind, *names) if kind in SHARED or kind == "test" else (kind, shard, str(told["c"]))


def _link(contexts: dict[Key, _Context], modules: Mapping[str, Key], checkout: Path) -> Mapping[str, Source]:
    """Add whom an import relies on that was there already: Python imports a module once, whoever asks for it."""
    sources: dict[str, Source] = {}
    for name, key in modules.items():
        path = key[1]
        if path not in sources:
            sources[path] = source_of(_text(checkout / path), name, package=path.endswith("__init__.py"))
        for imported in [*sources[path].imports, name]:
            contexts[key].uses.update(modules[each] for each in _with_parents(imported) if each in modules)
    _search(contexts, modules, sources)
    for context in list(contexts.values()):
        # Who runs a function has its module imported, however he came by it.
        entered = {("import", path) for kind, path, _, _ in context.entries if kind in {ENTER, START}}
        context.uses |= entered & contexts.keys()
    return sources


def _search(contexts: Mapping[Key, _Context], modules: Mapping[str, Key], sources: Mapping[str, Source]) -> None:
    """Add where each file has modules found: they are looked for once, for who comes first, and all get the same."""
    searched = {path for context in contexts.values() for kind, path, _, _ in context.entries if kind == MODULE}
    folders = [path.removesuffix(WHOLE) for path in searched if path.endswith(WHOLE)]
    for key, context in contexts.items():
        if key[0] == "session":
            # Which worker had which folder in its path is a matter of what it was given.
            context.entries.update((MODULE, folder + WHOLE, 0, "") for folder in folders)
    for name, key in modules.items():
        wanted = {each for imported in [*sources[key[1]].imports, name] for each in _with_parents(imported)}
        for each in wanted:
            bases = _bases(each, modules, folders)
            if not searched.isdisjoint(bases):
                contexts[key].entries.update((MODULE, base, 0, "") for base in bases)


def _bases(module: str, modules: Mapping[str, Key], folders: Iterable[str]) -> Iterable[str]:
    """Where a module would be found."""
    parent, _, last = module.rpartition(".")
    if not parent:
        return [folder + last for folder in folders]
    folder, slash, name = modules[parent][1].rpartition("/") if parent in modules else ("", "", "")
    return [folder + slash + last] if name == "__init__.py" else []


def _with_parents(module: str) -> Iterator[str]:
    while module:
        yield module
        module = module.rpartition(".")[0]


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(SOURCE_LIMIT)
    except OSError:
        return b""


def _number(touched: Touched, contexts: Mapping[Key, _Context], numbering: Mapping[str, int]) -> None:
    following = len(numbering)
    for key, context in contexts.items():
        if key[0] == "test":
            name = "::".join(key[1:])
            number = numbering.get(name)
            if number is None:
                number, following = following, following + 1
            touched.tests[name] = number
            context.tests = of_numbers([number])


def _spread(contexts: Mapping[Key, _Context]) -> None:
    """Give every context the tests of all that rely on it, to the fixed point: imports may go round in circles."""
    waiting: dict[Key, int] = {key: context.tests for key, context in contexts.items() if context.tests}
    while waiting:
        arriving: dict[Key, int] = defaultdict(int)
        for key, tests in waiting.items():
            for used in contexts[key].uses:
                arriving[used] |= tests
        waiting = {}
        for key, tests in arriving.items():
            new = tests & ~contexts[key].tests
            if new:
                contexts[key].tests |= new
                waiting[key] = new


def _posting(entry: Entry, sources: Mapping[str, Source]) -> tuple[str, str, str]:
    kind, path, line, name = entry
    if kind != ENTER or name == WHOLE:
        return kind, path, name
    if "." in name or path not in sources or name.startswith("<module"):
        return kind, path, unit_of(name)
    return kind, path, unit_of(sources[path].unit_at(line, name))
