"""What is wrong with the services of an environment, asked while it is up."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from testflow_core.errors import ProvisionError
from testflow_core.model import Endpoint
from testflow_core.provisioning import health
from testflow_core.provisioning.launch import Running


class Program:
    """A service whose end is as it is told; no process of ours."""

    def __init__(self, code=None, later=None, trouble=None):
        self.code, self.later, self.trouble = code, later, trouble

    @property
    def returncode(self):
        if self.trouble is not None:
            raise self.trouble
        return self.code

    def wait(self, _timeout=None, /):
        return self.code if self.code is not None else self.later

    def end(self, _grace, _number, /):
        pass


class Explained(Program):
    def why(self):
        return "out of memory"


def ailing(tmp_path, process, *probes, ports=None):
    running = Running(
        endpoint=Endpoint(host="127.0.0.1", ports=ports or {}), process=process, cwd=tmp_path, probes=probes
    )
    with ThreadPoolExecutor(1) as pool:
        return health.ailing({"db": running}, pool)


@pytest.mark.parametrize(
    ("process", "probes", "ports", "said"),
    [
        (Program(), [lambda _: None], {}, None),
        (Program(0), [], {}, None),
        (Program(0), [], {80: 80}, "ended with exit code 0"),
        (Program(-signal.SIGKILL), [], {}, "was ended by SIGKILL"),
        (Explained(-signal.SIGKILL), [], {}, "was ended by SIGKILL: out of memory"),
        (Program(), [lambda _: None, lambda _: "no answer"], {}, "is not well: no answer"),
        (Program(later=3), [lambda _: "no answer"], {}, "ended with exit code 3"),
        (Program(trouble=ProvisionError("the engine is gone")), [], {}, "cannot be looked at: the engine is gone"),
    ],
)
def test_each_service_that_is_not_well_is_named_with_what_ails_it(tmp_path, process, probes, ports, said):
    assert ailing(tmp_path, process, *probes, ports=ports) == ({"db": said} if said else {})


def test_nobody_waits_for_longer_than_a_second(tmp_path, monkeypatch):
    monkeypatch.setattr(health, "LIMIT", 0.05)
    over = threading.Event()
    running = Running(endpoint=Endpoint(host="h"), process=Program(), cwd=tmp_path, probes=(lambda _: over.wait(30),))
    with ThreadPoolExecutor(1) as pool:
        found = health.ailing({"db": running}, pool)
        over.set()
    assert found == {"db": "does not answer"}
