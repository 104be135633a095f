"""What is left on the machine fails a run, whatever its tests say."""

import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
from memory_runs import TESTS, both, engine
from servers import Servers

import testflow
from testflow_core.errors import ProvisionError
from testflow_core.model import Status
from testflow_core.provisioning import leftovers
from testflow_core.provisioning.leases import PortLeases
from testflow_core.provisioning.process_tree import MARKER
from testflow_core.testing import MemoryPlugins, MemoryRunner

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists what there is under /proc")


class OnTheMachine(MemoryPlugins):
    """Fakes of all but what uses the machine."""

    outside = True


class Leaking(Servers):
    """Leaves a process and a port that nobody will end, and knows of a container that nobody will remove."""

    def __init__(self, *, fails=False):
        self.fails = fails
        self.left = []

    @contextmanager
    def provision(self, environment, site):
        with super().provision(environment, site) as up, PortLeases(site.directory) as ports:
            [mark] = leftovers.markers(site.directory)
            self.left.append(socket.create_server(("127.0.0.1", ports.lease())))
            program = [sys.executable, "-I", "-S", "-c", "import signal; print(flush=True); signal.pause()"]
            process = subprocess.Popen(program, env={MARKER: f"{mark.partition('=')[2]}:9"}, stdout=subprocess.PIPE)
            self.left.append(process)
            process.stdout.readline()
            if self.fails:
                raise ProvisionError("there is no room", service="api")
            yield up

    def inventory(self, site):
        return {"container": (f"shop-{site.lease}",)}


def environment():
    return testflow.Environment("shop")


@pytest.fixture
def leaking():
    made = []

    def make(**options):
        made.append(Leaking(**options))
        return made[-1]

    yield make
    for each in [each for leaking in made for each in leaking.left]:
        if isinstance(each, subprocess.Popen):
            each.kill()
        each.__exit__(None, None, None)


def executed(shop, provisioner):
    plugins = OnTheMachine(MemoryRunner(tests=TESTS), provisioner)
    run = testflow.Engine(plugins=plugins, applications=shop).execute(both(), environment())
    return run, {each.environment: each for each in run.certificates}


def test_a_run_that_leaves_nothing_says_so_of_every_environment_and_of_itself(shop, tmp_path):
    run, certificates = executed(shop, Servers())
    assert set(certificates) == {"shop", ""}
    assert all(each.clean for each in certificates.values())
    assert all(each.held["directory"] for each in certificates.values())
    assert run.leaks == ()
    assert run.ok


def test_a_leak_fails_a_run_whose_tests_have_passed(shop, leaking):
    provisioner = leaking()
    run, certificates = executed(shop, provisioner)
    assert len(run.passed_tests) == 3
    assert not run.ok
    listener, process = provisioner.left
    left = certificates["shop"].left
    assert left["port"] == (f"127.0.0.1:{listener.getsockname()[1]}",)
    assert [name.split()[0] for name in left["process"]] == [str(process.pid)]
    assert left["container"][0].startswith("shop-")
    assert len(run.leaks) == 3
    assert certificates[""].clean


def test_an_environment_that_did_not_come_up_may_leave_nothing_either(shop, leaking):
    provisioner = leaking(fails=True)
    run, certificates = executed(shop, provisioner)
    assert {result.status for result in run.results} == {Status.ERROR}
    assert certificates["shop"].held == {}
    assert set(certificates["shop"].left) == {"process", "port", "container"}
    assert len(run.leaks) == 3


def test_a_provisioner_that_cannot_tell_what_there_is_has_failed_and_leaves_nothing(shop):
    class Unable(Servers):
        def inventory(self, site):
            raise RuntimeError("no idea")

    run, certificates = executed(shop, Unable())
    assert certificates["shop"].clean
    assert run.ok
    assert "no idea" in run.plugin_failures[0].traceback


def test_what_touches_nothing_outside_has_no_certificate(shop):
    run = engine(MemoryRunner(tests=TESTS), applications=shop).execute(both(), environment())
    assert run.certificates == ()
