"""Where in its code a process of a test was when a signal ended it, by the core file that the kernel left."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.execution.artifact_search import TICK
from testflow_core.model import Artifact, FailureContext
from testflow_core.model.artifact import sized

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.model import Outcome

FRAMES, CHARACTERS, LINE = 40, 16_000, 400
"""What is told of one crash: frames, characters, characters of a line."""
PATIENCE = 20.0
"""Seconds that the debugger has for one crash, and who keeps core files to hand one over."""
LARGEST = 4 << 30
"""Bytes of a core file that is looked at."""
LOOKED_AT = 5
"""Crashes of one run that are looked at: it takes a second, in which nothing else is heard."""
DUMPING = {signal.SIGQUIT, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV}
"""Signals of which the kernel leaves a core file, see signal(7), but for those of limits that somebody has set."""
_SPECIFIER = re.compile(r"%(.)")
# No file of the machine or the checkout, and nobody's server, has a say in what is run here.
_GDB = ("-nx", "-q", "-batch", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off")
_SHOWN = ("set width 0", "set print elements 40", "set print frame-arguments scalars", f"backtrace {FRAMES}")
_ELF, _CORE_TYPE, _NOTE_SEGMENT, _FILES = b"\x7fELF\x02\x01", 4, 4, 0x46494C45
_NOTES_LIMIT = 1 << 24


class NoBacktraceError(Exception):
    """Why there is none, in half a sentence."""


class Crashes:
    """Looks at the crashes of one run; `pattern` is where the kernel says how it names core files."""

    def __init__(self, pattern: Path = Path("/proc/sys/kernel/core_pattern")) -> None:
        self._pattern = pattern
        self._seen = 0

    def told(self, outcome: Outcome, checkout: Path) -> Outcome:
        """The outcome of a test whose process a signal has ended, with its backtrace, or why there is none."""
        context = outcome.context
        if context is None or context.exit is None or -context.exit not in DUMPING:
            return outcome
        self._seen += 1
        if self._seen > LOOKED_AT:
            said = f"no backtrace: {LOOKED_AT} crashes of this run have one"
            return evolve(outcome, context=evolve(context, backtrace=said))
        try:
            return evolve(outcome, context=self._looked_at(context, outcome, checkout.absolute()))
        except NoBacktraceError as why:
            return evolve(outcome, context=evolve(context, backtrace=f"no backtrace: {why}"))

    def _looked_at(self, context: FailureContext, outcome: Outcome, checkout: Path) -> FailureContext:
        pattern = _text(self._pattern).strip() or "core"
        if pattern.startswith("|"):
            with tempfile.TemporaryDirectory(prefix="testflow-core-") as folder:
                core = _handed_over(pattern, context, outcome, checkout, Path(folder) / "core")
                return evolve(context, backtrace=backtrace(core))
        core = _left(pattern, outcome, checkout)
        name = os.fspath(core.relative_to(checkout) if core.is_relative_to(checkout) else core)
        left = Artifact(path=os.fspath(core), name=name, kind="dump", size=core.stat().st_size)
        context = evolve(context, artifacts=(*context.artifacts, left))
        try:
            return evolve(context, backtrace=backtrace(core))
        except NoBacktraceError as why:
            return evolve(context, backtrace=f"no backtrace: {why}")


def backtrace(core: Path) -> str:
    """The frames of the thread that crashed, the innermost first, by gdb; NoBacktraceError."""
    gdb = shutil.which("gdb")
    if gdb is None:
        raise NoBacktraceError(f"there is no gdb to read {core} with; install it")
    size = core.stat().st_size
    if size > LARGEST:
        raise NoBacktraceError(f"{core} has {sized(size)}, and no more than {sized(LARGEST)} are looked at")
    commands = [word for command in _SHOWN for word in ("-ex", command)]
    program = [f"--exec={path}", f"--symbols={path}"] if (path := program_of(core)) else []
    said = _answer([gdb, *_GDB, *commands, *program, f"--core={core}"], f"gdb did not read {core}")
    lines = [line[:LINE] for line in _frames(said.splitlines())]
    if not any(line.startswith("#") for line in lines):
        why = next((line for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
        raise NoBacktraceError(f"gdb found no frames in {core}: {why[:LINE]}")
    return "\n".join(lines)[:CHARACTERS]


def _frames(lines: list[str]) -> Iterator[str]:
    """The line on the signal, then each frame once: gdb shows where it stopped before it is asked."""
    begun = [at for at, line in enumerate(lines) if line.startswith("#0 ")]
    yield from (line for line in lines if line.startswith("Program terminated with "))
    for line in lines[begun[-1] :] if begun else ():
        if line.startswith(("#", "(More stack frames")):
            yield line


def program_of(core: Path) -> str:
    """The program that a core file of a 64-bit Linux is of, by the first file that it had mapped; empty if unknown."""
    with suppress(OSError, struct.error, ValueError), core.open("rb") as stream:
        head = stream.read(64)
        if not head.startswith(_ELF) or struct.unpack_from("<H", head, 16)[0] != _CORE_TYPE:
            return ""
        (start,), (entry, number) = struct.unpack_from("<Q", head, 32), struct.unpack_from("<HH", head, 54)
        stream.seek(start)
        table = stream.read(entry * number)
        for at in range(0, len(table), entry):
            kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", table, at)
            if kind == _NOTE_SEGMENT and size <= _NOTES_LIMIT:
                stream.seek(offset)
                return _first_mapped(stream.read(size))
    return ""


def _first_mapped(notes: bytes) -> str:
    """Of the note NT_FILE: a count, a page size, three numbers for each mapping, then their names."""
    at = 0
    while at + 12 <= len(notes):
        name_size, size, kind = struct.unpack_from("<III", notes, at)
        begin = at + 12 + (name_size + 3) // 4 * 4
        if kind == _FILES:
            (count,) = struct.unpack_from("<Q", notes, begin)
            names = notes[begin + 16 + 24 * count : begin + size]
            path = os.fsdecode(names.partition(b"\0")[0])
            return path if Path(path).is_file() else ""
        at = begin + (size + 3) // 4 * 4
    return ""


def _left(pattern: str, outcome: Outcome, checkout: Path) -> Path:
    """The core file that the kernel has left since the test began, the newest; NoBacktraceError."""
    place = checkout / pattern
    name = re.compile(_SPECIFIER.sub(lambda each: "%" if each[1] == "%" else ".*", re.escape(place.name)) + r"(\.\d+)?")
    found: list[tuple[float, Path]] = []
    with suppress(OSError), os.scandir(place.parent) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_size > 0
            if ours and status.st_ctime >= outcome.started - TICK and name.fullmatch(entry.name):
                found.append((status.st_ctime, Path(entry.path)))
    if found:
        return max(found)[1]
    if resource.getrlimit(resource.RLIMIT_CORE)[0] == 0:
        raise NoBacktraceError(
            "core files may have 0 bytes (RLIMIT_CORE); `ulimit -c unlimited` before the run gives one"
        )
    raise NoBacktraceError(f"the kernel has left no core file {place.name} in {place.parent}")


def _handed_over(pattern: str, context: FailureContext, outcome: Outcome, checkout: Path, target: Path) -> Path:
    """The core file from systemd-coredump, which keeps it by the time, the signal and the folder; NoBacktraceError."""
    program = pattern[1:].split(maxsplit=1)[0] if pattern[1:].split() else ""
    client = shutil.which("coredumpctl")
    if "systemd-coredump" not in program or client is None:
        raise NoBacktraceError(
            f"the kernel hands core files to {program or 'a program'} (/proc/sys/kernel/core_pattern)"
        )
    wanted = [f"COREDUMP_SIGNAL={-(context.exit or 0)}", f"COREDUMP_CWD={checkout}"]
    # It is handed over while the process dies, and written to the journal after that.
    deadline = time.monotonic() + PATIENCE / 4
    while True:
        argv = [client, "-q", "dump", f"--since=@{int(outcome.started)}", f"--output={target}", *wanted]
        said = _answer(argv, "coredumpctl did not answer")
        if target.is_file() and target.stat().st_size:
            return target
        if time.monotonic() > deadline:
            raise NoBacktraceError(f"coredumpctl has no core file of it: {said.strip()[-LINE:]}")


def _answer(argv: list[str], trouble: str) -> str:
    variables = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR"}}
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
            cwd="/",
            env={**variables, "LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise NoBacktraceError(f"{trouble} within {PATIENCE:g} s") from None
    except OSError as error:
        raise NoBacktraceError(f"{trouble}: {error}") from error
    return done.stdout.decode(errors="replace")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
