"""Nothing is left of a whole environment, however the process that holds it ends."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testflow_core.provisioning.namespaces import NAMESPACES
from testflow_core.provisioning.process_tree import descendants
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.postgres

LIMIT = 60.0

# A service that leaves the session, the group and the environment that it was started with.
API = """
import http.server, os, signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.execve("/bin/sleep", ["sleep", "1000"], {})
    os._exit(0)
os.wait()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""

ENGINE = """
import json, os, signal, sys
from pathlib import Path
from testflow_core.model import Application, Environment, Readiness, Service, Site, Start
from testflow_core.provisioning.leases import private_directory
from testflow_process_env import ProcessProvisioner
workspace = Path(sys.argv[1])
start = Start(command=("python", "api.py"), readiness=Readiness(http="/"))
services = [
    Service(name="db", type="postgres", config={"port": 0}),
    Service(name="api", type="docker", application=Application(name="api", path=workspace, start=start),
            env={"DB": "{db.url}"}, ports={8080: 0}),
]
def engine():
    with private_directory() as lease:
        site = Site(lease=lease.name, directory=lease.directory, workspace=workspace, isolation=sys.argv[3] or None)
        environment = Environment(name="e", services={service.name: service for service in services})
        if sys.argv[2] == "starting":
            print(json.dumps([]), flush=True)
        with ProcessProvisioner().provision(environment, site) as up:
            print(json.dumps([up.endpoints["db"].port, up.endpoints["api"].port]), flush=True)
            if sys.argv[2] == "fails":
                raise SystemExit("something else failed")
            signal.pause()
try:
    engine()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    directory = tmp_path / "t"
    directory.mkdir()
    return directory


@pytest.fixture
def engine(tmp_path: Path, temporary: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """One that is as far as the parameter says, in the tier that it may name besides."""
    (tmp_path / "api.py").write_text(API)
    state, _, tier = request.param.partition(" ")
    if tier == NAMESPACES:
        with Supervisor(tier=NAMESPACES) as probe:
            reached, why = probe.tier
        if reached != NAMESPACES:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(tmp_path), state, tier],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def ports_told(engine: subprocess.Popen[str]) -> list[int]:
    assert engine.stdout is not None
    assert select.select([engine.stdout], [], [], LIMIT)[0]
    return json.loads(engine.stdout.readline())


def watch(pids: list[int]) -> dict[int, int]:
    handles: dict[int, int] = {}
    for pid in pids:
        try:
            handles[os.pidfd_open(pid)] = pid
        except ProcessLookupError:
            continue
    return handles


def survivors(handles: dict[int, int]) -> list[int]:
    """The processes that have not ended within the limit."""
    deadline = time.monotonic() + LIMIT
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    left = dict(handles)
    while left and (remaining := deadline - time.monotonic()) > 0:
        for handle, _ in poll.poll(remaining * 1000):
            poll.unregister(handle)
            os.close(handle)
            left.pop(handle)
    return list(left.values())


def shared_memory_of(pids: list[int]) -> list[str]:
    """The segments that one of these processes has made."""
    _, *segments = Path("/proc/sysvipc/shm").read_text(encoding="ascii").splitlines()
    return [segment for segment in segments if int(segment.split()[4]) in pids]


def can_be_bound(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def known_up(engine: subprocess.Popen[str]) -> tuple[list[int], list[int]]:
    """The ports of an engine whose environment is up, and the processes that descend from it."""
    ports = ports_told(engine)
    pids = [process.pid for process in descendants(engine.pid)]
    commands = [Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() for pid in pids]
    assert "postgres" in commands
    assert "sleep" in commands
    assert not any(map(can_be_bound, ports))
    return ports, pids


TIERS = pytest.mark.parametrize("engine", ["up namespaces", "up subreaper"], indirect=True)


@TIERS
@pytest.mark.parametrize(
    "victims", [("guardian",), ("supervisor",), ("engine", "guardian"), ("engine", "supervisor")], ids=" and ".join
)
def test_nothing_is_left_when_whoever_guards_it_is_killed(
    engine: subprocess.Popen[str], victims: tuple[str, ...], temporary: Path
):
    ports, pids = known_up(engine)
    tree = descendants(engine.pid)
    guardian = next(each.pid for each in tree if each.parent == engine.pid)
    # It has one child: what the supervisor starts are children of that.
    supervisor = next(each.pid for each in tree if each.parent == guardian)
    killed = {"engine": engine.pid, "guardian": guardian, "supervisor": supervisor}
    handles = watch(pids)
    for victim in victims:
        os.kill(killed[victim], signal.SIGKILL)
    assert survivors(handles) == []
    assert list(temporary.rglob("site-*")) == []
    assert all(map(can_be_bound, ports))
    assert shared_memory_of(pids) == []


@TIERS
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
def test_nothing_is_left_when_the_engine_is_ended(engine: subprocess.Popen[str], how: signal.Signals, temporary: Path):
    ports, pids = known_up(engine)
    handles = watch(pids)
    os.killpg(engine.pid, how)
    assert survivors(handles) == []
    engine.wait(LIMIT)
    assert list(temporary.iterdir()) == []
    assert all(map(can_be_bound, ports))
    assert shared_memory_of(pids) == []


@pytest.mark.parametrize("engine", ["fails"], indirect=True)
def test_nothing_is_left_when_the_engine_fails(engine: subprocess.Popen[str], temporary: Path):
    ports = ports_told(engine)
    assert engine.wait(LIMIT) == 1
    assert list(temporary.iterdir()) == []
    assert all(map(can_be_bound, ports))


@pytest.mark.parametrize("engine", ["starting"], indirect=True)
@pytest.mark.parametrize("moment", [0.0, 0.1, 0.4, 0.8])
def test_nothing_is_left_when_the_engine_is_killed_while_services_start(
    engine: subprocess.Popen[str], moment: float, temporary: Path
):
    assert ports_told(engine) == []
    # Wherever it may be by then: every moment must do.
    assert engine.stdout is not None
    select.select([engine.stdout], [], [], moment)
    os.kill(engine.pid, signal.SIGSTOP)
    handles = watch([process.pid for process in descendants(engine.pid)])
    engine.kill()
    assert survivors(handles) == []
    engine.wait(LIMIT)
    left = [path for path in temporary.rglob("*") if path.name != ".leases"]
    # Killed before there was a supervisor, it leaves an empty directory for the next run to remove.
    assert left == [] or not handles
