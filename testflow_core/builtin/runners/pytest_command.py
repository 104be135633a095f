"""What a test command that runs pytest says: options of the interpreter, and words for pytest."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import UnknownReferenceError
from testflow_core.references import names, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAMS = {"pytest", "py.test"}
PATH_REFERENCE = "{test_path}"


@frozen(kw_only=True)
class PytestWords:
    """`path_first`: whether the checkout leads `sys.path`, as `python -m pytest` has it."""

    arguments: tuple[str, ...] = ()
    interpreter_options: tuple[str, ...] = ()
    path_first: bool = False


def pytest_words(command: Sequence[str]) -> PytestWords:
    """
    The words of `pytest -q {test_path}`, `python -m pytest ...` or the same behind a launcher (`uv run pytest`).

    Files are put in by the runner, so `{test_path}` falls away; UnknownReferenceError for any other reference, and
    where pytest is not in the command.
    """
    if not command:
        return PytestWords()
    at = next((index for index, word in enumerate(command) if PurePath(word).name in PROGRAMS), None)
    if at is None:
        raise UnknownReferenceError(f"the test command {' '.join(command)!r} does not run pytest")
    arguments: list[str] = []
    for word in command[at + 1 :]:
        if word == PATH_REFERENCE:
            continue
        if "test_path" in names(word):
            raise UnknownReferenceError(f"{word!r} in the test command: {PATH_REFERENCE} must be a word of its own")
        arguments.append(resolve(word, {}))
    as_module = at > 0 and command[at - 1] == "-m"
    by_python = as_module and PurePath(command[0]).name.startswith("python")
    return PytestWords(
        arguments=tuple(arguments),
        interpreter_options=tuple(command[1 : at - 1]) if by_python else (),
        path_first=as_module,
    )
