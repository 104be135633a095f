"""Runner `unittest`: an agent in the application's own interpreter forks a worker for every session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.builtin.runners.agent_process import SharedAgents
from testflow_core.builtin.runners.agent_recovery import noted
from testflow_core.builtin.runners.agent_session import agent_session
from testflow_core.builtin.runners.agent_words import AgentTroubleError
from testflow_core.builtin.runners.discovery import files_below
from testflow_core.builtin.runners.interpreters import interpreter_conditions
from testflow_core.builtin.runners.unittest_command import Discovery, UnittestCommand, unittest_command, unittest_words
from testflow_core.builtin.runners.unittest_files import unittest_files
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
class UnittestRunner(Runner):
    """
    Runs the standard library's unittest in Python 3.8 or later, the application's own; nothing is installed there.

    Tests find what earlier steps hand over in the JSON file TESTFLOW_INPUTS, test data in the JSON file TESTFLOW_DATA,
    and may write a JSON object to TESTFLOW_OUTPUTS.
    """

    _agents: SharedAgents = field(factory=lambda: SharedAgents(unittest_words), init=False, repr=False, eq=False)

    def discover(self, application: Application, paths: Sequence[str]) -> Iterable[TestCase]:
        """The files that the application's command would load; none where the checkout is not there."""
        if application.path is None:
            return
        try:
            command = unittest_command(application.test_command)
        except (AgentTroubleError, UnknownReferenceError):
            # The session tells of it.
            command = UnittestCommand(discovery=Discovery())
        if application.test_files is None:
            found = unittest_files(application.path, command, paths)
        else:
            found = files_below(application.path, paths, matching(application.test_files))
        for file, name in found:
            yield TestCase(application=application.name, file=file, name=name)

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
