"""Runner `command`: any program that tests one file, with per-test results where it reports them."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.runners import node
from testflow_core.builtin.runners.command_outcomes import FileRun, chosen, outcomes_of
from testflow_core.builtin.runners.discovery import files_below
from testflow_core.builtin.runners.exchange import exchange, with_outputs
from testflow_core.builtin.runners.junit_report import read_junit
from testflow_core.builtin.runners.program import STDOUT, run_program
from testflow_core.builtin.runners.reporting import Reporters
from testflow_core.builtin.runners.surroundings import command_environment
from testflow_core.builtin.runners.tap_report import read_tap
from testflow_core.errors import ProvisionError, TestflowError
from testflow_core.globs import matching
from testflow_core.interfaces import Runner, RunnerSession
from testflow_core.model import Outcome, Status, TestCase
from testflow_core.provisioning.interruption import LeftUndoneError, current
from testflow_core.provisioning.supervisor import Supervisor
from testflow_core.references import resolve

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from testflow_core.builtin.runners.exchange import Exchange
    from testflow_core.model import Application, Batch, Bench

SCRIPTS = tuple(f"__tests__/**/*.{dialect}{kind}" for kind in ("js", "jsx", "ts", "tsx") for dialect in ("", "c", "m"))
DEFAULT_FILES = ("*.test.*", "*.spec.*", *SCRIPTS, *(f"**/{glob}" for glob in SCRIPTS))


@frozen(kw_only=True)
class CommandRunner(Runner):
    """
    Runs the application's test command once for every file, `{test_path}` being that file.

    Node's own runner, jest and vitest are made to report single tests. Any other program reports them by writing JUnit
    XML to the file that TESTFLOW_JUNIT names, the outermost suite being the file, or by printing TAP; without a report
    its exit code decides. It finds what earlier steps hand over in the JSON file TESTFLOW_INPUTS, test data in the JSON
    file TESTFLOW_DATA, and may write a JSON object to TESTFLOW_OUTPUTS.
    """

    def discover(self, application: Application, paths: Sequence[str]) -> Iterable[TestCase]:
        """Files that match the application's `test_files`, else `*.test.*`, `*.spec.*` and scripts in `__tests__`."""
        if application.path is None:
            return
        globs = DEFAULT_FILES if application.test_files is None else application.test_files
        for file, name in files_below(application.path, paths, matching(globs)):
            yield TestCase(application=application.name, file=file, name=name)

    @contextmanager
    def session(self, bench: Bench) -> Generator[RunnerSession]:
        """A session that remembers what it found out about Node and vitest."""
        with Supervisor() as supervisor:
            yield _CommandSession(bench, supervisor)


class _CommandSession(RunnerSession):
    def __init__(self, bench: Bench, supervisor: Supervisor) -> None:
        self._bench = bench
        self._supervisor = supervisor
        self._reporters = Reporters(supervisor)

    def run(self, batch: Batch) -> Iterator[Outcome]:
        """The outcomes of every file as its program ends; closing the iterator ends the processes of the batch."""
        with exchange(batch) as files:
            yield from with_outputs(self._outcomes(batch, files), files.outputs)

    def _outcomes(self, batch: Batch, files: Exchange) -> Iterator[tuple[Outcome, bool]]:
        by_file: dict[str, list[str]] = {}
        for test in batch.tests:
            by_file.setdefault(test.file, []).extend([] if test.name is None else [test.name])
        whole = {test.file for test in batch.tests if test.name is None}
        stopping = current()
        for number, (file, names) in enumerate(by_file.items(), start=1):
            if stopping.paused:
                raise LeftUndoneError
            found = self._file(batch, file, () if file in whole else names, files)
            if stopping.wished:
                return
            for position, outcome in enumerate(found, start=1):
                yield outcome, number == len(by_file) and position == len(found)

    def _file(self, batch: Batch, file: str, names: Sequence[str], files: Exchange) -> list[Outcome]:
        test = TestCase(application=batch.tests[0].application, file=file)
        excluded = [each.name for each in batch.exclude if each.file == file and each.name is not None]
        try:
            run = self._run(batch, test, files)
        except (TestflowError, OSError, ValueError) as error:
            tests = [TestCase(application=test.application, file=file, name=name) for name in names] or [test]
            return [Outcome(test=each, status=Status.ERROR, message=str(error)) for each in tests]
        return chosen(outcomes_of(run), run, names, excluded)

    def _run(self, batch: Batch, test: TestCase, files: Exchange) -> FileRun:
        checkout = batch.bench.checkout.absolute()
        if not (checkout / test.file).exists():
            raise ProvisionError(f"no file {test.file} in {checkout}")
        if not batch.bench.command:
            raise ProvisionError("the application has no test command; give it `test_command`")
        argv = [resolve(word, {"test_path": test.file}) for word in batch.bench.command]
        own = files.directory / "own.xml"
        own.unlink(missing_ok=True)
        env = command_environment(batch.bench, {**files.variables, "TESTFLOW_JUNIT": str(own)})
        program = _program(argv[0], checkout, env)
        reporting = self._reporters.reporting(argv, test.file, checkout=checkout, env=env, directory=files.directory)
        ending = run_program(
            [program, *reporting.argv[1:]],
            self._supervisor,
            cwd=checkout,
            env=reporting.env,
            directory=files.directory,
            timeout=batch.timeout.total_seconds(),
        )
        by_node, suites, by_itself = reporting.node_report(), reporting.suites(checkout / test.file), read_junit(own)
        silent = by_node is None and suites is None and by_itself is None
        return FileRun(
            test=test,
            checkout=checkout,
            program=argv[0],
            ending=ending,
            node=by_node,
            suites=suites,
            own=by_itself,
            tap=read_tap(files.directory / STDOUT, ending) if silent else None,
        )


def _program(name: str, checkout: Path, env: Mapping[str, str]) -> str:
    """The program's path: on PATH, or in the checkout if its name has a `/`; ProvisionError where it is not there."""
    if "/" in name:
        path = checkout / name
        if not path.is_file():
            raise ProvisionError(f"no program {name} in {checkout}; see the application's `test_command`")
        return str(path)
    found = shutil.which(name, path=env.get("PATH"))
    if found is None:
        remedy = node.REMEDY if PurePath(name).name in node.PROGRAMS else "install it, or change `test_command`"
        raise ProvisionError(f"no program {name!r} on PATH; {remedy}")
    return found
