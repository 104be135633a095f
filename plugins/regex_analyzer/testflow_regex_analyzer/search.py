"""Texts searched for patterns in a process of its own, which can be stopped."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, cast

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_PROGRAM = Path(__file__).with_name("searching.py")


class SearchStoppedError(Exception):
    """The searching process is gone; the message says why."""


@frozen(kw_only=True)
class Match:
    """Where the first match is: in which text of which group, by which pattern, from where to where."""

    group: int
    pattern: int
    text: int
    start: int
    end: int


@frozen(kw_only=True)
class Answer:
    """What a search found, and the patterns (by index) that were given up because they took too long."""

    match: Match | None
    given_up: tuple[int, ...]


@frozen(kw_only=True)
class Search:
    """A search that is ready for texts: its process, the lines it answers (`""` once it has ended), its limit."""

    process: subprocess.Popen[str]
    answers: queue.Queue[str]
    limit: timedelta

    def first_match(self, groups: Sequence[Sequence[str]]) -> Answer:
        """
        The first pattern that matches any text of the first group in which a pattern matches.

        SearchStoppedError where there is no answer within the limit; the search cannot be used then.
        """
        try:
            print(json.dumps(groups), file=self.process.stdin, flush=True)
            line = self.answers.get(timeout=self.limit.total_seconds())
        except queue.Empty:
            raise SearchStoppedError(f"searching took more than {self.limit.total_seconds():g} s") from None
        except OSError as error:
            raise SearchStoppedError(f"the searching process ended: {error}") from error
        if not line:
            raise SearchStoppedError("the searching process ended")
        answer = json.loads(line)
        found = cast("list[int] | None", answer["found"])
        names = ("group", "pattern", "text", "start", "end")
        match = Match(**dict(zip(names, found, strict=True))) if found else None
        return Answer(match=match, given_up=tuple(answer["given_up"]))


@contextmanager
def search_for(
    patterns: Sequence[re.Pattern[str]], *, pattern_timeout: timedelta, limit: timedelta
) -> Generator[Search, None, None]:
    """
    A search for these patterns, the preferred one first.

    A pattern that takes more processor time than `pattern_timeout` is given up; `limit` bounds the wait for one answer.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", str(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    answers: queue.Queue[str] = queue.Queue()
    reader = Thread(target=_pass_on, args=(process.stdout, answers), daemon=True)
    reader.start()
    try:
        written = [(pattern.pattern, pattern.flags & ~re.DEBUG) for pattern in patterns]
        print(json.dumps([written, pattern_timeout.total_seconds()]), file=process.stdin, flush=True)
        yield Search(process=process, answers=answers, limit=limit)
    finally:
        process.kill()
        process.wait()
        reader.join()
        _close(process.stdin)
        _close(process.stdout)


def _pass_on(lines: IO[str], answers: queue.Queue[str]) -> None:
    for line in lines:
        answers.put(line)
    answers.put("")


def _close(stream: IO[str] | None) -> None:
    try:
        if stream:
            stream.close()
    except BrokenPipeError:  # what was left to write is for nobody
        pass
