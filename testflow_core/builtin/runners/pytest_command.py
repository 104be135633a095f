"""What a test command that runs pytest says: options of the interpreter, and words for pytest."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from testflow_core.builtin.runners.agent_words import AgentWords, interpreter_options, without_path
from testflow_core.errors import UnknownReferenceError

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAMS = {"pytest", "py.test"}


def pytest_words(command: Sequence[str]) -> AgentWords:
    """
    The words of `pytest -q {test_path}`, `python -m pytest ...` or the same behind a launcher (`uv run pytest`).

    Under `python -m pytest` the checkout leads `sys.path`. UnknownReferenceError where pytest is not in the command,
    and for references other than `{test_path}`.
    """
    command = command or ("pytest",)
    at = next((index for index, word in enumerate(command) if PurePath(word).name in PROGRAMS), None)
    if at is None:
        raise UnknownReferenceError(f"the test command {' '.join(command)!r} does not run pytest")
    arguments = without_path(command[at + 1 :])
    as_module = at > 0 and command[at - 1] == "-m"
    return AgentWords(
        framework="pytest",
        arguments=arguments,
        interpreter_options=interpreter_options(command, at) if as_module else (),
        session={"arguments": arguments, "path_first": as_module},
    )
