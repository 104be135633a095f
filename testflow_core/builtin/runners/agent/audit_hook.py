"""Tells a recorder which files, folders and programs tests ask for, by the audit events of Python (PEP 578)."""

from __future__ import annotations

import os
import sys
from types import CodeType
from typing import TYPE_CHECKING, Any

from .contexts import FRAME_OF
from .run_text import names_in
from .shard import ABSENT, LIST, READ, START, WHOLE
from .watched import by_framework

if TYPE_CHECKING:
    from types import FrameType
    from typing import Callable, Tuple

    from .recording import Recorder

    Arguments = Tuple[Any, ...]

PATHS: Any = (str, bytes, os.PathLike)
RUN, ASK = "run", "ask"
"""What is noted of code that the application makes while it runs, or doctest: the names that it asks for."""
DOCTEST = os.__file__.replace("os.py", "doctest.py")

WRITING = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
HARMLESS = {"uname", "lsb_release", "ldconfig", "hostname", "locale", "stty", "tput"}
"""Programs that the standard library itself asks, and that read nothing of an application."""

ON_THE_WAY = (
    "linecache.py",
    "tokenize.py",
    "codecs.py",
    "codecs>",
    "pathlib.py",
    "pathlib/_local.py",
    "pathlib/_abc.py",
    "pathlib/__init__.py",
)

OF_CONSTANTS = "hypothesis/internal/constants_ast.py"
"""Where Hypothesis gathers the constants of all sources: it draws from them, as it does from random numbers."""

IN_FOLDERS = ("_rmtree_safe_fd", "_fwalk", "fwalk")
"""Functions of Python that open what is in a folder by its bare name: the event does not tell which folder."""

OF_METADATA = ("/importlib/metadata", "/importlib_metadata/", "/pkg_resources/")


class AuditHook:
    """A hook that stays as long as the process: it cannot be taken away."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._pid = os.getpid()

    def install(self) -> None:
        """Begin."""
        handlers: dict[str, Callable[[Arguments, FrameType | None], None]] = {
            "open": self._open,
            "exec": lambda told, frame: self._run(told[0], frame),
            "code.__new__": lambda told, _: self._recorder.makes(told[1]),
            "os.listdir": self._list,
            "os.scandir": self._list,
            "sqlite3.connect": self._database,
            "socket.connect": lambda told, frame: self._recorder.talks(told[0], frame),
            "socket.sendto": lambda told, frame: self._recorder.talks(told[0], frame),
            "subprocess.Popen": lambda told, frame: self._start(told[1], told[2], frame),
            "os.system": lambda told, frame: self._start((told[0],), None, frame),
            "os.posix_spawn": lambda told, frame: self._start(told[1], None, frame),
            "os.exec": lambda told, frame: self._start(told[1], None, frame),
            "os.fork": lambda _, frame: self._recorder.touch(START, WHOLE, frame),
            "os.forkpty": lambda _, frame: self._recorder.touch(START, WHOLE, frame),
        }
        of, frame_of, pid = handlers.get, FRAME_OF, self._pid
        recorder = self._recorder

        def hook(event: str, arguments: Arguments) -> None:
            handler = of(event)
            if handler is not None and not recorder.silent and os.getpid() == pid:
                handler(arguments, frame_of(1))

        sys.addaudithook(hook)

    def _run(self, code: Any, frame: FrameType | None) -> None:
        recorder = self._recorder
        recorder.runs(code)
        # What a library runs is made of what the library knows.
        if frame is None or not isinstance(code, CodeType):
            return
        # Examples are tests that are text.
        file = frame.f_code.co_filename
        kind = ASK if file == DOCTEST else RUN if recorder.places.place(file) else ""
        for name in names_in(code) if kind else ():
            recorder.touch(kind, name, frame)

    def _open(self, told: Arguments, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code.co_name.startswith(IN_FOLDERS):
            return
        flags = told[2]
        writes = isinstance(flags, int) and bool(flags & WRITING)
        # What is added to may be read first.
        reads = writes and flags & os.O_RDWR and not flags & os.O_TRUNC and isinstance(told[0], PATHS)
        self._touch(told[0], frame, writes=writes and not (reads and os.access(told[0], os.F_OK)))

    def _touch(self, path: Any, frame: FrameType | None, *, writes: bool = False) -> None:
        if not isinstance(path, PATHS):
            return
        text = os.fsdecode(path)
        recorder = self._recorder
        place = recorder.places.place(text)
        if not place or place in recorder.written:
            return
        exists = os.access(text, os.F_OK)
        # Told before it happens: what is there already is not made by this.
        if writes and not exists:
            recorder.written.add(place)
        elif not writes and not (place.endswith(".py") and _is_for_code(frame)):
            recorder.touch(READ if exists else ABSENT, place, frame)

    def _database(self, told: Arguments, frame: FrameType | None) -> None:
        path = told[0]
        if isinstance(path, str) and path.startswith("file:"):
            path = path[5:].partition("?")[0]
        self._touch(path, frame)

    def _list(self, told: Arguments, frame: FrameType | None) -> None:
        path: Any = told[0] if told[0] is not None else "."
        if not isinstance(path, PATHS) or (frame is not None and (by_framework(frame) or _is_for_metadata(frame))):
            return
        # A folder has no name of its own where it is the checkout.
        inside = self._recorder.places.place(os.path.join(os.fsdecode(path), "x"))
        if inside:
            self._recorder.touch(LIST, inside[:-1], frame)

    def _start(self, words: Any, folder: Any, frame: FrameType | None) -> None:
        given: list[Any] = [words] if isinstance(words, PATHS) else list(words or ())
        texts = [os.fsdecode(each) for each in given if isinstance(each, PATHS)]
        base = os.fsdecode(folder) if isinstance(folder, PATHS) else os.getcwd()
        for word in [part for text in texts for part in (text, *text.split())]:
            place = self._recorder.places.place(os.path.join(base, word))
            if place and os.path.isfile(os.path.join(base, word)):
                self._recorder.touch(START, place, frame)
        if not texts or os.path.basename(texts[0].split(" ")[0]) not in HARMLESS:
            self._recorder.touch(START, WHOLE, frame)


def _is_for_metadata(frame: FrameType) -> bool:
    """Whether a folder is looked through for installed distributions alone: one that is new concerns everybody."""
    return any(part in frame.f_code.co_filename for part in OF_METADATA)


def _is_for_code(frame: FrameType | None) -> bool:
    """Whether source is read to be run, to be shown in a traceback, or for what may be drawn at random."""
    while frame is not None and frame.f_code.co_filename.endswith(ON_THE_WAY):
        frame = frame.f_back
    if frame is None:
        return False
    # `inspect` is told of by itself, however often linecache has the text already.
    name = frame.f_code.co_filename
    return (
        by_framework(frame)
        or name.startswith("<frozen ")
        or name.endswith(("inspect.py", "traceback.py", OF_CONSTANTS))
    )
