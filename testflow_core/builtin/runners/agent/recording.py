"""What each test touches, attributed to the test, or to what several tests rely on: a fixture's set-up, an import."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING

from .kept import KNOWN, NAMED, Kept, apart
from .memoised import memoised, qualified
from .module_search import ModuleSearch, is_installed
from .own_files import Places
from .shard import ENTER, SHARD, SHARE, START, WHOLE, Context, Shard
from .sharing import holds_objects

if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Callable, Generator, Iterable, Iterator

OF_MODULE = "<module>"
FRAME_OF: Callable[[int], FrameType] = getattr(sys, "_getframe")  # noqa: B009 - there is no other way to ask
RESTARTS = 8
"""How often in one test the whole of what a memoised function enters is looked at; after that it is overestimated."""

CALLS = 32
"""How many calls in one test of a function that keeps something are told of."""


class Recorder:
    """
    Attributes what happens to the context in which it happens.

    `again` has everything reported once more; `restart` as well, and may be called in the midst of a report. `settle`
    has reported what was not yet, before the context is another. Where memoised functions are `unannounced`, nobody
    says when they are called.
    """

    def __init__(self, checkout: str, folder: str) -> None:
        self.places = Places(checkout)
        self._search = ModuleSearch(self.places)
        self.restart: Callable[[], None] = lambda: None
        self.again: Callable[[], None] = lambda: None
        self.settle: Callable[[], None] = lambda: None
        self.unannounced = False
        self.runs: Callable[[object], None] = lambda _code: None
        self.makes: Callable[[object], None] = lambda _file: None
        self.plain: dict[object, tuple[CodeType, int]] = {}
        self.cached: set[tuple[str, str]] = set()
        self._contexts: dict[tuple[str, ...], Context] = {}
        self.nested: list[tuple[CodeType, int, Context]] = []
        self._restarts: dict[tuple[str, str], int] = {}
        self.kept = Kept()
        self._scanned: set[str] = set()
        self._shard = Shard(self.places, os.path.join(folder, f"{SHARD}{os.getpid()}.jsonl"))
        self._made = 0
        self._active: set[Context] = set()
        self._below: dict[str, frozenset[int]] = {}
        self._unscanned = True
        self.silent = False
        self.written: set[str] = set()
        self.session = self.base = self.context("session")
        self.preloaded = self._note_loaded()
        for name in [each for each in list(sys.modules) if "." not in each]:
            self.search(name, None, None)

    def context(self, kind: str, *names: str) -> Context:
        """The context of these names; that of each attempt at a test is its own."""
        found = self._contexts.get((kind, *names))
        if found is None:
            found = Context(self._made, kind, *names)
            self._made += 1
            if kind != "test":
                self._contexts[(kind, *names)] = found
                self._below.clear()
        self._active.add(found)
        return found

    @contextlib.contextmanager
    def within(self, context: Context, *, relied_on: bool = True) -> Generator[None, None, None]:
        """Everything inside belongs to a context, on which the present one relies, unless it merely ends it."""
        before, nested = self.base, self.nested
        if relied_on and before is not self.session:
            self.current(FRAME_OF(1)).uses.add(context.number)
        self.settle()
        self.base, self.nested = context, []
        self.again()
        try:
            yield
        finally:
            self.settle()
            self.base, self.nested = before, nested

    def current(self, frame: FrameType | None) -> Context:
        """The context of what happens in a frame: an import or a memoised function that it is called by comes first."""
        inner = self.innermost(frame)
        if inner is None and self.unannounced:
            inner = next(self.memoised_above(frame), None)
        return inner or self.base

    def innermost(self, frame: FrameType | None) -> Context | None:
        """The context of the import or memoised function that has begun last, if it is not over."""
        while self.nested:
            code, thread, context = self.nested[-1]
            if thread != threading.get_ident():
                return None
            above = frame
            while above is not None and above.f_code is not code:
                above = above.f_back
            if above is not None:
                return context
            self.nested.pop()
        return None

    def memoised_above(self, frame: FrameType | None) -> Iterator[Context]:
        """The contexts of functions whose results are kept, and that a frame is called by, the last one first."""
        while frame is not None and (self.cached or self.kept.any):
            code = frame.f_code
            place = self.places.place(code.co_filename)
            if place and (place, qualified(code)) in self.cached:
                yield self.memoised(place, qualified(code), self.base)
            elif place and self.kept.by(code):
                made = self.keeping(code, place, self.base)
                yield from [made] if made is not None else []
            frame = frame.f_back

    def entry(self, code: CodeType, place: str) -> int:
        """What it is called that a code object of the application is entered."""
        return self._shard.number((ENTER, place, code.co_firstlineno, qualified(code)))

    def enter(self, code: CodeType, place: str, name: str, frame: FrameType) -> bool:
        """Note that a code object of the application is entered; whether it must be told of again in this context."""
        context = self.current(frame) if self.nested or self.unannounced else self.base
        entry = self.entry(code, place)
        if name == OF_MODULE:
            self._begin_import(code, place, context, frame).entries.add(entry)
        elif (place, name) in self.cached:
            self._begin_memoised(code, place, name, context).entries.add(entry)
            return True
        else:
            context.entries.add(entry)
            made = self.keeping(code, place, context)
            if made is not None:
                return self._begin_keeping(code, (place, name), context, made)
            self.know(code, place, entry)
        return False

    def know(self, code: CodeType, place: str, entry: int) -> None:
        """Remember what it is called that a function is entered which is nothing but a function."""
        if len(self.plain) < KNOWN and not self.kept.found_by(code, place):
            # They are kept, so that no other takes their place.
            known = self.plain.setdefault(NAMED(code), (code, entry))
            if known[0] is not code:
                self.plain[apart(code)] = (code, entry)

    def _begin_import(self, code: CodeType, place: str, context: Context, frame: FrameType) -> Context:
        made = self.context("import", place)
        made.names = (place, str(frame.f_globals.get("__name__", "")))
        # Pytest finds these for all files of a session, and they concern those below their folder only.
        if context is not self.session or not place.endswith(("conftest.py", "__init__.py")):
            context.uses.add(made.number)
        self.nested.append((code, threading.get_ident(), made))
        self.kept.look_through(code)
        self._unscanned = True
        self.restart()
        return made

    def _begin_memoised(self, code: CodeType, place: str, name: str, context: Context) -> Context:
        made = self.memoised(place, name, context)
        if made is context:
            return made
        self.nested.append((code, threading.get_ident(), made))
        self._restarts[place, name] = count = self._restarts.get((place, name), 0) + 1
        if count <= RESTARTS:
            self.restart()
        else:
            made.entries |= context.entries
            made.uses |= context.uses - {made.number}
        return made

    def memoised(self, place: str, name: str, context: Context) -> Context:
        """The context of a memoised function, on which another one relies."""
        made = self.context("memoised", place, name)
        if made is not context:
            context.uses.add(made.number)
            # Whoever can call it has imported its file, and may get what it has remembered.
            self.context("import", place).uses.add(made.number)
        return made

    def keeping(self, code: CodeType, place: str, context: Context) -> Context | None:
        """The context of a function that keeps something, on which another one relies; None of any other function."""
        context.uses |= self.kept.found_by(code, place)
        names = self.kept.by(code)
        if not names:
            return None
        made = self.context("kept", place, f"{qualified(code)}:{code.co_firstlineno}")
        context.uses.add(made.number)
        # Who relies on what a set-up keeps says so by its fixture.
        if self.base.kind != "fixture" and self.kept.note(place, names, made.number):
            # Whoever mentions it is looked at anew.
            self.plain.clear()
        return made

    def _begin_keeping(self, code: CodeType, key: tuple[str, str], context: Context, made: Context) -> bool:
        """Whether the next call must be told of, too: there may be any number, and as a rule the first enters all."""
        self._restarts[key] = count = self._restarts.get(key, 0) + 1
        if made is not context:
            self.nested.append((code, threading.get_ident(), made))
        if count == 1:
            self.restart()
        return count < CALLS

    def start(self) -> int:
        """What it is called that a program is started of which nobody knows what it touches."""
        return self._shard.number((START, WHOLE, 0, ""))

    def touch(self, kind: str, place: str, frame: FrameType | None) -> None:
        """Note that a file was read, missed, listed or started."""
        self.current(frame).entries.add(self._shard.number((kind, place, 0, "")))

    def search(self, module: str, path: Iterable[object] | None, asker: FrameType | None) -> None:
        """Note that somebody has a module looked for, on a package's path or on Python's own."""
        if path is None:
            self.session.entries.update(map(self._shard.number, self._search.whole_path()))
        bases = self._search.bases(module, path)
        if bases:
            context = self.session if is_installed(asker) else self.current(asker)
            known = context.imports.get(module, ())
            context.imports[module] = bases if bases == known else tuple(dict.fromkeys(known + bases))

    def loaded(self, module: str, asker: FrameType | None) -> None:
        """Note that somebody asks for a module by a computed name: one that is there already is not imported."""
        context = self.current(asker)
        while module and context is not self.session:
            made = self._contexts.get(("import", self._file_of(sys.modules.get(module))))
            if made is not None:
                context.uses.add(made.number)
            module = module.rpartition(".")[0]

    def _note_loaded(self) -> bool:
        """Of modules that were imported before nobody knows what their import has entered; whether there are any."""
        found = False
        for name, module in list(sys.modules.items()):
            place = self._file_of(module)
            if place:
                made = self.context("import", place)
                made.names = (place, name)
                made.entries.add(self._shard.number((ENTER, place, 1, WHOLE)))
                found = True
        return found

    def _file_of(self, module: object) -> str:
        file = getattr(module, "__file__", None)
        return self.places.place(file) if isinstance(file, str) and file.endswith(".py") else ""

    def begin(self, file: str, name: str) -> Context:
        """A test begins: what it enters is reported anew."""
        self.settle()
        self.look_at_imports()
        self._restarts.clear()
        self.nested = []
        self.base = made = self.context("test", file, name)
        above = self._below.get(file)
        if above is None:
            above = self._below[file] = frozenset(self._above(file))
        made.uses |= above
        self.again()
        return made

    def _above(self, file: str) -> Iterable[int]:
        """What every test of a file relies on."""
        yield self.session.number
        yield self.context("file", file).number
        folder = file
        while folder:
            folder = folder.rpartition("/")[0]
            conftest = f"{folder}/conftest.py" if folder else "conftest.py"
            above = self._contexts.get(("import", conftest))
            if above is not None:
                yield above.number

    def end(self, test: Context, *, whole: bool) -> None:
        """
        A test has ended: write down what it touched, and what the contexts did that it may rely on.

        One that is not known as a `whole` is written down as one that may touch anything.
        """
        self.settle()
        self.base, self.nested = self.session, []
        self._active.discard(test)
        if not whole:
            test.entries.add(self.start())
        # It comes last: of a test that is written down, all that it relies on is.
        self._flush(test)

    def flush(self) -> None:
        """Write down what is new."""
        self.settle()
        self._flush()

    def _flush(self, *last: Context) -> None:
        active, self._active = self._active, set()
        active.add(self.session)
        self._write([*active, *last])

    def _write(self, contexts: Iterable[Context]) -> None:
        # What is read to be written down is read by no test.
        self.silent = True
        try:
            self._shard.write(contexts)
        finally:
            self.silent = False

    def look_at_imports(self) -> None:
        """Look for memoised functions, and in files of tests for objects, in what was imported since the last time."""
        if not self._unscanned:
            return
        self._unscanned = False
        for name, module in list(sys.modules.items()):
            if getattr(getattr(module, "__spec__", None), "_initializing", False):
                # It has not got them all yet.
                self._unscanned = True
            elif name not in self._scanned:
                self._scanned.add(name)
                place = self._file_of(module)
                if place:
                    self.plain.clear()
                    self.cached.update(memoised(list(vars(module).values()), self.places))
                if ("file", place) in self._contexts and holds_objects(module, self.places):
                    self.share(self.context("file", place), place)

    def share(self, context: Context, name: str) -> None:
        """Note that those who rely on a context have something in common that may be another after each of them."""
        context.entries.add(self._shard.number((SHARE, name, 0, "")))
