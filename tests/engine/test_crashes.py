"""Of a process that a signal has ended it is told where in its code it was, or why nobody knows."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import testflow
from testflow_core.execution.crashes import CHARACTERS, LOOKED_AT, Crashes, NoBacktraceError, backtrace
from testflow_core.model import FailureContext, Outcome, Status, TestCase

PATTERN = Path("/proc/sys/kernel/core_pattern")
CRASH = """
import ctypes, resource
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
{}
"""
TEST = CRASH.format("def test_crashes():\n    ctypes.string_at(0)")
in_ci = os.environ.get("CI") == "true"
debugged = pytest.mark.skipif(shutil.which("gdb") is None and not in_ci, reason="gdb is not installed")
dumped = pytest.mark.skipif(
    PATTERN.read_text().strip() not in {"core", "core.%p"} if PATTERN.exists() else True,
    reason=f"core files go elsewhere: {PATTERN}",
)


@pytest.fixture
def core(tmp_path):
    subprocess.run([sys.executable, "-c", CRASH.format("ctypes.string_at(0)")], cwd=tmp_path, check=False)
    (found,) = tmp_path.glob("core*")
    return found


def crashed(code=-11, started=None):
    return Outcome(
        test=TestCase(application="shop", file="test_it.py", name="test_it"),
        status=Status.ERROR,
        started=time.time() - 60 if started is None else started,
        context=FailureContext(exit=code),
    )


def said(folder, pattern="core", **more):
    (folder / "pattern").write_text(f"{pattern}\n")
    return Crashes(folder / "pattern").told(crashed(**more), folder).context


@debugged
@dumped
def test_the_frames_of_a_crash_in_c_are_told_and_the_core_file_is_kept(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "test_it.py").write_text(TEST)
    engine = testflow.Engine(workers=1, applications={"shop": {}}, reporters=["junit"])
    result = engine.execute(testflow.TestWorkflow("w").add_test_selection("shop", {}))
    (failure,) = result.failed_tests
    signal, *frames = failure.context.backtrace.splitlines()
    assert "SIGSEGV" in signal
    assert frames[0].startswith("#0 ")
    assert any("string_at" in frame for frame in frames)
    (left,) = failure.context.artifacts
    assert left.kind == "dump"
    assert Path(left.path).is_relative_to(tmp_path / ".testflow")
    assert "--- backtrace ---\nProgram terminated with signal SIGSEGV" in (result.reports / "junit.xml").read_text()
    (again,) = testflow.History().run(result.run_id).results
    assert again.context.backtrace == failure.context.backtrace


@debugged
@dumped
def test_a_core_file_of_another_name_is_found_by_the_pattern_and_the_time(tmp_path, core):
    core.rename(tmp_path / "core-python-77.9")
    assert "#0 " in said(tmp_path, "core-%e-%p").backtrace
    assert "no core file core in" in said(tmp_path, "core").backtrace or "0 bytes" in said(tmp_path, "core").backtrace
    assert "no backtrace" in said(tmp_path, "core-%e-%p", started=time.time() + 60).backtrace


@debugged
@dumped
def test_scripts_beside_the_program_or_the_core_file_are_not_run(tmp_path, core, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (".gdbinit", "core-gdb.gdb"):
        (tmp_path / name).write_text(f"shell touch {tmp_path}/run-by-{name}\n")
    assert len(backtrace(core)) <= CHARACTERS
    assert not list(tmp_path.glob("run-by-*"))


@debugged
def test_what_is_no_core_file_has_no_frames(tmp_path):
    (tmp_path / "core").write_text("not a core file")
    with pytest.raises(NoBacktraceError, match="gdb found no frames"):
        backtrace(tmp_path / "core")


def test_without_a_debugger_the_remedy_is_told(tmp_path, monkeypatch):
    (tmp_path / "core").write_text("x")
    monkeypatch.setenv("PATH", str(tmp_path))
    context = said(tmp_path)
    assert context.backtrace == f"no backtrace: there is no gdb to read {tmp_path}/core with; install it"
    assert [each.name for each in context.artifacts] == ["core"]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("|/usr/share/apport/apport %p", "the kernel hands core files to /usr/share/apport/apport"),
        ("|", "the kernel hands core files to a program"),
        ("/nowhere/core.%p", "no backtrace: "),
    ],
)
def test_where_core_files_go_elsewhere_it_is_said(tmp_path, pattern, why):
    assert why in said(tmp_path, pattern).backtrace


def test_systemd_is_asked_for_the_core_file_by_time_signal_and_folder(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    client = tmp_path / "bin" / "coredumpctl"
    client.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n'
        'for word; do case $word in --output=*) echo no core > "${word#--output=}";; esac; done\n'
    )
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    context = said(tmp_path, "|/usr/lib/systemd/systemd-coredump %P", started=1000.5)
    assert context.backtrace.startswith("no backtrace: ")
    asked = (tmp_path / "asked").read_text()
    assert "--since=@1000" in asked
    assert f"COREDUMP_SIGNAL=11 COREDUMP_CWD={tmp_path}" in asked


@pytest.mark.parametrize("code", [1, -9, -15, None])
def test_nothing_is_said_of_what_leaves_no_core_file(tmp_path, code):
    outcome = crashed(code)
    assert Crashes().told(outcome, tmp_path) is outcome


def test_of_many_crashes_the_first_are_looked_at(tmp_path):
    (tmp_path / "pattern").write_text("|dump")
    crashes = Crashes(tmp_path / "pattern")
    told = [crashes.told(crashed(), tmp_path).context.backtrace for _ in range(LOOKED_AT + 1)]
    assert "the kernel hands" in told[LOOKED_AT - 1]
    assert told[LOOKED_AT] == f"no backtrace: {LOOKED_AT} crashes of this run have one"
