"""What a test command says to the agent that runs it, whatever its framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import TypeAlias

from attrs import frozen

from testflow_core.errors import TestflowError, UnknownReferenceError
from testflow_core.model import Json
from testflow_core.references import names, resolve

PATH_REFERENCE = "{test_path}"


class AgentTroubleError(TestflowError):
    """The agent cannot run tests, or is lost; the message is what its tests are told."""


@frozen(kw_only=True)
class AgentWords:
    """`arguments` are for the agent itself; `session` is what its workers are told with every order."""

    framework: str
    session: Mapping[str, Json]
    arguments: tuple[str, ...] = ()
    interpreter_options: tuple[str, ...] = ()


Reading: TypeAlias = Callable[[Sequence[str]], AgentWords]
"""How a command is read; AgentTroubleError or UnknownReferenceError where it cannot be."""


def without_path(words: Sequence[str]) -> tuple[str, ...]:
    """
    The words less `{test_path}`, since the runner puts the files in by itself.

    UnknownReferenceError for any other reference, and where that one is no word of its own.
    """
    kept: list[str] = []
    for word in words:
        if word == PATH_REFERENCE:
            continue
        if "test_path" in names(word):
            raise UnknownReferenceError(f"{word!r} in the test command: {PATH_REFERENCE} must be a word of its own")
        kept.append(resolve(word, {}))
    return tuple(kept)


def interpreter_options(command: Sequence[str], module_at: int) -> tuple[str, ...]:
    """What stands between `python` and the `-m` before the module's name; nothing where a launcher comes first."""
    return tuple(command[1 : module_at - 1]) if PurePath(command[0]).name.startswith("python") else ()
