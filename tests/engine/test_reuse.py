"""Environments that outlive their run: used again as new, replaced, limited, kept for people, and gone in the end."""

import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

import testflow
from testflow_core.errors import ProvisionError, SpecError
from testflow_core.interfaces import Reporter
from testflow_core.provisioning import lease_files
from testflow_core.provisioning.kept import all_kept, end
from testflow_core.provisioning.leases import root

LIMIT = 30.0

TESTS = """
import os, socket

def ask(*words):
    with socket.create_connection(("127.0.0.1", int(os.environ["CACHE_PORT"])), timeout=10) as cache:
        for line in (("AUTH", os.environ["CACHE_PASSWORD"]), words):
            cache.sendall(" ".join(line).encode() + b"\\r\\n")
            answer = cache.recv(1000)
        return answer

def test_nobody_has_counted_before():
    assert ask("INCR", "runs") == b":1\\r\\n"

def test_it_fails_where_it_is_to():
    assert not os.environ.get("FAILING")

def test_the_cache_ends_where_it_is_to():
    if os.environ.get("ENDING"):
        ask("SHUTDOWN", "NOSAVE")
"""


@pytest.fixture
def here(monkeypatch):
    """A workspace with one application, and a directory of leases that nobody else has."""
    monkeypatch.delenv("CI", raising=False)
    # Sockets need a shorter path than those of pytest's own directories.
    with tempfile.TemporaryDirectory(prefix="tf-") as name:
        directory = Path(name)
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        (directory / "shop").mkdir()
        (directory / "shop/test_it.py").write_text(TESTS)
        monkeypatch.chdir(directory)
        yield directory
        testflow.clean(kept=True)
        leftover = [each for each in directory.glob("testflow-*/site-*") if each.exists()]
        monkeypatch.undo()
        assert leftover == []


class Silent(Reporter):
    """Publishes nothing."""

    def report(self, run):
        pass


def declared(*, service="sleep 1000", name="shop"):
    environment = testflow.Environment(name).add_service("cache", {"type": "redis", "config": {"port": 0}})
    environment.add_service("idle", {"type": "process", "command": f"sh -c 'echo $$; exec {service}'"})
    return testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"}), environment


def engine(**asked):
    # Processes are known by their numbers to those who look at them.
    return testflow.Engine(applications={"shop": {}}, provisioner="process", isolation="subreaper", **asked)


def execute(*, service="sleep 1000", name="shop", **asked):
    run = engine(**asked).execute(*declared(service=service, name=name))
    assert run.plugin_failures == ()
    return run


def the_kept():
    (found,) = all_kept()
    return found


def idle():
    """The number of the service that cannot be reset, as it has told it to its log: once it has started anew."""
    log = the_kept().directory / "1-idle.log"
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        told = log.read_text()
        if told.endswith("\n") and Path(f"/proc/{int(told.split()[-1])}").exists():
            return int(told.split()[-1])
        os.sched_yield()
    raise AssertionError(f"it has told nothing: {told!r}")


@contextmanager
def ends(pid):
    handle = os.pidfd_open(pid)
    try:
        yield
        assert select.select([handle], [], [], LIMIT)[0], f"{pid} lives on"
    finally:
        os.close(handle)


def test_without_asking_an_environment_goes_with_its_run(here):
    run = execute()
    assert (run.ok, run.origin, all_kept()) == (True, "", [])


def test_the_next_run_uses_it_as_new(here):
    first = execute(reuse=True)
    assert (first.ok, first.origin) == (True, "new: none was kept")
    kept = the_kept()
    again = execute(reuse=True)
    assert again.ok, [each.logs for each in again.failed_tests]
    assert re.fullmatch(r"reused, \d+ s after it came up", again.origin)
    assert the_kept().directory == kept.directory


def test_a_service_that_cannot_be_reset_starts_anew(here):
    execute(reuse=True)
    before = idle()
    with ends(before):
        execute(reuse=True)
    assert idle() != before


