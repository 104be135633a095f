"""The contract of runners."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from testflow_core.interfaces import DividesFiles, GetsReady, NamesConditions
from testflow_core.model import Application, Batch, Bench, Outcome, Status, TestCase
from testflow_core.testing.contracts.samples import to_be_answered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testflow_core.interfaces import Runner


def bench_of(application: Application, directory: Path) -> Bench:
    """The bench on which the core would run the tests of an application."""
    return Bench(
        directory=directory / "run directory",
        checkout=application.path or directory,
        python=application.python,
        command=application.test_command,
    )


def batch_of(bench: Bench, *tests: TestCase, variables: Mapping[str, str] | None = None) -> Batch:
    """A batch of these tests."""
    return Batch(id="contract", runner="any", bench=bench, tests=tests, variables=variables or {})


def outcomes_of(runner: Runner, batch: Batch) -> list[Outcome]:
    """What becomes of a batch in a session of its own."""
    with runner.session(batch.bench) as session:
        return list(session.run(batch))


def files_of(expected: Mapping[str, Status]) -> tuple[TestCase, ...]:
    """The files of these tests, each once."""
    tests = map(TestCase.from_id, expected)
    return tuple(dict.fromkeys(TestCase(application=test.application, file=test.file) for test in tests))


class RunnerContract:
    """What holds of every Runner."""

    @pytest.fixture
    def runner(self) -> Runner:
        """The plugin."""
        raise to_be_answered("runner", "the Runner under test")

    @pytest.fixture
    def application(self) -> Application:
        """An application with tests."""
        raise to_be_answered("application", "an Application whose `path` is a checkout with tests")

    @pytest.fixture
    def expected(self) -> Mapping[str, Status]:
        """Every test of the application, and how it ends."""
        raise to_be_answered("expected", "the id of every test of `application` with its Status, one of them failed")

    @pytest.fixture
    def bench(self, application: Application, tmp_path: Path) -> Bench:
        """Where the tests run."""
        return bench_of(application, tmp_path)

    def test_the_files_of_all_tests_are_discovered_each_test_once(
        self, runner: Runner, application: Application, expected: Mapping[str, Status]
    ) -> None:
        found = list(runner.discover(application, ()))
        assert len(found) == len(set(found)), "a test is discovered twice"
        assert {test.file for test in found} >= {test.file for test in files_of(expected)}

    def test_what_is_discovered_is_the_applications_and_relative_to_its_checkout(
        self, runner: Runner, application: Application
    ) -> None:
        for test in runner.discover(application, ()):
            assert test.application == application.name
            path = PurePosixPath(test.file)
            assert path.as_posix() == test.file, f"{test.file!r} is written {path.as_posix()!r}"
            assert not path.is_absolute(), f"{test.file} is not relative to the checkout"
            assert ".." not in path.parts, f"{test.file} leads out of the checkout"

    def test_the_same_is_discovered_again(self, runner: Runner, application: Application) -> None:
        first = list(runner.discover(application, ()))
        assert first == list(runner.discover(application, ())), "a test is the same in every run"

    def test_only_what_is_below_the_paths_is_discovered(
        self, runner: Runner, application: Application, expected: Mapping[str, Status]
    ) -> None:
        for file in files_of(expected):
            assert {test.file for test in runner.discover(application, [file.file])} == {file.file}
            folder = PurePosixPath(file.file).parent.as_posix()
            below = {test.file for test in runner.discover(application, [folder])}
            assert file.file in below, f"{file.file} is not found below {folder}"
            assert folder == "." or all(each.startswith(f"{folder}/") for each in below), f"{below} below {folder}"

    @pytest.mark.parametrize("path", ["no/such/folder", "no_such_file.py", "../.."])
    def test_a_path_that_is_not_in_the_checkout_yields_nothing(
        self, runner: Runner, application: Application, path: str
    ) -> None:
        assert list(runner.discover(application, [path])) == []

    def test_every_test_of_a_file_has_its_outcome_and_a_failing_one_is_no_exception(
        self, runner: Runner, bench: Bench, expected: Mapping[str, Status]
    ) -> None:
        assert any(status.failing for status in expected.values()), "one of the tests in `expected` fails"
        outcomes = outcomes_of(runner, batch_of(bench, *files_of(expected)))
        assert {outcome.test.id: outcome.status for outcome in outcomes} == expected
        assert len(outcomes) == len(expected), "a test has two outcomes"

    def test_a_failing_test_says_what_went_wrong(
        self, runner: Runner, bench: Bench, expected: Mapping[str, Status]
    ) -> None:
        for outcome in outcomes_of(runner, batch_of(bench, *files_of(expected))):
            if outcome.status.failing:
                assert (outcome.message or outcome.text).strip(), f"nobody can say why {outcome.test.id} failed"

    def test_a_test_that_is_chosen_by_its_name_runs_alone(
        self, runner: Runner, bench: Bench, expected: Mapping[str, Status]
    ) -> None:
        for test_id, status in expected.items():
            outcomes = outcomes_of(runner, batch_of(bench, TestCase.from_id(test_id)))
            assert [(outcome.test.id, outcome.status) for outcome in outcomes] == [(test_id, status)]

    def test_a_session_runs_one_batch_after_the_other(
        self, runner: Runner, bench: Bench, expected: Mapping[str, Status]
    ) -> None:
        batch = batch_of(bench, *files_of(expected))

        def ended(outcomes: Sequence[Outcome]) -> set[tuple[str, Status]]:
            return {(outcome.test.id, outcome.status) for outcome in outcomes}

        with runner.session(bench) as session:
            first = ended(list(session.run(batch)))
            assert first == ended(list(session.run(batch))) == set(expected.items())

    def test_a_session_that_was_finished_can_go_on(
        self, runner: Runner, bench: Bench, expected: Mapping[str, Status]
    ) -> None:
        batch = batch_of(bench, *files_of(expected))
        with runner.session(bench) as session:
            for _ in range(2):
                ran, late = list(session.run(batch)), list(session.finish())
                assert {(outcome.test.id, outcome.status) for outcome in ran} == set(expected.items())
                assert all(outcome.batch for outcome in late), "`finish` tells of batches that have ended: name them"

    def test_a_session_in_which_nothing_runs_ends(self, runner: Runner, bench: Bench) -> None:
        with runner.session(bench):
            pass


class RunnerThatNamesConditions:
    """What holds of a Runner that names what tests run in by `conditions`; beside RunnerContract."""

    def test_the_same_conditions_have_the_same_name(self, runner: Runner, application: Application) -> None:
        assert isinstance(runner, NamesConditions)
        assert runner.conditions(application), "the application is one whose interpreter the runner can name"
        assert runner.conditions(application) == runner.conditions(application)

    def test_what_is_not_there_has_no_conditions(self, runner: Runner, application: Application) -> None:
        assert isinstance(runner, NamesConditions)
        assert runner.conditions(evolve(application, path=None)) == ""


class RunnerThatGetsReady:
    """What holds of a Runner that gets `ready` for an application before it is known what of it runs."""

    def test_nothing_is_raised_for_what_is_not_there(self, runner: Runner, application: Application) -> None:
        assert isinstance(runner, GetsReady)
        with runner.ready(evolve(application, path=None)):
            pass

    def test_tests_end_as_ever_where_it_is_ready(
        self, runner: Runner, application: Application, bench: Bench, expected: Mapping[str, Status]
    ) -> None:
        assert isinstance(runner, GetsReady)
        with runner.ready(application), runner.ready(application):
            ran = [
                (outcome.test.id, outcome.status)
                for file in files_of(expected)
                for outcome in outcomes_of(runner, batch_of(bench, file))
            ]
        assert sorted(ran) == sorted(expected.items())


class RunnerThatDividesFiles:
    """What holds of a Runner that `divides` files; beside RunnerContract, one file of whose tests has several."""

    def test_the_parts_of_a_file_run_each_of_its_tests_once(
        self, runner: Runner, application: Application, bench: Bench, expected: Mapping[str, Status]
    ) -> None:
        assert isinstance(runner, DividesFiles)
        assert runner.divides(application)
        for file in files_of(expected):
            tests = [test for test in map(TestCase.from_id, expected) if test.file == file.file]
            rest, part = tuple(tests[:1]), (*tests[1:], evolve(file, name="is_no_longer_there"))
            for here, batch in (
                (rest, evolve(batch_of(bench, file), exclude=part)),
                (tests[1:], evolve(batch_of(bench, file), only=part)),
            ):
                ran = sorted((outcome.test.id, outcome.status) for outcome in outcomes_of(runner, batch))
                assert ran == sorted((test.id, expected[test.id]) for test in here)
