"""Functions of the standard library that say what a test depends on, and of which no audit event tells."""

from __future__ import annotations

import genericpath
import importlib
import inspect
import linecache
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
    genericpath.getsize,
    genericpath.getmtime,
)
"""What asks whether a file is there, or how large it is: no audit event tells of it."""
OF_CONTENT = {"getsize", "getmtime"}

FIND: Any = getattr(importlib.import_module("importlib._bootstrap"), "_find_spec", None)
"""What every search for a module comes to; the audit event tells of `import` statements alone."""

WATCHED = (inspect.findsource, FIND, importlib.import_module, linecache.getlines)
FORKING = inspect.findsource.__code__.co_filename.replace("inspect.py", "multiprocessing/process.py")
STARTING = ("BaseProcess.start", "start")
"""Watched, too, without importing what hardly any test needs; before Python 3.11 functions have plain names only."""


def handlers() -> Iterable[tuple[FunctionType, Handler]]:
    """Functions of which every call must be told, each with what is to be done of the frame of a call."""
    for function, handler in [
        *zip(ASKING, repeat(_asked)),
        *zip(WATCHED, (_source_read, _searched, _asked_for, _lines_read)),
    ]:
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
            there = FOUND if os.access(text, os.F_OK) else ABSENT
            of_content = there == FOUND and code.co_name in OF_CONTENT and not os.path.isdir(text)  # noqa: PTH112
            recorder.touch(READ if of_content else there, place, frame)


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


def _asked_for(recorder: Recorder, frame: FrameType) -> None:
    name, package = frame.f_locals.get("name"), str(frame.f_locals.get("package"))
    asker = asker_of(frame)
    if isinstance(name, str) and asker is not None and not by_framework(asker):
        level = len(name) - len(name.lstrip("."))
        above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
        recorder.loaded(".".join([*above, name[level:]]), asker)


def _lines_read(recorder: Recorder, frame: FrameType) -> None:
    asker = frame.f_back
    while asker is not None and asker.f_code is not frame.f_code and asker.f_code.co_filename == linecache.__file__:
        asker = asker.f_back
    # What is there already is not read again. `inspect` is told of by itself, and others show where they are.
    place = recorder.places.place(str(frame.f_locals.get("filename")))
    if place and asker is not None and recorder.places.place(asker.f_code.co_filename):
        recorder.touch(READ, place, asker)


def _forked(recorder: Recorder, frame: FrameType) -> None:
    recorder.touch(START, WHOLE, frame)


def _searched(recorder: Recorder, frame: FrameType) -> None:
    name, path = (frame.f_locals.get(each) for each in frame.f_code.co_varnames[:2])
    if isinstance(name, str):
        recorder.search(name, path, asker_of(frame))


def by_framework(frame: FrameType) -> bool:
    """Whether pytest, the import system, or what measures coverage does something, and not a test."""
    name = frame.f_code.co_filename
    return name.startswith("<frozen importlib") or "/_pytest/" in name or "-packages/coverage/" in name
