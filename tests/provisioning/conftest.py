"""Processes whose end can be waited for, and supervisors."""

from __future__ import annotations

import os
import select
import sys
import time
from typing import TYPE_CHECKING

import pytest

from testflow_core.model import Site
from testflow_core.provisioning import fault_gates
from testflow_core.provisioning import supervisor as supervisor_module
from testflow_core.provisioning.namespaces import NAMESPACES
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from testflow_core.provisioning.supervised import Supervised

LIMIT = 20.0

DAEMON = """
import os, signal, sys
{before}
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(os.getpid(), flush=True)
        signal.pause()
    os._exit(0)
os.wait()
{after}
"""


SAVE_BEFORE_EXEC = """
import os
def measured(*arguments, execvpe=os.execvpe):
    import coverage
    coverage.Coverage.current().save()
    execvpe(*arguments)
os.execvpe = measured
"""


@pytest.fixture(autouse=True)
def measured_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where coverage is measured, it must get into the supervisor's program too, which is closed to site-packages.

    A child of it that becomes another program takes its measurements along: they are saved before. (The option `execv`
    of coverage does so everywhere, and adds variables to the environment of the new program, which tests look at.)
    """
    if "COVERAGE_PROCESS_CONFIG" in os.environ or "COVERAGE_PROCESS_START" in os.environ:
        monkeypatch.setattr(supervisor_module, "_INTERPRETER", (sys.executable,))
        monkeypatch.setattr(fault_gates, "_INTERPRETER", (sys.executable,))
        monkeypatch.setattr(supervisor_module, "_PROGRAM", f"{SAVE_BEFORE_EXEC}{supervisor_module._PROGRAM}")


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor() as started:
        yield started


@pytest.fixture
def namespaces_here() -> None:
    """Fails where a kernel that must allow namespaces does not, and skips elsewhere."""
    with Supervisor(tier=NAMESPACES) as probe:
        tier, why = probe.tier
    if tier != NAMESPACES:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


@pytest.fixture
def env() -> dict[str, str]:
    return {"PATH": os.environ["PATH"]}


@pytest.fixture
def python() -> Callable[[str], list[str]]:
    def command(program: str) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", program]

    return command


@pytest.fixture
def daemon_program() -> Callable[..., str]:
    """A program that starts a daemon, tells its pid and then does what is `after`."""

    def program(after: str, before: str = "") -> str:
        return DAEMON.format(before=before, after=after)

    return program


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Where the numbers that processes tell of themselves are those by which tests know them."""
    directory = tmp_path / "site"
    directory.mkdir()
    return Site(lease="test", directory=directory, workspace=tmp_path, isolation="subreaper")


@pytest.fixture
def handles() -> Iterator[Callable[[Iterable[int]], list[int]]]:
    """Handles of living processes, by which their end is known."""
    opened: list[int] = []

    def open_all(pids: Iterable[int]) -> list[int]:
        new = [os.pidfd_open(pid) for pid in pids]
        opened.extend(new)
        return new

    yield open_all
    for handle in opened:
        os.close(handle)


@pytest.fixture
def all_end() -> Callable[[Sequence[int]], bool]:
    """Whether every process of these handles ends within the limit."""

    def wait(waiting: Sequence[int]) -> bool:
        deadline = time.monotonic() + LIMIT
        poll = select.poll()
        left = set(waiting)
        for handle in left:
            poll.register(handle, select.POLLIN)
        while left and (remaining := deadline - time.monotonic()) > 0:
            for handle, _ in poll.poll(remaining * 1000):
                poll.unregister(handle)
                left.discard(handle)
        return not left

    return wait


@pytest.fixture
def read_line() -> Callable[[int], str]:
    """The next line of a pipe, within the limit."""

    def read(descriptor: int) -> str:
        line = b""
        while not line.endswith(b"\n"):
            assert select.select([descriptor], [], [], LIMIT)[0], "nothing was written within the limit"
            part = os.read(descriptor, 1)
            assert part, f"the pipe ended after {line!r}"
            line += part
        return line.decode().rstrip("\n")

    return read


@pytest.fixture
def spawn_and_read(
    supervisor: Supervisor, env: Mapping[str, str], tmp_path: Path, read_line: Callable[[int], str]
) -> Iterator[Callable[..., tuple[Supervised, str]]]:
    """A supervised process and the first line that it writes."""
    readers: list[int] = []

    def spawn(argv: Sequence[str], *, unprivileged: bool = False) -> tuple[Supervised, str]:
        reader, writer = os.pipe()
        readers.append(reader)
        process = supervisor.spawn(argv, cwd=tmp_path, env=env, stdout=writer, unprivileged=unprivileged)
        os.close(writer)
        return process, read_line(reader)

    yield spawn
    for reader in readers:
        os.close(reader)
