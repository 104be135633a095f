"""What a test command that runs `python -m unittest` says: where tests are, and how they run."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn

from attrs import frozen

from testflow_core.builtin.runners.agent_words import (
    PATH_REFERENCE,
    AgentTroubleError,
    AgentWords,
    interpreter_options,
    without_path,
)
from testflow_core.errors import UnknownReferenceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.model import Json

MODULE = "unittest"
DISCOVER = "discover"
PATTERN = "test*.py"


@frozen(kw_only=True)
class Discovery:
    """`python -m unittest discover`: below `start`, of modules that are imported from `top`, else from there."""

    start: str = "."
    pattern: str = PATTERN
    top: str | None = None


@frozen(kw_only=True)
class UnittestCommand:
    """`names` are the files, modules, classes and tests that it names; `discovery` is None where it takes such."""

    names: tuple[str, ...] = ()
    discovery: Discovery | None = None
    patterns: tuple[str, ...] = ()
    failfast: bool = False
    locals: bool = False


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise AgentTroubleError(message)


def unittest_words(command: Sequence[str]) -> AgentWords:
    """
    The words of `python -m unittest {test_path}`, `python -m unittest discover ...` or the same behind a launcher.

    AgentTroubleError where unittest knows no such option, UnknownReferenceError where the command does not run it, and
    for references other than `{test_path}`.
    """
    read = unittest_command(command)
    found = read.discovery
    discovery: Json = {"start": found.start, "pattern": found.pattern, "top": found.top} if found else None
    return AgentWords(
        framework=MODULE,
        interpreter_options=interpreter_options(command, _at(command)) if command else (),
        session={
            "discovery": discovery,
            "patterns": read.patterns,
            "failfast": read.failfast,
            "locals": read.locals,
            "words": without_path(command[_at(command) + 1 :]) if command else (),
        },
    )


def unittest_command(command: Sequence[str]) -> UnittestCommand:
    """What the command says; raises what `unittest_words` raises."""
    if not command:
        return UnittestCommand(discovery=Discovery())
    given = command[_at(command) + 1 :]
    words = without_path(given)
    discovers = bool(words) and words[0].lower() == DISCOVER
    space = Namespace(start=".", pattern=PATTERN, top=None)
    try:
        said = _parser(discovers=discovers).parse_args(words[1:] if discovers else words, space)
    except AgentTroubleError as error:
        raise AgentTroubleError(f"the test command {' '.join(command)!r} cannot be read: {error}") from None
    names = () if discovers else tuple(said.tests)
    takes_files = not discovers and (bool(names) or PATH_REFERENCE in given)
    return UnittestCommand(
        names=names,
        discovery=None if takes_files else Discovery(start=said.start, pattern=said.pattern, top=said.top),
        patterns=tuple(said.patterns or ()),
        failfast=said.failfast,
        locals=said.locals,
    )


def _at(command: Sequence[str]) -> int:
    """Where `unittest` stands behind its `-m`."""
    for index, pair in enumerate(pairwise(command), start=1):
        if pair == ("-m", MODULE):
            return index
    raise UnknownReferenceError(f"the test command {' '.join(command)!r} does not run `-m {MODULE}`")


@lru_cache
def _parser(*, discovers: bool) -> ArgumentParser:
    """What unittest itself takes; options that only change what it prints are known, and nothing comes of them."""
    parser = _Parser(prog=MODULE, add_help=False)
    for options in (("-v", "--verbose"), ("-q", "--quiet"), ("-c", "--catch"), ("-b", "--buffer")):
        parser.add_argument(*options, action="store_true")
    parser.add_argument("--durations", type=int)
    parser.add_argument("--locals", action="store_true")
    parser.add_argument("-f", "--failfast", action="store_true")
    parser.add_argument("-k", dest="patterns", action="append", type=_pattern)
    if not discovers:
        parser.add_argument("tests", nargs="*")
        return parser
    for options in (("-s", "--start-directory"), ("-p", "--pattern"), ("-t", "--top-level-directory")):
        parser.add_argument(*options, dest=options[1].strip("-").partition("-")[0])
    for name in ("start", "pattern", "top"):
        parser.add_argument(name, nargs="?", default=SUPPRESS)
    return parser


def _pattern(word: str) -> str:
    return word if "*" in word else f"*{word}*"
