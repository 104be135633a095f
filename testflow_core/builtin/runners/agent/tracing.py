"""Tells a recorder which functions of the application are entered: by `sys.monitoring`, or by a trace function."""

from __future__ import annotations

import genericpath
import importlib
import inspect
import os
import pathlib
import posixpath
import sys
import threading
from types import CodeType
from typing import TYPE_CHECKING, Any

from .module_search import asker_of
from .recording import FRAME_OF, KNOWN, NAMED, apart, qualified
from .shard import ABSENT, READ, START, WHOLE

if TYPE_CHECKING:
    from types import FrameType
    from typing import Callable

    from .recording import Recorder

TOOLS = (4, 3)
"""Numbers of tools that PEP 669 leaves to whoever comes."""

ASKING = (
    genericpath.exists,
    genericpath.isfile,
    genericpath.isdir,
    posixpath.lexists,
    pathlib.Path.stat,
    pathlib.Path.exists,
)
"""What asks whether a file is there: no audit event tells of it."""

FIND: Any = getattr(importlib.import_module("importlib._bootstrap"), "_find_spec", None)
"""What every search for a module comes to; the audit event tells of `import` statements alone."""

WATCHED = (inspect.findsource, FIND)
FORKING = inspect.findsource.__code__.co_filename.replace("inspect.py", "multiprocessing/process.py")
STARTING = "BaseProcess.start"
"""Watched, too, without importing what hardly any test needs."""


def watched() -> dict[str, dict[str, Callable[[Recorder, FrameType], None]]]:
    """By file and qualified name, functions that are none of the application's and must be told of every time."""
    found: dict[str, dict[str, Callable[[Recorder, FrameType], None]]] = {}
    functions: list[tuple[object, Callable[[Recorder, FrameType], None]]] = [(each, _asked) for each in ASKING]
    functions += zip(WATCHED, (_source_read, _searched))
    for function, handler in functions:
        code: CodeType | None = getattr(function, "__code__", None)
        if code is not None:
            found.setdefault(code.co_filename, {})[qualified(code)] = handler
    # Before Python 3.11, where there are plain names only, no other function of the file is called so.
    found[FORKING] = {STARTING: _forked, STARTING.rpartition(".")[2]: _forked}
    return found


THREADS: Callable[[], dict[int, FrameType]] = getattr(sys, "_current_frames")  # noqa: B009 - nobody else knows
"""The threads that are in the midst of something, whoever has started them."""

FILES_OF_ASKING = frozenset(each.__code__.co_filename for each in ASKING if hasattr(each, "__code__"))


def _asked(recorder: Recorder, frame: FrameType) -> None:
    code = frame.f_code
    asker: FrameType | None = frame
    while asker is not None and asker.f_code.co_filename in FILES_OF_ASKING:
        asker = asker.f_back
    if asker is None or by_framework(asker):
        return
    path: Any = frame.f_locals.get(code.co_varnames[0])
    paths: Any = (str, bytes, os.PathLike)
    if isinstance(path, paths):
        text = os.fsdecode(path)
        place = recorder.places.place(text)
        if place and not os.access(text, os.F_OK) and place not in recorder.written:
            recorder.touch(ABSENT, place, frame)


def _source_read(recorder: Recorder, frame: FrameType) -> None:
    asker: FrameType | None = frame
    while asker is not None and asker.f_code.co_filename == frame.f_code.co_filename:
        asker = asker.f_back
    if asker is None or by_framework(asker):
        return
    read: Any = frame.f_locals.get("object")
    read = (
        sys.modules.get(read.__module__) if isinstance(read, type) else inspect.unwrap(read) if callable(read) else read
    )
    read = getattr(read, "__func__", read)
    code = getattr(read, "__code__", None) or getattr(read, "tb_frame", read)
    code = getattr(code, "f_code", code)
    file = getattr(code, "co_filename", None) or getattr(read, "__file__", None)
    place = recorder.places.place(str(file or ""))
    if place:
        recorder.touch(READ, place, frame)


def _forked(recorder: Recorder, frame: FrameType) -> None:
    recorder.touch(START, WHOLE, frame)


def _searched(recorder: Recorder, frame: FrameType) -> None:
    name, path = (frame.f_locals.get(each) for each in frame.f_code.co_varnames[:2])
    if isinstance(name, str):
        recorder.search(name, path, asker_of(frame))


def by_framework(frame: FrameType) -> bool:
    """Whether pytest or the import system does something, and not a test."""
    name = frame.f_code.co_filename
    return name.startswith("<frozen importlib") or "/_pytest/" in name


