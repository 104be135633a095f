"""Python 3.12 and later: tells a recorder which functions of the application are entered, by `sys.monitoring`."""

from __future__ import annotations

import inspect
import sys
from types import CodeType
from typing import TYPE_CHECKING, Any

from .contexts import FRAME_OF
from .kept import KNOWN, apart
from .memoised import qualified
from .recording import THREADS
from .watched import ASKING, FORKING, IN_C, KINDS_IN_C, NAMES_IN_C, WATCHED, watched

if TYPE_CHECKING:
    from types import FrameType
    from typing import Callable

    from .recording import Recorder

TOOLS = (4, 3)
"""Numbers of tools that PEP 669 leaves to whoever comes."""

RESUMED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
"""Flags of code that goes on where it was: another test may have begun it."""


class Monitoring:
    """
    Costs nothing once a function was told of, until the next context begins.

    Only the application's own code is watched, from when it is first run: to be told once more of every function of
    pytest and the standard library, test after test, cost most of what recording did.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._watched = watched()

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
        entered = self._callback()
        for event in (monitoring.events.PY_START, monitoring.events.PY_RESUME):
            monitoring.register_callback(tool, event, entered)
        monitoring.register_callback(tool, monitoring.events.CALL, self._called_in_c())
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

    def _called_in_c(self) -> Callable[[CodeType, int, object, object], object]:
        """What is called where code that names what is written in C calls anything."""
        recorder, disable, frame_of, handlers = self._recorder, self._monitoring.DISABLE, FRAME_OF, IN_C

        def called(_code: CodeType, _offset: int, function: object, first: object) -> object:
            handler = handlers.get(function) if type(function) in KINDS_IN_C else None
            if handler is None:
                return disable
            if not recorder.silent:
                handler(recorder, first, frame_of(1))
            return None

        return called

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
        set_local_events, tool, local_events = monitoring.set_local_events, self._tool, monitoring.get_local_events
        for code in met:
            events = local_events(tool, code)
            set_local_events(tool, code, 0)
            set_local_events(tool, code, events)
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
            events = self._monitoring.events
            resuming = events.PY_RESUME if each.co_flags & RESUMED else 0
            own = not NAMES_IN_C.isdisjoint(each.co_names) and self._recorder.places.place(each.co_filename)
            calling = events.CALL if own else 0
            self._monitoring.set_local_events(self._tool, each, events.PY_START | resuming | calling)
            waiting += [inner for inner in each.co_consts if isinstance(inner, CodeType)]

    def whole(self) -> bool:
        """Whether nobody has taken its place since."""
        return True
