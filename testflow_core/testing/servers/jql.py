"""The part of JQL that the fake of Jira understands: clauses joined by AND, and an order."""

from __future__ import annotations

import operator
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DAY = 86_400
_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<symbol>!=|>=|<=|[=<>~(),])|(?P<word>[^\s=<>!~(),"]+))')
_UNITS = {"d": DAY, "w": 7 * DAY, "h": 3600, "m": 60}
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
FIELDS = ("project", "labels", "status", "statusCategory", "issuetype", "summary", "created", "updated", "key")
_MOMENTS = ("created", "updated")

Clause: TypeAlias = tuple[str, str, tuple[str, ...]]
"""A field, an operator, and the values it is compared with."""


class JqlError(Exception):
    """What the query cannot mean."""


class Query:
    """A query that was read: `clauses` that all hold, and the `order` as a field and whether it goes down."""

    def __init__(self, text: str) -> None:
        where, _, order = re.sub(r"(?i)\border\s+by\b", "\0", text).partition("\0")
        self._tokens = _tokens(where)
        self.clauses: list[Clause] = []
        while self._tokens:
            if self.clauses and self._next().lower() != "and":
                raise JqlError("Error in the JQL Query: Expecting either 'OR' or 'AND' but got another word.")
            self.clauses.append(self._clause())
        words = order.split()
        self.order = (words[0], words[1:] == ["DESC"] or words[1:] == ["desc"]) if words else ("created", True)

    def fits(self, values: Mapping[str, Any], now: float) -> bool:
        """Whether all clauses hold of an issue with these values by field; moments are seconds since the epoch."""
        return all(_holds(values[field], how, wanted, field, now) for field, how, wanted in self.clauses)

    def _next(self) -> str:
        if not self._tokens:
            raise JqlError("Error in the JQL Query: The query ends unexpectedly.")
        return self._tokens.pop(0)

    def _clause(self) -> Clause:
        said, how = self._next(), self._next()
        field = next((each for each in FIELDS if each.lower() == said.lower()), None)
        if field is None:
            raise JqlError(f"Field '{said}' does not exist or you do not have permission to view it.")
        if how.lower() == "not":
            how = f"not {self._next()}"
        if how.lower() in {"in", "not in"}:
            return field, how.lower(), self._listed()
        if how not in {*_COMPARED, "~"}:
            raise JqlError(f"Error in the JQL Query: Expecting operator but got '{how}'.")
        return field, how, (_unquoted(self._next()),)

    def _listed(self) -> tuple[str, ...]:
        values: list[str] = []
        if self._next() != "(":
            raise JqlError("Error in the JQL Query: Expecting '(' before a list of values.")
        while (word := self._next()) != ")":
            values += [] if word == "," else [_unquoted(word)]
        return tuple(values)


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise JqlError(f"Error in the JQL Query: The character '{text[place]}' is a reserved JQL character.")
        found.append(token[0].strip())
        place = token.end()
    return found


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word


def _holds(value: Any, how: str, wanted: Sequence[str], field: str, now: float) -> bool:
    if field in _MOMENTS:
        return _COMPARED[how](value, _moment(wanted[0], now))
    values = {each.lower() for each in (cast("list[str]", value) if isinstance(value, list) else [cast("str", value)])}
    asked = {each.lower() for each in wanted}
    if how == "~":
        return all(any(each in whole for whole in values) for each in asked)
    return bool(values & asked) != (how in {"!=", "not in"})


def _moment(text: str, now: float) -> float:
    relative = re.fullmatch(r"(-?\d+)([dwhm])", text)
    if relative:
        return now + int(relative[1]) * _UNITS[relative[2]]
    try:
        return datetime.fromisoformat(text.replace("/", "-") + "+00:00").timestamp()
    except ValueError:
        raise JqlError(f"Date value '{text}' is invalid. Valid formats include: 'yyyy-MM-dd', '-5d'.") from None
