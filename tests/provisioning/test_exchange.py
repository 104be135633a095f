"""Questions and answers between two processes."""

import socket
import threading

import pytest

from testflow_core.errors import PluginError, ProvisionError
from testflow_core.provisioning.exchange import Line, LineLostError


def refuse():
    raise ProvisionError("it did not come up", service="db", logs={"db": "no room"})


VERBS = {"double": lambda number: number * 2, "refuse": refuse, "fail": lambda: 1 // 0}


@pytest.fixture
def line():
    """One end of a line at whose other end the verbs are answered."""
    ours, theirs = socket.socketpair()

    def answer():
        with Line(theirs) as there:
            there.tell("just a moment")
            there.serve(VERBS)

    answering = threading.Thread(target=answer)
    answering.start()
    with Line(ours) as here:
        yield here
    answering.join()


def test_a_question_is_answered_and_what_is_said_meanwhile_is_heard(line):
    heard = []
    assert line.ask("double", heard.append, number=21) == 42
    assert heard == ["just a moment"]


def test_nobody_need_hear_what_is_said_meanwhile(line):
    assert line.ask("double", number=1) == 2


def test_a_provision_error_comes_across_with_its_logs(line):
    with pytest.raises(ProvisionError) as caught:
        line.ask("refuse")
    assert (caught.value.message, caught.value.service, caught.value.logs) == (
        "it did not come up",
        "db",
        {"db": "no room"},
    )


def test_any_other_error_comes_across_as_its_traceback(line):
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        line.ask("fail")


def test_a_verb_that_nobody_knows_is_told(line):
    with pytest.raises(PluginError, match="unknown question"):
        line.ask("sing")


@pytest.mark.parametrize("said", [b"", b'{"answer": 4'])
def test_whoever_hangs_up_before_the_answer_is_missed(said):
    ours, theirs = socket.socketpair()
    with Line(ours) as here, theirs:
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(LineLostError):
            here.ask("double", number=1)


def test_whoever_is_gone_is_missed():
    ours, theirs = socket.socketpair()
    theirs.close()
    with Line(ours) as here, pytest.raises(LineLostError):
        here.ask("double", number=1)
