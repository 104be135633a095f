"""What each test touches, attributed to the test, or to what several tests rely on: a fixture's set-up, an import."""

from __future__ import annotations

import functools
import sys
import threading
from typing import TYPE_CHECKING

from .kept import EVERYWHERE, KNOWN, NAMED, Kept, apart
from .lasting import Lasting, of_module
from .memoised import ASKED_LATER, asks_later, memoised, qualified
from .noticing import Noticing
from .own_files import Places
from .shard import ENTER, Context
from .sharing import holds_objects

if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any, Callable, Collection, Iterable, Iterator, Sequence

    from .lasting import Late

OF_MODULE = "<module>"
THREADS: Callable[[], dict[int, FrameType]] = getattr(sys, "_current_frames")  # noqa: B009 - nobody else knows
"""The threads that are in the midst of something, whoever has started them."""
RESTARTS = 8
"""
How often in one test the whole of what a function enters is looked at that keeps something; after that what a memoised
one enters is overestimated, of others the first calls are thought to enter all.
"""

CALLS = 32
"""How many calls in one test of a function that keeps something are told of."""

ASKED = 256
"""How many calls in one test of a function on objects that do not outlive it: the next may be on one that does."""


class Recorder(Noticing):
    """
    Attributes what happens to the context in which it happens.

    Where memoised functions are `unannounced`, nobody says when they are called.
    """

    def __init__(self, checkout: str, folder: str) -> None:
        # What is loaded already is noted at once.
        self.unannounced = False
        super().__init__(Places(checkout), folder)
        self.runs: Callable[[object], None] = lambda _code: None
        self.makes: Callable[[object], None] = lambda _file: None
        self.plain: dict[object, tuple[CodeType, int]] = {}
        self.cached: set[tuple[str, str]] = set()
        self._restarts: dict[tuple[str, ...], int] = {}
        self.kept = Kept()
        self.lasting = Lasting(self.places, self._remember, self.kept.keep)
        self._scanned: set[str] = set()
        self._unscanned = True
        self._stale: set[str] = set()

    def current(self, frame: FrameType | None) -> Context:
        """The context of what happens in a frame: an import or a memoised function that it is called by comes first."""
        inner = self.innermost(frame)
        if inner is None and self.unannounced:
            inner = next(self.memoised_above(frame), None)
        return inner or self.base

    def memoised_above(self, frame: FrameType | None) -> Iterator[Context]:
        """The contexts of functions whose results are kept, and that a frame is called by, the last one first."""
        while frame is not None and self.keeps:
            code = frame.f_code
            place = self.places.place(code.co_filename)
            if place and (place, qualified(code)) in self.cached:
                yield self.memoised(place, qualified(code), self.base)
            elif place and (self.kept.by(code) or self.lasting.late(code)):
                made = self.keeping(code, place, self.base, frame)
                yield from [made] if made is not None else []
            frame = frame.f_back

    @property
    def keeps(self) -> bool:
        """Whether there is any function whose results may be found without it."""
        return bool(self.cached) or self.kept.any or self.lasting.any

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
            made = self.keeping(code, place, context, frame)
            if made is not None:
                self._begin_keeping(code, context, made)
                return self._calls(place, name) < CALLS
            if self.lasting.late(code) is not None:
                return self._calls(place, name) < ASKED
            self.know(code, place, entry)
        return False

    def _calls(self, *key: str) -> int:
        """How often this was asked in the present test."""
        self._restarts[key] = count = self._restarts.get(key, 0) + 1
        return count

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
        if asks_later(code):
            self.cached.add((place, ASKED_LATER))
        self._unscanned = True
        self.restart()
        return made

    def _begin_memoised(self, code: CodeType, place: str, name: str, context: Context) -> Context:
        made = self.memoised(place, name, context)
        if made is context:
            return made
        self.nested.append((code, threading.get_ident(), made))
        if self._calls(place, name) <= RESTARTS:
            self.restart()
        elif self.base.kind == "test":
            # What a session has entered is all that was imported.
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

    def keeping(self, code: CodeType, place: str, context: Context, frame: FrameType | None = None) -> Context | None:
        """The context of a function that keeps something, on which another one relies; None of any other function."""
        names = self.kept.by(code)
        late = None if names else self.lasting.late(code)
        if late is not None:
            return self._put_off(late, place, context, frame)
        context.uses |= self.kept.found_by(code, place)
        return self._keep(code, place, names, context) if names else None

    def _put_off(self, late: Late, place: str, context: Context, frame: FrameType | None) -> Context | None:
        """The same of a function that keeps something in the object whose method it is."""
        owner = self.lasting.owner(late.code, frame)
        if not owner:
            return None
        names = self.lasting.names(late, owner)
        return self._keep(late.code, EVERYWHERE if late.everywhere else place, names, context, owner)

    def _keep(self, code: CodeType, place: str, names: Collection[str], context: Context, owner: str = "") -> Context:
        made = self.context(
            "kept", self.places.place(code.co_filename), f"{qualified(code)}:{code.co_firstlineno}", owner
        )
        context.uses.add(made.number)
        if owner:
            self.kept.in_objects.add(made.number)
        # Who relies on what a set-up keeps says so by its fixture.
        if self.base.kind != "fixture" and self.kept.note(place, names, made.number):
            # Whoever mentions it is looked at anew, and what was made may put off something itself.
            self.plain.clear()
            self._stale.update([self.lasting.holder(owner)] if owner else self.context("import", place).names[1:])
        return made

    def _begin_keeping(self, code: CodeType, context: Context, made: Context) -> None:
        """What the test has entered by itself may be what a later call of it is the first to enter."""
        if made is not context:
            self.nested.append((code, threading.get_ident(), made))
        if self._calls(*made.names) <= RESTARTS:
            self.restart()

    def begin(self, file: str, name: str) -> Context:
        """A test begins: what it enters is reported anew."""
        self.settle()
        self._look()
        self._restarts.clear()
        made = super().begin(file, name)
        self._go_on(made)
        self.talk_on(made)
        return made

    def end(self, test: Context, *, whole: bool) -> None:
        """A test has ended; what it has made may have put something off in it before anybody knew that it lasts."""
        self.settle()
        for late, owner in self._look():
            place = self.places.place(late.code.co_filename)
            if self.entry(late.code, place) in test.entries:
                names = self.lasting.names(late, owner)
                made = self._keep(late.code, EVERYWHERE if late.everywhere else place, names, test, owner)
                made.entries |= test.entries
                made.uses |= test.uses - {made.number}
        super().end(test, whole=whole)

    def _look(self) -> Sequence[tuple[Late, str]]:
        """Look at what was imported, and at what may have come to hold another object; answer what is new of those."""
        self.look_at_imports()
        if self._stale:
            self._found(self.lasting.look_again(self._stale))
            self._stale.clear()
        return self.lasting.fresh()

    def _go_on(self, test: Context) -> None:
        """Note what other threads are in the midst of: they may go on while a test runs that has not begun them."""
        threads = THREADS()
        for number in threads.keys() - {threading.get_ident()}:
            frame: FrameType | None = threads[number]
            while frame is not None:
                place = self.places.place(frame.f_code.co_filename)
                if place:
                    test.entries.add(self.entry(frame.f_code, place))
                frame = frame.f_back

    def look_at_imports(self) -> None:
        """Look for memoised functions, and in files of tests for objects, in what was imported since the last time."""
        if not self._unscanned:
            return
        self._unscanned = False
        holders: dict[str, Callable[[], Iterable[tuple[str, object]]]] = {}
        for name, module in list(sys.modules.items()):
            if getattr(getattr(module, "__spec__", None), "_initializing", False):
                # It has not got them all yet.
                self._unscanned = True
            elif name not in self._scanned:
                self._scanned.add(name)
                place = self.file_of(module)
                if place:
                    self.plain.clear()
                    self.cached.update(memoised(list(vars(module).values()), self.places))
                if ("file", place) not in self._contexts:
                    holders.update({name: functools.partial(of_module, module)} if place else {})
                elif holds_objects(module, self.places):
                    # Tests of a file that share an object run together; what others hold outlives them all.
                    self.share(self.context("file", place), place)
        self._found(self.lasting.look(holders))

    def lasts(self, name: str, value: Callable[[], object]) -> None:
        """Look at what a fixture hands out to tests of several files."""
        if self._found(self.lasting.look({name: lambda: [(name, value())]})):
            self.restart()

    def _found(self, fresh: bool) -> bool:
        """Functions were found that put something off: they are looked at anew."""
        if fresh:
            self.plain.clear()
        return fresh

    def _remember(self, function: Any) -> None:
        self.cached.update(memoised([function], self.places))
