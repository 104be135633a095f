"""The forked worker: turns into a process of the test framework that works on one piece after the other."""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from mmap import mmap
    from typing import Callable, NoReturn

    from . import wire

PR_SET_PDEATHSIG = 1
INTERNAL_ERROR = 3


def parse(line: bytes) -> wire.Event:
    """An event as a child wrote it."""
    return cast("wire.Event", json.loads(line))


class Ends(NamedTuple):
    """A worker's descriptors: orders come from the first, events, output and stack dumps go to the others; its flag."""

    orders: int
    events: int
    output: int
    dump: int
    flag: mmap


def work(run: Callable[[], int], ends: Ends, dump_signal: int) -> NoReturn:
    """Become the test process, which answers an exit code; ends by leaving it."""
    code = INTERNAL_ERROR
    try:
        detach(ends.output)
        # Chained to the signal's own default, which ends the process once the dump is written.
        faulthandler.register(dump_signal, file=ends.dump, all_threads=True, chain=True)
        code = run()
    except BaseException:  # noqa: BLE001 - whatever it is, it must not climb up into the server's own frames
        os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
    finally:
        leave(code)


def detach(output: int) -> None:
    """Forget the server: signals, group, standard streams."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parent = os.getppid()
    os.setsid()
    die_with(parent)
    os.dup2(output, 1)
    os.dup2(output, 2)


def die_with(parent: int) -> None:
    """Have the kernel end this process when the server dies, however it dies; where it cannot, the pipes tell."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes  # noqa: PLC0415 - some interpreters are built without it

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(INTERNAL_ERROR)


def leave(code: int) -> NoReturn:
    """End as an interpreter does, but for tearing down the heap that is shared with the server."""
    with contextlib.suppress(BaseException):
        shutdown = getattr(threading, "_shutdown", None)
        if shutdown is not None:
            shutdown()
    with contextlib.suppress(BaseException):
        run = getattr(atexit, "_run_exitfuncs", None)
        if run is not None:
            run()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()
    os._exit(code)
