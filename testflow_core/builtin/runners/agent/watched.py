"""Functions of the standard library that say what a test depends on, and of which no audit event tells."""

from __future__ import annotations

import builtins
import genericpath
import importlib
import inspect
import linecache
import os
import pathlib
import posixpath
import sys
import traceback
import warnings
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
    genericpath.samefile,
    genericpath.getsize,
    genericpath.getmtime,
    genericpath.getctime,
)
"""What asks whether a file is there, or how large it is: no audit event tells of it."""
OF_CONTENT = {"getsize", "getmtime", "getctime"}
OF_STATUS = {"stat", "lstat"}

FIND: Any = getattr(importlib.import_module("importlib._bootstrap"), "_find_spec", None)
"""What every search for a module comes to; the audit event tells of `import` statements alone."""

IMPORT: Any = getattr(importlib, "__import__")  # noqa: B009 - the one in Python, which nobody but a program calls
WATCHED = (inspect.findsource, FIND, importlib.import_module, IMPORT, linecache.getlines)
FORKING = inspect.findsource.__code__.co_filename.replace("inspect.py", "multiprocessing/process.py")
STARTING = ("BaseProcess.start", "start")
"""Watched, too, without importing what hardly any test needs; before Python 3.11 functions have plain names only."""


def handlers() -> Iterable[tuple[FunctionType, Handler]]:
    """Functions of which every call must be told, each with what is to be done of the frame of a call."""
    for function, handler in [
        *zip(ASKING, repeat(_asked)),
        *zip(WATCHED, (_source_read, _searched, _asked_for, _imported, _lines_read)),
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


PATHS: Any = (str, bytes, os.PathLike)
SHOWING = {traceback.__file__, warnings.__file__}
"""Who shows lines of source with their numbers."""

FILES_OF_ASKING = frozenset(each.__code__.co_filename for each in ASKING if hasattr(each, "__code__"))


def _asked(recorder: Recorder, frame: FrameType) -> None:
    code = frame.f_code
    asker: FrameType | None = frame
    while asker is not None and asker.f_code.co_filename in FILES_OF_ASKING:
        asker = asker.f_back
    if asker is None or by_framework(asker):
        return
    # `Path.exists` asks for the status of a file, too, and then for nothing that it says.
    above = frame.f_back.f_code if frame.f_back is not None else code
    by_itself = above.co_filename not in FILES_OF_ASKING or above.co_name in OF_STATUS
    of_content = code.co_name in OF_CONTENT or (code.co_name in OF_STATUS and by_itself)
    for name in code.co_varnames[: 1 + (code.co_name == "samefile")]:
        _ask(recorder, frame.f_locals.get(name), frame, of_content=of_content)


def _ask(recorder: Recorder, path: Any, frame: FrameType, *, of_content: bool) -> None:
    """Note that somebody asks whether a file is there, or for what changes with its content and its mode."""
    if not isinstance(path, PATHS):
        return
    text = os.fsdecode(path)
    place = recorder.places.place(text)
    if place and place not in recorder.written:
        there = FOUND if os.access(text, os.F_OK) else ABSENT
        read = of_content and there == FOUND and not os.path.isdir(text)  # noqa: PTH112
        recorder.touch(READ if read else there, place, frame)


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


def _imported(recorder: Recorder, frame: FrameType) -> None:
    told = frame.f_locals
    _wanted(recorder, told.get("name"), told.get("globals"), frame)


def _wanted(recorder: Recorder, name: Any, names_of: Any, frame: FrameType) -> None:
    """Note that somebody calls `__import__`: with a level, the name is one of his package."""
    asker = asker_of(frame)
    if not isinstance(name, str) or asker is None or by_framework(asker):
        return
    recorder.loaded(name, asker)
    named: dict[str, Any] = names_of or {}
    package = named.get("__package__")
    while isinstance(package, str) and package:
        recorder.loaded(f"{package}.{name}".rstrip("."), asker)
        package = package.rpartition(".")[0]


def _lines_read(recorder: Recorder, frame: FrameType) -> None:
    asker = frame.f_back
    while asker is not None and asker.f_code is not frame.f_code and asker.f_code.co_filename == linecache.__file__:
        asker = asker.f_back
    # What is there already is not read again. `inspect` is told of by itself, and others show where they are.
    place = recorder.places.place(str(frame.f_locals.get("filename")))
    if not place or asker is None:
        return
    shows = asker.f_code.co_filename in SHOWING
    while asker is not None and asker.f_code.co_filename in SHOWING:
        asker = asker.f_back
    # Pytest shows what nobody has caught, and no test sees that.
    if asker is not None and (not by_framework(asker) if shows else recorder.places.place(asker.f_code.co_filename)):
        recorder.touch(READ, place, asker)


def _forked(recorder: Recorder, frame: FrameType) -> None:
    recorder.touch(START, WHOLE, frame)


def _searched(recorder: Recorder, frame: FrameType) -> None:
    name, path = (frame.f_locals.get(each) for each in frame.f_code.co_varnames[:2])
    if isinstance(name, str):
        recorder.search(name, path, asker_of(frame))


def _status(recorder: Recorder, path: Any, frame: FrameType) -> None:
    _ask(recorder, path, frame, of_content=True)


def _import(recorder: Recorder, name: Any, frame: FrameType) -> None:
    _wanted(recorder, name, frame.f_globals, frame)


IN_C: dict[object, Callable[[Recorder, Any, FrameType], None]] = {
    builtins.__import__: _import,
    os.stat: _status,
    os.lstat: _status,
    os.access: _status,
    getattr(os.DirEntry, "stat"): _status,  # noqa: B009 - of entries of whichever type
}
"""What is written in C and raises no audit event, with what is to be done of the first argument of a call."""

KINDS_IN_C = frozenset(type(each) for each in IN_C)
NAMES_IN_C = frozenset({"__import__", "stat", "lstat", "access"})


def by_framework(frame: FrameType) -> bool:
    """Whether pytest, the import system, or what measures coverage does something, and not a test."""
    name = frame.f_code.co_filename
    return name.startswith("<frozen importlib") or "/_pytest/" in name or "-packages/coverage/" in name