def test_the_result_and_the_summary_say_whether_it_was_reused(here):
    execute(reuse=True)
    run = execute(reuse=True)
    assert "reused, " in (run.reports / "summary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda _: {"service": "sleep 2000"}, "the declaration of idle"),
        (lambda _: {"isolation": "leases"}, "the isolation"),
    ],
)
def test_a_changed_spec_makes_a_new_one_that_says_what_changed_and_replaces_the_old(here, change, told):
    execute(reuse=True)
    before = the_kept()
    asked = change(here)
    run = testflow.Engine(
        applications={"shop": {}}, provisioner="process", isolation=asked.get("isolation", "subreaper"), reuse=True
    ).execute(*declared(service=asked.get("service", "sleep 1000")))
    assert run.origin == f"rebuilt: {told} changed"
    assert before.directory not in [each.directory for each in all_kept()]


def test_one_that_is_in_use_is_left_alone_and_another_is_made(here):
    inside, out = threading.Event(), threading.Event()

    class Waiting(Silent):
        def observe(self, event):
            if type(event).__name__ == "TestEnded":
                inside.set()
                assert out.wait(LIMIT)

    first = threading.Thread(target=lambda: execute(reuse=True, reporters=(Waiting(),)))
    first.start()
    try:
        assert inside.wait(LIMIT)
        assert testflow.clean(kept=True) == ()
        run = execute(reuse=True)
    finally:
        out.set()
        first.join()
    assert (run.ok, run.origin) == (True, "new: another run uses the one that is kept")


def test_one_of_which_a_service_has_ended_is_not_used_again(here, monkeypatch):
    monkeypatch.setenv("ENDING", "1")
    execute(reuse=True)
    monkeypatch.delenv("ENDING")
    assert execute(reuse=True).origin == "new: none was kept"


def test_what_is_gone_is_neither_found_nor_ended(here):
    execute(reuse=True)
    kept = the_kept()
    assert testflow.clean(kept=True)
    assert end(kept) is False
    (root() / "site-odd/kept.json").mkdir(parents=True)
    assert all_kept() == []


def test_one_that_offers_faults_goes_with_its_run(here):
    environment = testflow.Environment("shop", faults=True)
    environment.add_service("idle", {"type": "process", "command": "sleep 1000"})
    run = engine(reuse=True).execute(declared()[0], environment)
    assert (run.plugin_failures, run.origin, all_kept()) == ((), "new: not kept, as it offers faults", [])


def test_it_ends_by_itself_when_nobody_asks_for_long_enough(here):
    execute(reuse=timedelta(seconds=1))
    # What it started may be renewed meanwhile; the directory is what its guards hold.
    kept = the_kept()
    keeper = keeper_of(kept)
    with ends(keeper):
        pass
    assert all_kept() == []


def keeper_of(kept):
    """Whoever listens on its socket, as the kernel tells those who ask by it."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(kept.directory / "kept.socket"))
        return struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def test_whoever_has_found_it_is_waited_for(here):
    execute(reuse=timedelta(seconds=1))
    kept = the_kept()
    lock = lease_files.acquire(kept.directory / "kept.lock")
    handle = os.pidfd_open(keeper_of(kept))
    assert not select.select([handle], [], [], 2.5)[0]
    os.close(lock)
    assert select.select([handle], [], [], LIMIT)[0]
    os.close(handle)


def await_the_end_of_all():
    deadline = time.monotonic() + LIMIT
    while all_kept():
        assert time.monotonic() < deadline
        os.sched_yield()


def test_of_those_that_wait_only_so_many_are_kept(here, monkeypatch):
    monkeypatch.setenv("TESTFLOW_REUSE_LIMIT", "1")
    execute(reuse=True, name="first")
    keeper = keeper_of(the_kept())
    with ends(keeper):
        execute(reuse=True, name="second")
    assert [each.listing.environment for each in all_kept()] == ["second"]


def test_whoever_kills_the_keeper_ends_all_of_it(here):
    execute(reuse=True)
    kept = the_kept()
    keeper = keeper_of(kept)
    with ends(keeper):
        os.kill(keeper, signal.SIGKILL)
    run = execute(reuse=True)
    assert run.ok
    assert run.origin == "new: none was kept"


KILLED = """
import os, signal, sys
import testflow
from testflow_core.interfaces import Reporter

class Killer(Reporter):
    def report(self, run): pass
    def observe(self, event):
        if type(event).__name__ == "TestEnded":
            os.kill(os.getpid(), signal.SIGKILL)

environment = testflow.Environment("shop").add_service("cache", {"type": "redis", "config": {"port": 0}})
workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
testflow.Engine(applications={"shop": {}}, provisioner="process", isolation="subreaper", reporters=(Killer(),),
                **eval(sys.argv[1])).execute(workflow, environment)