class Tracing:
    """What both ways share."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._watched = watched()

    def _told(self, code: CodeType, frame: FrameType) -> bool:
        """Take note of an entered code object; whether every other time must be told of, too."""
        recorder = self._recorder
        place = recorder.places.place(code.co_filename)
        if place:
            return recorder.enter(code, place, qualified(code), frame)
        handlers = self._watched.get(code.co_filename)
        handler = handlers.get(qualified(code)) if handlers is not None else None
        if handler is None:
            return False
        handler(recorder, frame)
        return True


class Monitoring(Tracing):
    """
    Python 3.12 and later: costs nothing once a function was told of, until the next context begins.

    Only the application's own code is watched, from when it is first run: to be told once more of every function of
    pytest and the standard library, test after test, cost most of what recording did.
    """

    def install(self) -> bool:
        """Begin; False where other tools have taken all places."""
        self._monitoring: Any = getattr(sys, "monitoring")  # noqa: B009 - since 3.12
        monitoring, recorder = self._monitoring, self._recorder
        tool = next((each for each in TOOLS if monitoring.get_tool(each) is None), None)
        if tool is None:
            return False
        self._tool = tool
        self._met: list[CodeType] = []
        self._all = False
        monitoring.use_tool_id(tool, "testflow")
        monitoring.register_callback(tool, monitoring.events.PY_START, self._callback())
        forking: Any = sys.modules.get("multiprocessing.process")
        started = [forking.BaseProcess.start] if forking else []
        for function in [*ASKING, *WATCHED, *started]:
            self._watch(getattr(function, "__code__", None))
        if recorder.preloaded:
            self._watch_all()
        recorder.runs, recorder.makes = self._run, self._made
        recorder.restart, recorder.again = monitoring.restart_events, self._again
        return True

    def _callback(self) -> Callable[[CodeType, int], object]:
        """What is called when a function is entered: the hottest of all, so that nothing is looked up twice."""
        recorder, told, disable, frame_of = self._recorder, self._told, self._monitoring.DISABLE, FRAME_OF
        plain, met = recorder.plain, self._met.append

        def entered(code: CodeType, _offset: int) -> object:
            if not recorder.nested:
                known = plain.get(code.co_qualname)
                if known is not None and known[0] is not code:
                    known = plain.get(apart(code))
                if known is not None and known[0] is code:
                    recorder.base.entries.add(known[1])
                    met(code)
                    return disable
            if told(code, frame_of(1)):
                return None
            met(code)
            return disable

        return entered

    def _again(self) -> None:
        """
        Have everything told once more: what was told of piece by piece, as a restart costs all code that is run a look.

        Not while a thread may be about to disable what it has told of: it stays in the list until nobody is.
        """
        monitoring, met = self._monitoring, self._met
        self._all = self._all or len(met) > KNOWN
        if self._all:
            met.clear()
        if self._all or len(THREADS()) > 1:
            monitoring.restart_events()
            return
        set_local_events, tool, event = monitoring.set_local_events, self._tool, monitoring.events.PY_START
        for code in met:
            set_local_events(tool, code, 0)
            set_local_events(tool, code, event)
        met.clear()

    def _run(self, code: object) -> None:
        """A code object is run for the first time: a module, as a rule, with all functions in it."""
        if isinstance(code, CodeType) and (
            self._recorder.places.place(code.co_filename) or code.co_filename == FORKING
        ):
            self._watch(code)

    def _made(self, file: object) -> None:
        """A code object was put together by hand, which nobody can come by."""
        if isinstance(file, str) and self._recorder.places.place(file):
            self._watch_all()

    def _watch_all(self) -> None:
        """From now on, whoever's code it is: there is some of the application's that cannot be come by."""
        self._all = True
        self._monitoring.set_events(self._tool, self._monitoring.events.PY_START)

    def _watch(self, code: CodeType | None) -> None:
        waiting = [code] if code is not None else []
        while waiting:
            each = waiting.pop()
            self._monitoring.set_local_events(self._tool, each, self._monitoring.events.PY_START)
            waiting += [inner for inner in each.co_consts if isinstance(inner, CodeType)]

    def whole(self) -> bool:
        """Whether nobody has taken its place since."""
        return True


class Calls(Tracing):
    """Before Python 3.12: told of every call, and lets most of them pass at once."""

    def install(self) -> bool:
        """Begin, as a trace function, else as a profile function; False where somebody else is both."""
        ways: list[Any] = [(sys.gettrace, sys.settrace, threading.settrace)]
        ways.append((sys.getprofile, sys.setprofile, threading.setprofile))
        way = next((each for each in ways if each[0]() is None), None)
        if way is None:
            return False
        self._get, self._set, for_threads = way
        told = self._told
        # They are kept, so that no other is taken for one of them.
        passed: dict[object, CodeType] = {}
        never: dict[object, CodeType] = {}
        named = NAMED

        def called(frame: FrameType, event: str, _argument: object) -> None:
            if event != "call":
                return
            code = frame.f_code
            key = named(code)
            if never.get(key) is code or passed.get(key) is code:
                return
            if key in never or key in passed:
                key = apart(code)
                if never.get(key) is code or passed.get(key) is code:
                    return
            if not told(code, frame) and len(never) < KNOWN:
                (passed if self._recorder.places.place(code.co_filename) else never)[key] = code

        self._function = called
        self._recorder.restart = self._recorder.again = passed.clear
        for_threads(called)
        self._set(called)
        return True

    def whole(self) -> bool:
        """Whether nobody has taken its place since; takes it back."""
        kept = self._get() is self._function
        if not kept:
            self._set(self._function)
        return kept


def tracing(recorder: Recorder) -> Monitoring | Calls:
    """What this Python has."""
    return Monitoring(recorder) if hasattr(sys, "monitoring") else Calls(recorder)
