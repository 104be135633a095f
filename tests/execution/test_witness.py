"""Of a test that failed it is told what the services of its environment wrote meanwhile, and what ails them."""

import threading
import time

import pytest
from attrs import evolve

from testflow_core.execution.redaction import redact
from testflow_core.execution.witness import FULLY_TOLD, LOG_LIMIT, SLACK, Witness
from testflow_core.model import Artifact, Endpoint, FailureContext, Outcome, Provisioned, ServiceState, Status, TestCase

TEST = TestCase(application="shop", file="tests/test_cart.py", name="test_a")


@pytest.fixture
def witness():
    with Witness() as made:
        yield made


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "db.log"
    path.touch()
    return path


def failed(started, duration=0.0):
    return Outcome(test=TEST, status=Status.FAILED, started=started, duration=duration)


def up(log, health=None):
    return Provisioned(environment="e", endpoints={"db": Endpoint(host="h")}, logs={"db": log}, health=health)


def wrote(witness, log, text):
    """Write, and return the moment after which the witness knows of it."""
    with log.open("a") as stream:
        stream.write(text)
    (growth,) = witness._growths.values()
    deadline = time.monotonic() + 10
    while growth.sizes[-1] != log.stat().st_size:
        assert time.monotonic() < deadline
    return time.time()


def logs_of(outcome):
    return [] if outcome.context is None else [each.log for each in outcome.context.services]


def test_only_what_was_written_while_it_ran_is_told(witness, log):
    there = up(log)
    witness.see(there)
    wrote(witness, log, "before\n")
    began = time.time()
    ended = wrote(witness, log, "meanwhile\n")
    threading.Event().wait(2 * SLACK)
    wrote(witness, log, "after\n")
    assert logs_of(witness.told(failed(began, ended - began), there)) == ["meanwhile\n"]


def test_what_was_there_before_it_was_seen_is_told_of_nobody(witness, log):
    log.write_text("long ago\n")
    witness.see(up(log))
    assert witness.told(failed(time.time()), up(log)).context is None


def test_of_much_the_end_is_told_in_whole_lines(witness, log):
    there = up(log)
    witness.see(there)
    began = time.time()
    wrote(witness, log, "".join(f"line {number:05d}\n" for number in range(1000)))
    (said,) = logs_of(witness.told(failed(began, 1.0), there))
    first, second, *_ = said.splitlines()
    assert len(said) <= LOG_LIMIT + 40
    assert first.endswith("bytes left out]")
    assert len(second) == len("line 00000")
    assert said.endswith("line 00999\n")


def test_a_test_that_was_never_begun_has_no_logs(witness, log):
    there = up(log)
    witness.see(there)
    wrote(witness, log, "something\n")
    assert witness.told(failed(0.0), there).context is None


def test_health_is_asked_anew_for_a_test_that_ended_later(witness, log):
    answers = iter([{}, {"db": "was ended by SIGKILL"}])
    there = up(log, lambda: next(answers))
    witness.see(there)
    wrote(witness, log, "x")
    first = witness.told(failed(time.time()), there)
    threading.Event().wait(0.1)
    second = witness.told(failed(time.time()), there)
    assert [each.context.facts for each in (first, second) if each.context] == [
        ("the service db was ended by SIGKILL",)
    ]


def test_health_that_takes_long_to_find_is_not_asked_for_each_of_many_failures(witness, log):
    asked = []

    def health():
        asked.append(threading.Event().wait(0.1))
        return {"db": "does not answer"}

    there = up(log, health)
    told = [witness.told(failed(time.time()), there) for _ in range(100)]
    assert {each.context.facts for each in told} == {("the service db does not answer",)}
    assert len(asked) == 1


def test_a_provisioner_that_cannot_tell_of_health_costs_no_result(witness, log):
    def health():
        raise RuntimeError("broken")

    (fact,) = witness.told(failed(0.0), up(log, health)).context.facts
    assert fact == "the service db cannot be looked at: RuntimeError('broken')"


def test_where_everything_fails_not_every_failure_has_all_logs(witness, log):
    there = up(log)
    witness.see(there)
    began = time.time()
    wrote(witness, log, "refused\n")
    told = [witness.told(failed(began, 1.0), there) for _ in range(FULLY_TOLD + 1)]
    assert logs_of(told[-2]) == ["refused\n"]
    assert logs_of(told[-1]) == []


def test_without_an_environment_nothing_is_told(witness):
    outcome = failed(1.0)
    witness.see(None)
    assert witness.told(outcome, None) is outcome


def test_a_log_that_is_gone_with_its_environment_is_no_longer_watched(witness, log):
    witness.see(up(log))
    log.unlink()
    deadline = time.monotonic() + 10
    while witness._growths:
        assert time.monotonic() < deadline


def test_secrets_are_taken_out_of_all_that_was_around_a_failure():
    context = FailureContext(
        log="s3cret",
        services=(ServiceState(service="db", health="is s3cret", log="login s3cret"),),
        resources=("the disk of /s3cret",),
        artifacts=(Artifact(path="shots/s3cret.png", name="s3cret.png", note="s3cret"),),
        backtrace="#0 login (s3cret)",
    )
    outcome = redact(evolve(failed(1.0), context=context), ["s3cret"])
    assert "s3cret" not in repr(outcome)
    assert outcome.context.services[0].log == "login ********"
