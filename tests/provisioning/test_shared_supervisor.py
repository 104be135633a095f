"""One supervisor for all that a run starts beside its environments."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import testflow
from testflow_core.execution.lasting import run_directory
from testflow_core.provisioning import lease_files
from testflow_core.provisioning.process_tree import MARKER, descendants
from testflow_core.provisioning.shared_supervisor import SharedSupervisor, shared_supervisor, sharing_supervisor
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from testflow_core.model import Certificate

    Handles = Callable[[Iterable[int]], list[int]]
    AllEnd = Callable[[Sequence[int]], bool]
    Python = Callable[[str], list[str]]

WAIT = "import signal; signal.pause()"

ENGINE = """
import signal, sys
from pathlib import Path
from testflow_core.provisioning.supervisor import Supervisor
with Supervisor() as supervisor:
    supervisor.inherit(Path(sys.argv[1]))
    print(flush=True)
    signal.pause()
"""

COUNTING = """
from pathlib import Path
def test_count():
    stats = [each.read_text().rpartition(")")[2].split() for each in Path("/proc").glob("[0-9]*/stat")]
    Path({note!r}).write_text(str(sum(int(fields[1]) == {engine} for fields in stats)))
"""


def test_an_inherited_directory_is_gone_on_leaving_and_has_the_mark_of_the_processes(tmp_path: Path, python: Python):
    directory = tmp_path / "private"
    directory.mkdir()
    os.close(lease_files.create(directory / lease_files.MANIFEST))
    with Supervisor() as supervisor:
        process = supervisor.spawn(python(WAIT), cwd=tmp_path, env={})
        supervisor.inherit(directory)
        [mark] = lease_files.lines(directory)
        [_, entry] = mark.split("=")
        born_with = (f"/proc/{process.pid}/environ", f"{MARKER}={entry}:".encode())
        if sys.platform == "linux":
            with open(born_with[0], "rb") as variables:  # noqa: PTH123 - a text
                assert born_with[1] in variables.read()
    assert not directory.exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("killed", ["engine", "supervisor", "guardian"])
def test_an_inherited_directory_is_removed_whoever_is_killed(
    tmp_path: Path, how: signal.Signals, killed: str, handles: Handles, all_end: AllEnd
):
    directory = tmp_path / "private"
    directory.mkdir()
    with subprocess.Popen([sys.executable, "-c", ENGINE, str(directory)], stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        guardian, supervisor = sorted(each.pid for each in descendants(engine.pid))
        watched = handles([guardian, supervisor])
        os.kill({"engine": engine.pid, "supervisor": supervisor, "guardian": guardian}[killed], how)
        assert all_end(watched)
        engine.kill()
    assert not directory.exists()


def test_all_that_is_made_inside_shares_one_supervisor_which_ends_with_it(tmp_path: Path, python: Python):
    assert shared_supervisor() is None
    with sharing_supervisor() as shared:
        assert shared_supervisor() is shared
        process = shared.get().spawn(python(WAIT), cwd=tmp_path, env={})
        assert shared.get() is shared.get()
        with sharing_supervisor() as inner:
            assert shared_supervisor() is inner
            assert inner.get() is not shared.get()
    assert shared_supervisor() is None
    assert process.wait(0) == -signal.SIGKILL


def test_one_that_was_lost_is_replaced(tmp_path: Path, python: Python):
    shared = SharedSupervisor()
    first = shared.get()
    process = first.spawn(python("import os, signal; os.kill(os.getppid(), signal.SIGKILL)"), cwd=tmp_path, env={})
    process.wait(20)
    assert not first.lives
    second = shared.get()
    assert second is not first
    assert second.spawn(python(""), cwd=tmp_path, env={}).wait(20) == 0
    shared.close()
    assert not second.lives


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists what there is under /proc")
def test_a_run_with_agents_starts_one_process_of_its_own(tmp_path: Path):
    before = sum(each.parent == os.getpid() for each in descendants(os.getpid()))
    note = tmp_path / "note"
    applications: dict[str, dict[str, object]] = {}
    workflow = testflow.TestWorkflow("counted")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "test_it.py").write_text(COUNTING.format(note=str(note), engine=os.getpid()))
        applications[name] = {"path": str(tmp_path / name)}
        workflow.add_test_selection(name, {"strategy": "all", "test_paths": ["."]})
    run = testflow.Engine(applications=applications, reporters=()).execute(workflow)
    assert run.ok, run.failed_tests
    assert int(note.read_text()) - before == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell of processes")
def test_what_was_started_before_a_run_has_its_directory_is_in_the_runs_certificate(tmp_path: Path, python: Python):
    certificates: list[Certificate] = []
    with sharing_supervisor() as shared:
        early = shared.get().spawn(python(WAIT), cwd=tmp_path, env={})
        with run_directory(certificates.append):
            pass
    (certificate,) = certificates
    assert f"{early.pid} (python" in " ".join(certificate.held["process"])
    assert certificate.left == {}
