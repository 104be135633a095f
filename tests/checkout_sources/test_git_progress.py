"""What comes from elsewhere is given up once nothing moves, and not before; git never outlives us."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from git_servers import GitHttpServer, silent_server
from repositories import commit, repository_at

from testflow_core.builtin.checkout_sources.git import GitCheckouts
from testflow_core.errors import ApplicationUnavailableError
from testflow_core.model import Application


@pytest.fixture
def impatient(workspace: Path, cache: Path) -> GitCheckouts:
    return GitCheckouts(workspace=workspace, cache=cache, patience=timedelta(seconds=1))


def hung_up(connection: socket.socket) -> bool:
    """Whether the other end closes the connection in time, whatever it said before."""
    connection.settimeout(30)
    while connection.recv(65536):
        pass
    return True


@pytest.mark.parametrize("scheme", ["git", "http", "https", "ssh"])
def test_a_server_that_accepts_and_never_answers_is_given_up(impatient: GitCheckouts, scheme: str):
    if scheme == "ssh" and not shutil.which("ssh"):
        pytest.skip("no ssh here")
    with silent_server() as listening:
        application = Application(name="pay", repository=f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/o/n")
        with pytest.raises(
            ApplicationUnavailableError,
            match=r"stopped after 1 s without progress; check the network and the server 127\.0\.0\.1, or give",
        ):
            impatient.checkout(application)
        with listening.accept()[0] as connection:
            assert hung_up(connection)


def slow(web: GitHttpServer, served: Path, size: int) -> Application:
    """An application whose repository has a pack of about this size."""
    origin = repository_at(served / "pay")
    (origin / "noise").write_bytes(os.urandom(size))
    commit(origin, {})
    return Application(name="pay", repository=f"http://127.0.0.1:{web.server_address[1]}/pay/.git")


def test_a_server_that_stops_in_a_pack_is_given_up(
    impatient: GitCheckouts, web: GitHttpServer, served: Path, cache: Path
):
    application = slow(web, served, 300_000)
    web.held = 100_000
    with pytest.raises(ApplicationUnavailableError, match=r"git fetch in .* was stopped after 1 s without progress"):
        impatient.checkout(application)
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(
            6_000,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of parts of a packet"),
            id="packet",
        ),
        pytest.param(300_000, id="packets"),
    ],
)
def test_a_slow_server_that_goes_on_is_waited_for(
    workspace: Path, cache: Path, web: GitHttpServer, served: Path, size: int
):
    application = slow(web, served, size)
    web.pieces, web.pause = 40, 0.1
    clones = GitCheckouts(workspace=workspace, cache=cache, patience=timedelta(seconds=2))
    assert (clones.checkout(application) / "noise").stat().st_size == size


def test_a_slow_server_that_goes_on_has_a_limit_all_the_same(
    workspace: Path, cache: Path, web: GitHttpServer, served: Path
):
    application = slow(web, served, 300_000)
    web.pieces, web.pause = 100, 0.1
    clones = GitCheckouts(workspace=workspace, cache=cache, timeout=timedelta(seconds=2))
    with pytest.raises(ApplicationUnavailableError, match=r"git fetch in .* was stopped after 2 s;"):
        clones.checkout(application)


PROGRAM = """
import sys
from pathlib import Path
from testflow_core.builtin.checkout_sources.git import GitCheckouts
from testflow_core.model import Application

here = Path(sys.argv[1])
GitCheckouts(workspace=here, cache=here / "cache").checkout(Application(name="pay", repository=sys.argv[2]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_git_ends_with_the_process_that_wanted_the_checkout(tmp_path: Path, number: signal.Signals):
    with silent_server() as listening:
        repository = f"git://127.0.0.1:{listening.getsockname()[1]}/o/n"
        command = [sys.executable, "-c", PROGRAM, str(tmp_path), repository]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            with listening.accept()[0] as connection:
                process.send_signal(number)
                assert hung_up(connection)
            assert process.wait(30) != 0
