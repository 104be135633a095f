"""How sessions and what they started end: closed early, stopped, killed; and the agent that they share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from textwrap import dedent

import pytest
from leftovers import end_in_time

from testflow_core.builtin.runners.command import CommandRunner
from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.model import Status
from testflow_core.provisioning.interruption import Interruption, interruptible

PARENT = "import os\ndef test_parent():\n    return [os.getpid(), os.getppid()]\n"


def test_sessions_of_one_bench_have_workers_of_their_own_at_one_agent(checkout):
    checkout.write("test_a.py", PARENT)
    bench = checkout.bench("pytest")
    batch = checkout.batch(bench, "test_a.py")
    runner = PytestRunner()
    with runner.session(bench) as first, runner.session(bench) as second:
        ((one, agent_of_one),) = (outcome.values for outcome in first.run(batch))
        ((two, agent_of_two),) = (outcome.values for outcome in second.run(batch))
    assert one != two
    assert agent_of_one == agent_of_two
    with runner.session(bench) as third:
        ((_, agent_of_three),) = (outcome.values for outcome in third.run(batch))
    assert agent_of_three != agent_of_one


def test_a_batch_that_is_given_up_disturbs_no_other_session(checkout):
    checkout.write("test_lingers.py", LINGERS)
    checkout.write("test_waits.py", "def test_waits():\n    return open('go').read()\n")
    os.mkfifo(checkout.path / "go")
    bench = checkout.bench("pytest")
    runner = PytestRunner()
    with runner.session(bench) as given_up, runner.session(bench) as other:
        outcomes = given_up.run(checkout.batch(bench, "test_lingers.py"))
        pids = next(outcomes).values
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(list, other.run(checkout.batch(bench, "test_waits.py")))
            outcomes.close()
            assert end_in_time(pids, 10)
            (checkout.path / "go").write_text("gone on", encoding="utf-8")
            (waited,) = waiting.result()
    assert waited.values == "gone on"


def test_an_agent_that_is_lost_is_replaced_for_all_its_sessions(checkout):
    checkout.write("test_kills.py", "import os, signal\ndef test_kills(): os.kill(os.getppid(), signal.SIGKILL)\n")
    checkout.write("test_a.py", "def test_a(): pass\n")
    bench = checkout.bench("pytest")
    runner = PytestRunner()
    with runner.session(bench) as first, runner.session(bench) as second:
        (fine,) = second.run(checkout.batch(bench, "test_a.py"))
        *_, lost = first.run(checkout.batch(bench, "test_kills.py"))
        (again,) = second.run(checkout.batch(bench, "test_a.py"))
        (first_again,) = first.run(checkout.batch(bench, "test_a.py"))
    assert fine.status == again.status == first_again.status == Status.PASSED
    assert lost.status == Status.ERROR
    assert "ended with -9" in lost.message


def test_a_killed_agent_is_the_error_of_its_tests_and_the_next_batch_has_another(checkout):
    checkout.write("test_kill.py", "import os, signal\ndef test_kill():\n os.kill(os.getppid(), 9)\n signal.pause()\n")
    checkout.write("test_fine.py", "def test_fine(): pass\n")
    bench = checkout.bench("pytest")
    with PytestRunner().session(bench) as session:
        (lost,) = session.run(checkout.batch(bench, "test_kill.py"))
        (fine,) = session.run(checkout.batch(bench, "test_fine.py"))
    assert (lost.status, fine.status) == (Status.ERROR, Status.PASSED)
    assert "the agent in" in lost.message


LINGERS = """
    import os, subprocess, sys, time
    def test_starts():
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        return [os.getpid(), child.pid]
    def test_waits(): time.sleep(600)
    """


def test_closing_the_outcomes_early_ends_the_processes_and_the_session_can_go_on(checkout):
    checkout.write("test_lingers.py", LINGERS)
    checkout.write("test_fine.py", "def test_fine(): pass\n")
    bench = checkout.bench("pytest")
    with PytestRunner().session(bench) as session:
        outcomes = session.run(checkout.batch(bench, "test_lingers.py"))
        pids = next(outcomes).values
        outcomes.close()
        assert end_in_time(pids, 10)
        (fine,) = session.run(checkout.batch(bench, "test_fine.py"))
    assert fine.status == Status.PASSED


def test_an_interruption_ends_a_batch_that_waits(checkout):
    checkout.write("test_lingers.py", LINGERS)
    bench = checkout.bench("pytest")
    interruption = Interruption()
    with PytestRunner().session(bench) as session, interruptible(interruption):
        outcomes = session.run(checkout.batch(bench, "test_lingers.py"))
        pids = next(outcomes).values
        interruption.wish()
        assert list(outcomes) == []
    assert end_in_time(pids, 10)


def test_what_a_hanging_test_has_started_ends_with_it(checkout):
    checkout.write("test_lingers.py", LINGERS)
    batch = checkout.batch(checkout.bench("pytest"), "test_lingers.py", timeout=timedelta(seconds=2))
    starts, waits = checkout.run(PytestRunner(), batch)
    assert waits.status == Status.TIMED_OUT
    assert end_in_time(starts.values, 10)


HOLDER = """
    import sys
    from pathlib import Path
    from testflow_core.builtin.runners.{module} import {runner}
    from testflow_core.model import Batch, Bench, TestCase
    bench = Bench(directory=Path({directory!r}), checkout=Path({checkout!r}), command={command!r})
    tests = (TestCase(application="shop", file={file!r}),)
    with {runner}().session(bench) as session:
        for outcome in session.run(Batch(id="b", runner="r", bench=bench, tests=tests)):
            print(outcome.values, flush=True)
    """


@pytest.mark.parametrize(
    ("runner", "command", "file"),
    [(PytestRunner, ("pytest",), "test_lingers.py"), (CommandRunner, (sys.executable, "{test_path}"), "lingers.py")],
)
def test_killing_the_process_that_holds_a_session_leaves_no_process(checkout, runner, command, file):
    fifo = checkout.path / "pids"
    os.mkfifo(fifo)
    tell = f"    open({str(fifo)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
    body = dedent(LINGERS).replace("    return [os.getpid(), child.pid]\n", tell)
    checkout.write("test_lingers.py", body)
    checkout.write("lingers.py", body + "\ntest_starts()\ntest_waits()\n")
    program = dedent(HOLDER).format(
        module=runner.__module__.rpartition(".")[2],
        runner=runner.__name__,
        directory=str(checkout.directory),
        checkout=str(checkout.path),
        command=command,
        file=file,
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL) as holder:
        pids = [int(pid) for pid in fifo.read_text(encoding="utf-8").split()]
        assert len(pids) == 2
        holder.send_signal(signal.SIGKILL)
    assert end_in_time(pids, 10)


def test_a_worker_that_has_served_other_batches_may_die_like_any(checkout):
    checkout.write("test_first.py", "def test_first(): pass\n")
    checkout.write("test_dies.py", "import os\ndef test_dies(): os._exit(3)\ndef test_lives(): pass\n")
    bench = checkout.bench("pytest")
    with PytestRunner().session(bench) as session:
        # The folder of a batch is gone when the next begins.
        told = [
            outcome
            for file in ("test_first.py", "test_dies.py")
            for outcome in session.run(checkout.batch(bench, file))
        ]
    assert {outcome.test.name: outcome.status for outcome in told} == {
        "test_first": Status.PASSED,
        "test_dies": Status.ERROR,
        "test_lives": Status.PASSED,
    }
    assert next(each for each in told if each.test.name == "test_dies").message == (
        "the test process exited with code 3 while it ran"
    )
