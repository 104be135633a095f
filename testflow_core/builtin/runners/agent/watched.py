"""Functions of the standard library that say what a test depends on, and of which no audit event tells."""

from __future__ import annotations

import genericpath
import importlib
import inspect
import os
import pathlib
import posixpath
import sys
from itertools import repeat
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .memoised import qualified
from .module_search import asker_of
from .shard import ABSENT, FOUND, READ, START, WHOLE

if TYPE_CHECKING:
    from types import FrameType
    from typing import Callable, Iterable

    from .recording import Recorder

    Handler = Callable[[Recorder, FrameType], None]

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
STARTING = ("BaseProcess.start", "start")
"""Watched, too, without importing what hardly any test needs; before Python 3.11 functions have plain names only."""


def handlers() -> Iterable[tuple[FunctionType, Handler]]:
    """Functions of which every call must be told, each with what is to be done of the frame of a call."""
    for function, handler in [*zip(ASKING, repeat(_asked)), *zip(WATCHED, (_source_read, _searched))]:
        if isinstance(function, FunctionType):
            yield function, handler


def watched() -> dict[str, dict[str, Handler]]:
    """The same by file and qualified name."""
    found: dict[str, dict[str, Handler]] = {}
    for function, handler in handlers():
        found.setdefault(function.__code__.co_filename, {})[qualified(function.__code__)] = handler
    found[FORKING] = dict.fromkeys(STARTING, _forked)
    return found


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
        if place and place not in recorder.written:
            recorder.touch(FOUND if os.access(text, os.F_OK) else ABSENT, place, frame)


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
