"""How long environments outlive their runs, as scripts and environment variables say it."""

from __future__ import annotations

from datetime import timedelta

from testflow_core.errors import Problem, SpecError
from testflow_core.model import Keeping
from testflow_core.model.keeping import IDLE_LIMIT
from testflow_core.specs.scalars import duration

REUSE = timedelta(minutes=10)
ON_FAILURE = timedelta(hours=1)

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"", "0", "false", "no", "off"})


def keeping(reuse: object, on_failure: object, limit: str = "") -> Keeping:
    """
    What `reuse` and `keep_on_failure` say: yes, no, or how long; and how many may wait at a time.

    SpecError with everything that is wrong.
    """
    problems: list[Problem] = []
    found = [
        _told(name, value, usual, problems)
        for name, value, usual in (("reuse", reuse, REUSE), ("keep_on_failure", on_failure, ON_FAILURE))
    ]
    if limit and not limit.isdecimal():
        problems.append(Problem("TESTFLOW_REUSE_LIMIT", f"expected a whole number of 0 or more, got {limit!r}"))
    if problems:
        raise SpecError(problems)
    return Keeping(reuse=found[0], on_failure=found[1], limit=int(limit or IDLE_LIMIT))


def _told(name: str, value: object, usual: timedelta, problems: list[Problem]) -> timedelta | None:
    word = value.strip().lower() if isinstance(value, str) else value
    if word is None or word is False or word in _NO:
        return None
    if word is True or word in _YES:
        return usual
    try:
        return duration(value)
    except ValueError as error:
        problems.append(Problem(f"Engine({name}=...)", f"{error}; or say True or False"))
        return None