"""


def killed(asked):
    ended = subprocess.run([sys.executable, "-c", KILLED, repr(asked)], timeout=LIMIT, check=False)
    assert ended.returncode == -signal.SIGKILL


def test_an_engine_that_is_killed_gives_back_what_it_used(here):
    killed({"reuse": True})
    kept = the_kept()
    environment = testflow.Environment("shop").add_service("cache", {"type": "redis", "config": {"port": 0}})
    run = engine(reuse=True).execute(declared()[0], environment)
    assert run.ok
    assert run.origin.startswith("reused")
    assert the_kept().directory == kept.directory


def test_an_engine_that_is_killed_leaves_nothing_where_nothing_was_to_be_reused(here):
    killed({"keep_on_failure": True})
    await_the_end_of_all()


def test_the_environment_of_a_failed_run_is_kept_for_people(here, monkeypatch):
    monkeypatch.setenv("FAILING", "1")
    run = execute(keep_on_failure=True)
    (told,) = run.kept
    kept = the_kept()
    script = kept.directory / "variables.sh"
    assert str(script) in told
    assert script.stat().st_mode & 0o777 == 0o600
    reach = "import os, socket; socket.create_connection((os.environ['CACHE_HOST'], int(os.environ['CACHE_PORT'])), 5)"
    program = f'. {script}; exec python3 -c "{reach}"'
    subprocess.run(["sh", "-c", program], check=True, timeout=LIMIT)
    assert f'testflow.clean(kept="{kept.lease}")' in told
    assert "is kept until" in (run.reports / "summary.md").read_text(encoding="utf-8")
    assert testflow.clean(kept=kept.lease) == (f"environment shop ({kept.lease})",)
    assert all_kept() == []


def test_nobody_reuses_what_is_kept_for_people(here, monkeypatch):
    monkeypatch.setenv("FAILING", "1")
    execute(reuse=True, keep_on_failure=True)
    monkeypatch.delenv("FAILING")
    assert execute(reuse=True, keep_on_failure=True).origin == "new: none was kept"


def test_the_environment_of_a_run_that_passed_is_not_kept(here):
    run = execute(keep_on_failure=True)
    assert (run.ok, run.kept, all_kept()) == (True, (), [])


def test_a_name_that_nothing_kept_bears_is_told_with_those_that_there_are(here):
    with pytest.raises(ProvisionError, match=r"no environment 'x' is kept \(kept: none\)"):
        testflow.clean(kept="x")


def test_one_that_does_not_come_up_is_told_as_ever(here):
    def failed(**asked):
        environment = testflow.Environment("e").add_service(
            "a", {"type": "process", "ports": {"7000": 0}, "command": "sh -c 'echo no; exit 3'"}
        )
        (lost, *_) = engine(**asked).execute(declared()[0], environment).failed_tests
        return lost.message, lost.logs

    assert failed(reuse=True) == failed()
    assert all_kept() == []


def test_in_ci_only_the_variable_asks_for_reuse(here, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert execute(reuse=True).origin == ""
    monkeypatch.setenv("TESTFLOW_REUSE", "30s")
    assert execute().origin == "new: none was kept"
    monkeypatch.setenv("TESTFLOW_REUSE", "off")
    assert execute(reuse=True).origin == ""


def test_mistakes_in_all_of_it_are_told_together(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TESTFLOW_REUSE_LIMIT", "many")
    with pytest.raises(SpecError) as caught:
        testflow.Engine(reuse="soon", keep_on_failure=-1)
    assert [problem.path for problem in caught.value.problems] == [
        "Engine(reuse=...)",
        "Engine(keep_on_failure=...)",
        "TESTFLOW_REUSE_LIMIT",
    ]


def test_a_directory_too_deep_for_sockets_is_told(here, monkeypatch):
    deep = here / ("d" * 100)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (lost, *_) = execute(reuse=True).failed_tests
    assert "name a directory with a shorter path by TMPDIR" in lost.message
    assert not list(root().glob("site-*"))


def test_copies_are_made_within_a_kept_one(here):
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all", "isolation": "selection"})
    for _ in range(2):
        run = engine(reuse=True).execute(workflow, declared()[1])
        assert run.ok, [each.logs for each in run.failed_tests]
    assert run.origin.startswith("reused")
