"""Runner `pytest`: an agent in the application's own interpreter forks a worker for every session."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.builtin.runners.agent_process import SharedAgents
from testflow_core.builtin.runners.agent_recovery import noted
from testflow_core.builtin.runners.agent_session import agent_session
from testflow_core.builtin.runners.discovery import files_below
from testflow_core.builtin.runners.interpreters import interpreter_conditions
from testflow_core.builtin.runners.pytest_command import pytest_words
from testflow_core.builtin.runners.pytest_settings import pytest_settings
from testflow_core.errors import UnknownReferenceError
from testflow_core.globs import matching
from testflow_core.interfaces import Runner
from testflow_core.model import TestCase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from testflow_core.interfaces import RunnerSession
    from testflow_core.model import Application, Bench, Outcome


@frozen(kw_only=True)
class PytestRunner(Runner):
    """
    Runs pytest 7 or later in Python 3.8 or later, the application's own; nothing needs to be installed there.

    What a test function returns is its outcome's values. Tests may ask for the fixtures `testflow_inputs` (what earlier
    steps hand over), one for each of its keys, and `testflow_data`; and may write a JSON object to TESTFLOW_OUTPUTS.
    """

    _agents: SharedAgents = field(factory=lambda: SharedAgents(pytest_words), init=False, repr=False, eq=False)

    def discover(self, application: Application, paths: Sequence[str]) -> Iterable[TestCase]:
        """The files that pytest would collect by their names, or by examples in them; none without a checkout."""
        if application.path is None:
            return
        root = application.path
        settings = pytest_settings(root, _arguments(application.test_command))
        where = paths or [
            path.relative_to(root).as_posix()
            for pattern in settings.testpaths
            for path in sorted(root.glob(pattern.rstrip("/")))
        ]
        by_pytest = partial(settings.wants, root)
        wanted = by_pytest if application.test_files is None else matching(application.test_files)
        for file, name in files_below(root, where, wanted):
            yield TestCase(application=application.name, file=file, name=name)

    def whole(self, application: Application) -> str:
        """The option of the command or the configuration that needs all of a suite in one session of pytest."""
        if application.path is None:
            return ""
        return pytest_settings(application.path, _arguments(application.test_command)).whole

    def conditions(self, application: Application) -> str:
        """The application's own interpreter, or ours, with its packages."""
        return interpreter_conditions(application)

    def divides(self, application: Application) -> bool:  # noqa: ARG002 - the contract's
        """Always: a worker makes the file's fixtures for the tests that it is given."""
        return True

    def ready(self, application: Application) -> AbstractContextManager[None]:
        """The agent, which imports the framework meanwhile."""
        return self._agents.ready(application)

    def recovered(self, bench: Bench) -> Iterable[Outcome]:
        """What the workers had noted in the spool of a run that was cut off."""
        return noted(bench.spool) if bench.spool is not None else ()

    def session(self, bench: Bench) -> AbstractContextManager[RunnerSession]:
        """A session at the agent of the bench."""
        return agent_session(self._agents, bench)


def _arguments(command: Sequence[str]) -> Sequence[str]:
    """The words for pytest; none where the session will tell that the command cannot be read."""
    try:
        return pytest_words(command).arguments
    except UnknownReferenceError:
        return ()
