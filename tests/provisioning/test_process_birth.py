"""What happens between the fork of a process and the program that it becomes, where it can be asked for alone."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from testflow_core.provisioning.kernel import call_libc

if TYPE_CHECKING:
    from pathlib import Path

BIRTH = "from testflow_core.provisioning.process_birth import die_with, enter_user_namespace\nimport os\n"

SUPERVISE = """
import sys
from testflow_core.provisioning.guardian import main
main(int(sys.argv[1]), int(sys.argv[2]), "identity", "subreaper", sys.argv[3:])
"""


def run(program: str, *before: str) -> subprocess.CompletedProcess[str]:
    argv = [*before, sys.executable, "-c", BIRTH + program]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_a_function_that_the_system_lacks_is_named():
    with pytest.raises(OSError, match="this system has no enter_hyperspace"):
        call_libc("enter_hyperspace")


def test_a_function_that_fails_gives_the_error_of_the_system():
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)) as raised:
        call_libc("prctl", 0)
    assert raised.value.errno == errno.EINVAL


@pytest.mark.parametrize(
    ("parent", "code", "printed"), [("os.getppid()", 0, "lives\n"), ("0", 127, "")], ids=["lives", "is gone"]
)
def test_a_process_starts_only_under_a_supervisor_that_lives(parent: str, code: int, printed: str):
    finished = run(f"die_with({parent})\nprint('lives', flush=True)")
    assert (finished.returncode, finished.stdout) == (code, printed)


def test_an_ordinary_user_stays_who_he_is():
    as_ordinary = ["unshare", "--user", "--map-user=1234"]
    if shutil.which("unshare") is None or subprocess.run([*as_ordinary, "true"], check=False).returncode != 0:
        pytest.skip("user namespaces are forbidden here")
    finished = run("enter_user_namespace()\nprint(os.geteuid())", *as_ordinary)
    assert finished.stdout == "1234\n", finished.stderr


def test_an_engine_that_died_before_its_supervisor_could_watch_it_is_noticed(tmp_path: Path):
    gone = subprocess.Popen(["true"])
    gone.wait(20)
    private = tmp_path / "private"
    private.mkdir()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        argv = [sys.executable, "-c", SUPERVISE, str(theirs.fileno()), str(gone.pid), str(private)]
        assert subprocess.run(argv, pass_fds=[theirs.fileno()], timeout=20, check=False).returncode == 0
    assert not private.exists()
