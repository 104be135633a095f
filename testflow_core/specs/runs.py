"""What is said of runs: which part of one, what it is called, whose failures do not fail it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, cast

from testflow_core.errors import Problem, SpecError
from testflow_core.model import SAFE_RUN_ID, Quarantine, Shard

if TYPE_CHECKING:
    from collections.abc import Sequence

PAIR = 2

_NUMBER = re.compile("[0-9]{1,6}")


def quarantine(test: object, *, until: object, reason: object, path: str, since: float = 0.0) -> Quarantine:
    """A quarantine: `until` is a day (`2026-12-24`, to its end in UTC), or a moment with its time zone."""
    problems: list[Problem] = []
    if not isinstance(test, str) or "::" not in test or not all(test.split("::", 2)):
        problems.append(
            Problem(f"{path}.test", f"expected `application::file` or `application::file::name`, got {test!r}")
        )
    if not isinstance(reason, str):
        problems.append(Problem(f"{path}.reason", f"expected text, got {reason!r}"))
    moment = _moment(until)
    if moment is None:
        said = f'expected a day such as "2026-12-24", or a moment with its time zone, got {until!r}'
        problems.append(Problem(f"{path}.until", f"{said}; a quarantine must end"))
    if problems or moment is None:
        raise SpecError(problems)
    return Quarantine(test=str(test), until=moment, since=since, reason=" ".join(str(reason).split()))


def _moment(until: object) -> float | None:
    """Seconds since the epoch; a day lasts to its end, in UTC."""
    if isinstance(until, str):
        try:
            day = len(until) == len("2026-12-24")
            until = date.fromisoformat(until) if day else datetime.fromisoformat(until)
        except ValueError:
            return None
    if isinstance(until, datetime):
        return None if until.tzinfo is None else until.timestamp()
    if isinstance(until, date):
        return datetime.combine(until, time.max, tzinfo=UTC).timestamp()
    return None


def shard(value: object, where: str) -> Shard | None:
    """Which part of a run, `"2/4"` or the two numbers, None for all of it; `where` it was said."""
    if value is None:
        return None
    parts = value.split("/") if isinstance(value, str) else value
    if isinstance(parts, (list, tuple)):
        given = cast("Sequence[object]", parts)
        numbers = [each for each in given if not isinstance(each, bool) and _NUMBER.fullmatch(str(each).strip())]
        if len(given) == len(numbers) == PAIR:
            number, of = (int(str(each)) for each in numbers)
            if 1 <= number <= of:
                return Shard(number=number, of=of)
    raise SpecError([Problem(where, f'expected a shard, from "1/4" to "4/4", got {value!r}')])


def run_id(value: object, where: str) -> str | None:
    """What a run is called, None where nobody says; `where` it was said."""
    if value is None or (isinstance(value, str) and SAFE_RUN_ID.fullmatch(value)):
        return value
    said = f"expected letters, digits, `.`, `_`, `-`, at most 128, the first a letter or digit, got {value!r}"
    raise SpecError([Problem(where, said)])
