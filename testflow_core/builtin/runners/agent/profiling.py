"""Before Python 3.12: has the profiler of `cProfile` note which functions are entered, and asks it now and then."""

from __future__ import annotations

import sys
import threading
from types import CodeType
from typing import TYPE_CHECKING, Any

from .contexts import FRAME_OF
from .kept import KNOWN, NAMED
from .memoised import qualified
from .recording import OF_MODULE
from .shard import START, WHOLE
from .telling import NoSourceError, tell
from .watched import FORKING, STARTING, handlers

if TYPE_CHECKING:
    from types import FrameType
    from typing import Callable

    from .recording import Recorder
    from .shard import Context
    from .watched import Handler

try:
    from _lsprof import Profiler
except ImportError:
    Profiler: Any = object

POSSIBLE = Profiler is not object


class Noting(Profiler):
    """What `cProfile` is made of, which is told of each call in C."""

    handed_back = False

    def __call__(self, _frame: FrameType, _event: str, _argument: object) -> None:
        """Somebody has put it back by `sys.setprofile` after having profiled himself: it begins anew."""
        self.handed_back = True
        self.enable(subcalls=True, builtins=False)


class Profiling:
    """
    Asks the profiler when a context ends: all that was entered since the last time belongs to it.

    A function of Python that is told of each call makes a suite three times as dear. It is so only while a module is
    imported, as nobody tells of the end of that, and in other threads, of which the profiler does not know. What a
    memoised function enters is concluded from who called whom: too much at times, and never too little.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._main = threading.get_ident()
        self._imported: CodeType | None = None
        self._graph = False
        self._open: set[Context] = set()
        # They are kept, so that no other is taken for one of them.
        self._never: dict[object, CodeType] = {}
        self._passed: dict[object, CodeType] = {}
        self._slow = self._called

    def install(self) -> bool:
        """Begin; False where somebody else profiles, or where Python's library has come without its source."""
        if not POSSIBLE or sys.getprofile() is not None:
            return False
        recorder = self._recorder
        try:
            for function, handler in handlers():
                tell(function, _teller(recorder, handler))
        except NoSourceError:
            return False
        self._profiler = Noting()
        recorder.unannounced = True
        recorder.settle, recorder.again, recorder.restart = self._settle, self._resume, self._passed.clear
        recorder.runs = self._run
        threading.setprofile(self._slow)
        self._resume()
        return True

    def whole(self) -> bool:
        """Whether nobody has taken its place since; takes it back."""
        kept = sys.getprofile() in (self._profiler, self._slow) and not self._profiler.handed_back
        if not kept:
            self._profiler.handed_back = False
            self._resume()
        return kept

    def _resume(self) -> None:
        """Have the profiler note what is entered from now on."""
        self._imported = None
        self._passed.clear()
        self._graph = self._recorder.keeps
        self._profiler.enable(subcalls=self._graph, builtins=False)

    def _settle(self) -> None:
        """Attribute what was entered since the last time."""
        profiler, recorder = self._profiler, self._recorder
        if sys.getprofile() is not profiler:
            return
        # Switched off, it forgets who is in the midst of something: what it forgets otherwise it would not free.
        profiler.disable()
        entered = profiler.getstats()
        profiler.clear()
        recorder.look_at_imports()
        self._attribute(entered, recorder.innermost(FRAME_OF(1)) or recorder.base)
        self._resume()

    def _attribute(self, entered: list[Any], context: Context) -> None:
        plain, add, named, never = self._recorder.plain, context.entries.add, NAMED, self._never
        shared: list[CodeType] = []
        for each in entered:
            code = each[0]
            key = named(code)
            known = plain.get(key)
            if known is not None and known[0] is code:
                add(known[1])
            elif never.get(key) is not code and self._is_shared(code, context):
                shared.append(code)
        for code in shared:
            self._share(code, context, entered)
        for each in self._open:
            each.entries |= context.entries
        self._open.clear()

    def _is_shared(self, code: CodeType, context: Context) -> bool:
        """Note that a code object is entered of which nothing is known; whether what it does belongs to others, too."""
        recorder, entry = self._recorder, self._entry(code)
        if entry is None:
            if len(self._never) < KNOWN:
                self._never[NAMED(code)] = code
            return False
        context.entries.add(entry)
        place = recorder.places.place(code.co_filename)
        if self._keeps(code) or (place and recorder.keeping(code, place, context) is not None):
            return True
        recorder.know(code, place or "", entry)
        return False

    def _entry(self, code: CodeType) -> int | None:
        """What it is called that a code object is entered, if it matters."""
        place = self._recorder.places.place(code.co_filename)
        if place:
            return self._recorder.entry(code, place)
        starts = code.co_filename == FORKING and qualified(code) in STARTING
        return self._recorder.start() if starts else None

    def _share(self, memoised: CodeType, context: Context, entered: list[Any]) -> None:
        """Have what a memoised function did belong to whoever may get what it keeps."""
        made = self._shared(memoised, context) or context
        called = {each[0]: [inner[0] for inner in each[5] or ()] for each in entered}
        met: set[CodeType] = set()
        waiting = [memoised] if self._graph else list(called)
        while waiting:
            code = waiting.pop()
            if code not in met:
                met.add(code)
                waiting += called.get(code, ())
                entry = self._entry(code)
                if entry is not None:
                    made.entries.add(entry)
                    self._shared(code, made)

    def _shared(self, code: CodeType, context: Context) -> Context | None:
        """The context of a function that keeps something, or whose results are kept, on which another one relies."""
        place = self._recorder.places.place(code.co_filename)
        if self._keeps(code):
            return self._recorder.memoised(place, qualified(code), context)
        return self._recorder.keeping(code, place, context) if place else None

    def _keeps(self, code: CodeType) -> bool:
        cached = self._recorder.cached
        return bool(cached) and (self._recorder.places.place(code.co_filename), qualified(code)) in cached

    def _run(self, code: object) -> None:
        """A code object is run for the first time: while it is a module of the application, every call is told."""
        if not isinstance(code, CodeType) or code.co_name != OF_MODULE or threading.get_ident() != self._main:
            return
        recorder = self._recorder
        if sys.getprofile() is self._profiler and recorder.places.place(code.co_filename):
            self._settle()
            # The profiler will not know that it was them who called what they call from now on.
            self._open |= set(recorder.memoised_above(FRAME_OF(1)))
            self._profiler.disable()
            self._imported = code
            sys.setprofile(self._slow)

    def _called(self, frame: FrameType, event: str, _argument: object) -> None:
        """What is told of each call, and of each return."""
        code = frame.f_code
        if event == "call":
            key = NAMED(code)
            if self._passed.get(key) is not code and self._never.get(key) is not code:
                self._tell(code, key, frame)
        elif event == "return" and code is self._imported and threading.get_ident() == self._main:
            self._resume()

    def _tell(self, code: CodeType, key: object, frame: FrameType) -> None:
        recorder = self._recorder
        place = recorder.places.place(code.co_filename)
        if place:
            if not recorder.enter(code, place, qualified(code), frame) and len(self._passed) < KNOWN:
                self._passed[key] = code
        elif code.co_filename == FORKING and qualified(code) in STARTING:
            recorder.touch(START, WHOLE, frame)
        elif len(self._never) < KNOWN:
            self._never[key] = code


def _teller(recorder: Recorder, handler: Handler) -> Callable[[], None]:
    def tell_of_call() -> None:
        handler(recorder, FRAME_OF(1))

    return tell_of_call
