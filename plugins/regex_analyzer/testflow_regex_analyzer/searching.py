"""
Program that searches texts for patterns, so that a pattern that never ends can be stopped; standard library only.

Standard input has one JSON value a line: first the patterns, `[[pattern, flags], ...]`, in order of preference, and the
seconds of processor time that one pattern may take for one failure; then for each failure the groups of its texts, the
best first, `[[text, ...], ...]`. To each failure it answers one line, `{"found": [group, pattern, text, start, end],
"given_up": [pattern, ...]}`, `found` being null where nothing matches: the first pattern that matches any text of the
best group that has a match. A pattern that took too long once is given up for all failures that follow.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence


class _TooSlowError(Exception):
    pass


def main() -> None:
    """Answer standard input line by line until it ends."""
    signal.signal(signal.SIGVTALRM, _stop)
    written, seconds = json.loads(sys.stdin.readline())
    patterns = [re.compile(pattern, flags) for pattern, flags in written]
    given_up: list[int] = []
    for line in sys.stdin:
        found = _first_match(json.loads(line), patterns, given_up, seconds)
        sys.stdout.write(json.dumps({"found": found, "given_up": given_up}) + "\n")
        sys.stdout.flush()


def _first_match(
    groups: Sequence[Sequence[str]], patterns: Sequence[re.Pattern[str]], given_up: list[int], seconds: float
) -> tuple[int, int, int, int, int] | None:
    for group, texts in enumerate(groups):
        for number, pattern in enumerate(patterns):
            if number in given_up:
                continue
            try:
                signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
                for text, content in enumerate(texts):
                    match = pattern.search(content)
                    if match:
                        return group, number, text, *match.span()
            except _TooSlowError:
                given_up.append(number)
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


def _stop(*_: object) -> NoReturn:
    raise _TooSlowError


if __name__ == "__main__":
    main()
