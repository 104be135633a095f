"""Faults that tests ask for by a socket."""

import json
import socket
import threading
from contextlib import ExitStack, contextmanager, nullcontext

import pytest

from testflow_core.errors import ProvisionError
from testflow_core.execution import faults
from testflow_core.model import Provisioned

PATIENCE = 20


class Played:
    """Services whose faults are noted; `gone` is set once a fault was undone."""

    def __init__(self, trouble=""):
        self.noted = []
        self.gone = threading.Event()
        self.trouble = trouble

    def inject(self, fault, service, seconds):
        if fault == "melt":
            raise ProvisionError("unknown fault 'melt'")
        self.noted.append((fault, service, seconds))

        def undo():
            self.noted.append(("undo", fault))
            self.gone.set()
            if self.trouble:
                raise ProvisionError(self.trouble)

        return undo


@contextmanager
def offered(played, directory, warnings=None):
    up = Provisioned(environment="e", variables={"A": "b"}, inject=played.inject)
    with ExitStack() as exits:
        yield faults.offered(up, directory, ([] if warnings is None else warnings).append, exits).variables


@contextmanager
def connected(variables):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(variables["TESTFLOW_ENVIRONMENT"])
        with client.makefile("rwb") as lines:

            def ask(line):
                lines.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
                lines.flush()
                return json.loads(lines.readline())

            yield ask


def test_a_fault_is_injected_and_undone_by_its_number(tmp_path):
    played = Played()
    with offered(played, tmp_path) as variables, connected(variables) as ask:
        assert variables["A"] == "b"
        assert ask({"fault": "delay", "service": "db", "seconds": 0.5}) == {"number": 1}
        assert ask({"fault": "stop", "service": "api"}) == {"number": 2}
        assert ask({"undo": 1}) == {"number": 1}
        assert played.noted == [("delay", "db", 0.5), ("stop", "api", 0.0), ("undo", "delay")]


def test_what_a_connection_has_left_is_undone_at_its_end(tmp_path):
    played = Played()
    with offered(played, tmp_path) as variables:
        with connected(variables) as ask:
            ask({"fault": "pause", "service": "db"})
        assert played.gone.wait(PATIENCE)


def test_what_is_left_at_the_end_of_the_environment_is_undone_and_trouble_with_that_is_told(tmp_path):
    played, warnings = Played(trouble="db is not ready"), []
    with ExitStack() as clients, offered(played, tmp_path, warnings) as variables:
        ask = clients.enter_context(connected(variables))
        ask({"fault": "stop", "service": "db"})
    assert played.noted[-1] == ("undo", "stop")
    assert warnings == ["a fault that a test has left could not be undone: db is not ready"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "no JSON"),
        ({"undo": 7}, "expected"),
        ({"fault": "stop"}, "expected"),
        ({"fault": "melt", "service": "db"}, "unknown fault 'melt'"),
    ],
)
def test_what_is_not_understood_or_cannot_be_done_is_answered_so(tmp_path, line, words):
    with offered(Played(), tmp_path) as variables, connected(variables) as ask:
        assert words in ask(line)["error"]
        assert ask({"fault": "stop", "service": "db"}) == {"number": 1}


def test_a_copy_is_told_of_the_socket_of_its_original(tmp_path):
    with offered(Played(), tmp_path) as variables:
        there = Provisioned(environment="e", variables=variables)
        with faults.copied(there, nullcontext(Provisioned(environment="e", variables={"A": "copy"}))) as copy:
            assert copy.variables == {"A": "copy", "TESTFLOW_ENVIRONMENT": variables["TESTFLOW_ENVIRONMENT"]}


def test_an_environment_without_faults_and_a_path_too_long_for_a_socket_are_told(tmp_path):
    with ExitStack() as exits, pytest.raises(ProvisionError, match="provisioner has no faults"):
        faults.offered(Provisioned(environment="e"), tmp_path, print, exits)
    with pytest.raises(ProvisionError, match="TMPDIR"), offered(Played(), tmp_path / ("x" * 120)):
        pass
