"""The contract of runners whose tests are programs on this machine."""

from __future__ import annotations

import os
import select
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from attrs import evolve, field, frozen

from testflow_core.model import Batch, Bench, Outcome, Status, TestCase
from testflow_core.provisioning.interruption import Interruption, interruptible
from testflow_core.testing.contracts.runner import batch_of, files_of, outcomes_of
from testflow_core.testing.contracts.samples import to_be_answered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testflow_core.interfaces import Runner, RunnerSession


@frozen(kw_only=True)
class Pipe:
    """A named pipe that a test holds open while it runs: the end of its processes is the end of what is read."""

    path: Path
    descriptor: int = field(repr=False)
    limit: float

    def said(self, limit: float | None = None) -> bytes:
        """What was written, empty where whoever had it open is gone; TimeoutError where nothing happens."""
        limit = self.limit if limit is None else limit
        if not select.select([self.descriptor], [], [], limit)[0]:
            raise TimeoutError(f"{self.path} was not heard of within {limit:g} s")
        return os.read(self.descriptor, 1_000)


class RunnerOfProcesses:
    """
    What holds of a Runner whose tests are processes on this machine; inherited beside RunnerContract.

    `seconds` is how long a process may take to start, or to end.
    """

    seconds: ClassVar[float] = 30.0

    @pytest.fixture
    def told(self) -> TestCase:
        """A test that passes only if it is told so."""
        raise to_be_answered("told", "a test that passes only where the variable CONTRACT_WORD is `told`")

    @pytest.fixture
    def doubling(self) -> TestCase:
        """A test that takes and gives values."""
        raise to_be_answered("doubling", "a test that is handed the input `number` and gives `doubled`, twice of it")

    @pytest.fixture
    def endless(self) -> TestCase:
        """A test that never ends."""
        raise to_be_answered(
            "endless", "a test that opens the pipe CONTRACT_PIPE, writes a line to it and waits for ever with it open"
        )

    @pytest.fixture
    def pipe(self, tmp_path: Path) -> Iterator[Pipe]:
        """What `endless` holds open."""
        path = tmp_path / "pipe"
        os.mkfifo(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        yield Pipe(path=path, descriptor=descriptor, limit=self.seconds)
        os.close(descriptor)

    def test_a_name_that_is_not_there_is_an_error_that_tells_what_is(
        self, runner: Runner, bench: Bench, expected: Mapping[str, Status]
    ) -> None:
        there = TestCase.from_id(next(iter(expected)))
        (outcome,) = outcomes_of(runner, batch_of(bench, evolve(there, name="no_such_test")))
        assert outcome.status is Status.ERROR, "a test that cannot be found has not failed: it is an error"
        assert outcome.test.name == "no_such_test"
        assert there.name, "`expected` has the ids of single tests"
        said = f"{outcome.reason}\n{outcome.message}\n{outcome.text}"
        assert there.name in said, f"tell which tests the file has, such as {there.name}; it says\n{said}"

    def test_a_file_that_is_not_there_is_an_error_that_names_it(self, runner: Runner, bench: Bench) -> None:
        (outcome,) = outcomes_of(runner, batch_of(bench, TestCase(application="shop", file="no/such/file.py")))
        assert outcome.status is Status.ERROR
        assert "no/such/file.py" in f"{outcome.reason}\n{outcome.message}\n{outcome.text}"

    def test_variables_reach_the_test(self, runner: Runner, bench: Bench, told: TestCase) -> None:
        for word, status in (("told", Status.PASSED), ("another", Status.FAILED)):
            (outcome,) = outcomes_of(runner, batch_of(bench, told, variables={"CONTRACT_WORD": word}))
            assert outcome.status is status, f"CONTRACT_WORD={word}: {outcome.message}"

    def test_an_excluded_test_of_a_file_does_not_run(
        self, runner: Runner, bench: Bench, expected: Mapping[str, Status]
    ) -> None:
        excluded = TestCase.from_id(next(iter(expected)))
        batch = evolve(batch_of(bench, *files_of(expected)), exclude=(excluded,))
        ran = {outcome.test.id for outcome in outcomes_of(runner, batch)}
        assert ran == set(expected) - {excluded.id}

    def test_inputs_are_handed_over_and_values_come_back(
        self, runner: Runner, bench: Bench, doubling: TestCase
    ) -> None:
        batch = evolve(batch_of(bench, doubling), inputs={"number": 21}, wanted=(("doubled",),))
        (outcome,) = outcomes_of(runner, batch)
        assert outcome.status is Status.PASSED, outcome.message
        assert outcome.values == {"doubled": 42}

    def test_a_test_that_takes_too_long_is_timed_out(
        self, runner: Runner, bench: Bench, endless: TestCase, pipe: Pipe
    ) -> None:
        batch = evolve(_held(bench, pipe, endless), timeout=timedelta(seconds=2))
        (outcome,) = outcomes_of(runner, batch)
        assert outcome.status is Status.TIMED_OUT
        assert _closed(pipe), "the test was given up, and goes on"

    def test_a_stop_that_is_wished_for_ends_the_test_under_way(
        self, runner: Runner, bench: Bench, endless: TestCase, pipe: Pipe
    ) -> None:
        interruption = Interruption()
        with ThreadPoolExecutor(1) as pool, runner.session(bench) as session:
            running = pool.submit(_interruptible, session, _held(bench, pipe, endless), interruption)
            assert pipe.said()
            interruption.wish()
            running.result(self.seconds)
            assert not pipe.said(), "the run has returned, and the test goes on"

    def test_what_still_runs_when_the_iterator_is_closed_ends(
        self, runner: Runner, bench: Bench, endless: TestCase, pipe: Pipe, expected: Mapping[str, Status]
    ) -> None:
        first = TestCase.from_id(next(iter(expected)))
        with runner.session(bench) as session:
            outcomes = session.run(_held(bench, pipe, first, endless))
            assert next(outcomes).test == first
            with closing(outcomes):  # pyright: ignore[reportArgumentType] - a generator, whose end is the claim
                pass
        assert _closed(pipe), "the session is over, and the test goes on"

    def test_what_still_runs_when_the_session_ends_is_gone(
        self, runner: Runner, bench: Bench, endless: TestCase, pipe: Pipe
    ) -> None:
        with ThreadPoolExecutor(1) as pool:
            with runner.session(bench) as session:
                pool.submit(_interruptible, session, _held(bench, pipe, endless), Interruption())
                assert pipe.said()
            assert not pipe.said(), "the session is over, and the test goes on"


def _held(bench: Bench, pipe: Pipe, *tests: TestCase) -> Batch:
    return batch_of(bench, *tests, variables={"CONTRACT_PIPE": str(pipe.path)})


def _interruptible(session: RunnerSession, batch: Batch, interruption: Interruption) -> list[Outcome]:
    with interruptible(interruption):
        return list(session.run(batch))


def _closed(pipe: Pipe) -> bool:
    """Whether nobody has the pipe open, or ever had."""
    try:
        while pipe.said(0):
            pass
    except (TimeoutError, BlockingIOError):
        # Nobody came, unless somebody who is there says nothing more: then a new writer would not be the only one.
        return _never_opened(pipe)
    return True


def _never_opened(pipe: Pipe) -> bool:
    writer = os.open(pipe.path, os.O_WRONLY | os.O_NONBLOCK)
    os.close(writer)
    # Closing the only writer is the end of what is read; with another writer there is nothing to read yet.
    return bool(select.select([pipe.descriptor], [], [], 0)[0])
