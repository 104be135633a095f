"""Processes as the system shows them."""

from __future__ import annotations

import signal
import subprocess
import sys

from testflow_core.provisioning.process_tree import Process, has_marker, kill, read_process

ANSWER = "print(input(), flush=True)"


def test_only_the_very_process_is_killed_not_one_that_has_its_number_now():
    with subprocess.Popen([sys.executable, "-c", ANSWER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        process = read_process(child.pid)
        assert process is not None
        kill(Process(process.pid, process.parent, process.group, process.session, process.started - 1))
        assert child.communicate(b"alive\n", timeout=20) == (b"alive\n", None)
        assert child.returncode == 0
    kill(process)
    with subprocess.Popen([sys.executable, "-c", ANSWER], stdin=subprocess.PIPE) as child:
        process = read_process(child.pid)
        assert process is not None
        kill(process)
        assert child.wait(20) == -signal.SIGKILL


def test_a_process_is_known_by_a_variable_that_it_was_started_with_and_by_none_once_it_is_gone():
    program = f"print('here', flush=True); {ANSWER}"
    ends = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], env={"MARK": "1"}, **ends) as child:
        # While a process becomes another program it has no environment at all.
        assert child.stdout.readline() == b"here\n"
        process = read_process(child.pid)
        assert process is not None
        assert has_marker(process, b"MARK=1")
        assert not has_marker(process, b"MARK=2")
        child.kill()
    assert not has_marker(process, b"MARK=1")
