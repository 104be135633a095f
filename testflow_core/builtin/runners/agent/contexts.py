"""Stretches of work to which belongs what happens in them, and when what is new of them is written down."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING

from .shard import SHARD, SHARE, START, WHOLE, Context, Shard

if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Callable, Generator, Iterable

    from .own_files import Places

FRAME_OF: Callable[[int], FrameType] = getattr(sys, "_getframe")  # noqa: B009 - there is no other way to ask


class Contexts:
    """
    One is the present one; the first is that of the session.

    `again` has everything reported once more; `restart` as well, and may be called in the midst of a report. `settle`
    has reported what was not yet, before the context is another.
    """

    def __init__(self, places: Places, folder: str) -> None:
        self.places = places
        self.restart: Callable[[], None] = lambda: None
        self.again: Callable[[], None] = lambda: None
        self.settle: Callable[[], None] = lambda: None
        self.nested: list[tuple[CodeType, int, Context]] = []
        self.silent = False
        self._shard = Shard(places, os.path.join(folder, f"{SHARD}{os.getpid()}.jsonl"))
        self._contexts: dict[tuple[str, ...], Context] = {}
        self._made = 0
        self._active: set[Context] = set()
        self._below: dict[str, frozenset[int]] = {}
        self.session = self.base = self.context("session")

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
        """The context of what happens in a frame."""
        return self.innermost(frame) or self.base

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

    def begin(self, file: str, name: str) -> Context:
        """A test begins: what it enters is reported anew."""
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

    def start(self) -> int:
        """What it is called that a program is started of which nobody knows what it touches."""
        return self._shard.number((START, WHOLE, 0, ""))

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

    def share(self, context: Context, name: str) -> None:
        """Note that those who rely on a context have something in common that may be another after each of them."""
        context.entries.add(self._shard.number((SHARE, name, 0, "")))
