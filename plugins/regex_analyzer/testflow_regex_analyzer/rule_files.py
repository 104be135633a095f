"""Rule files: TOML, every mistake at once, each with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from testflow_core.errors import Problem, SpecError
from testflow_regex_analyzer.rule import Pack, Rule, Strength

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SIZE_LIMIT = 4 * 1024 * 1024
"""Bytes of one rule file."""

_TEXTS = ("id", "category", "strength", "raised_in", "advice", "owner", "tracker")
_LISTS = ("raises", "codes", "says", "unless", "match", "no_match")
_KNOWN = (*_TEXTS, *_LISTS, "logs")
_CATEGORY = re.compile(r"[\w.-]+(?:/[\w.-]+)?")
_CODE = re.compile(r"errno:E[A-Z0-9_]+|status:[1-5](?:\d\d|xx)|signal:SIG[A-Z]+|exit:-?\d+")
_HEADER = re.compile(r"^[ \t]*\[\[\s*rules\s*\]\]", re.MULTILINE)


def rule_file(path: Path) -> Pack:
    """The rules of a file. SpecError with every mistake, each as `file:line` with what is wrong and what is known."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError([Problem(str(path), f"the rule file cannot be read: {error.strerror}")]) from error
    if len(content) > SIZE_LIMIT:
        raise SpecError([Problem(str(path), f"has {len(content):,} bytes; a rule file has at most {SIZE_LIMIT:,}")])
    return rules_in(content.decode("utf-8", errors="replace"), str(path))


def rules_in(text: str, name: str) -> Pack:
    """The rules in the text of a rule file that is called `name`. SpecError as `rule_file`."""
    try:
        mapping = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError([Problem(name, f"is no TOML: {error}")]) from error
    problems: list[Problem] = []
    problems += [Problem(name, f"unknown key {key!r} (known: version, rules)") for key in mapping.keys() - _TOP]
    declared = mapping.get("rules", [])
    if not isinstance(declared, list):
        raise SpecError([*problems, Problem(name, "rules: must be tables, each under [[rules]]")])
    lines = [text.count("\n", 0, match.start()) + 1 for match in _HEADER.finditer(text)]
    rules: list[Rule] = []
    for at, table in enumerate(cast("list[object]", declared)):
        where = _Place(name=name, text=text.split("\n"), line=lines[at] if at < len(lines) else 1)
        rules += _rule(table, where, problems)
    problems += _repeated(rules, name)
    if problems:
        raise SpecError(problems)
    return Pack(version=str(mapping.get("version", "")), rules=tuple(rules))


_TOP = {"version", "rules"}


class _Place:
    """Where a rule stands: its file, and the line of each of its keys."""

    def __init__(self, *, name: str, text: Sequence[str], line: int) -> None:
        self.name, self._text, self._line = name, text, line

    def of(self, key: str) -> str:
        """`file:line` of a key of the rule; of the rule where the key is not there."""
        for at in range(self._line, len(self._text)):
            line = self._text[at].strip()
            if line.startswith("[["):
                break
            if re.match(rf"{re.escape(key)}\s*=", line):
                return f"{self.name}:{at + 1}"
        return f"{self.name}:{self._line}"


def _rule(table: object, where: _Place, problems: list[Problem]) -> Iterator[Rule]:
    if not isinstance(table, Mapping):
        problems.append(Problem(where.of(""), "a rule is a table, under [[rules]]"))
        return
    given = cast("Mapping[str, object]", table)
    before = len(problems)
    problems += [
        Problem(where.of(key), f"unknown key {key!r} (known: {', '.join(sorted(_KNOWN))})")
        for key in given
        if key not in _KNOWN
    ]
    problems += _of_the_wrong_type(given, where)
    if len(problems) > before:
        return
    texts = {key: cast("str", given[key]) for key in _TEXTS if key in given}
    lists = {key: tuple(cast("list[str]", given[key])) for key in _LISTS if key in given}
    problems += _mistakes(texts, lists, where)
    says, unless = (_compiled(lists.get(key, ()), key, where, problems) for key in ("says", "unless"))
    raised_in = _compiled((texts["raised_in"],), "raised_in", where, problems) if "raised_in" in texts else ()
    if len(problems) > before:
        return
    yield Rule(
        id=texts["id"],
        category=texts["category"],
        strength=Strength(texts.get("strength", Strength.CAUSE)),
        raises=lists.get("raises", ()),
        codes=lists.get("codes", ()),
        raised_in=raised_in[0] if raised_in else None,
        says=says,
        unless=unless,
        logs=bool(given.get("logs", False)),
        advice=texts.get("advice", ""),
        owner=texts.get("owner", ""),
        tracker=texts.get("tracker", ""),
        match=lists.get("match", ()),
        no_match=lists.get("no_match", ()),
    )


def _of_the_wrong_type(given: Mapping[str, object], where: _Place) -> Iterator[Problem]:
    for key in _TEXTS:
        if key in given and not isinstance(given[key], str):
            yield Problem(where.of(key), f"{key}: must be a text, is {given[key]!r}")
    for key in _LISTS:
        value = given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in cast("list[object]", value)):
            yield Problem(where.of(key), f"{key}: must be a list of texts, is {value!r}")
    if not isinstance(given.get("logs", False), bool):
        yield Problem(where.of("logs"), f"logs: must be true or false, is {given['logs']!r}")
    for key in ("id", "category"):
        if key not in given:
            yield Problem(where.of(key), f"{key}: is missing")


def _mistakes(texts: Mapping[str, str], lists: Mapping[str, tuple[str, ...]], where: _Place) -> Iterator[Problem]:
    if not _CATEGORY.fullmatch(texts["category"]):
        yield Problem(where.of("category"), f"category: {texts['category']!r} is neither `first` nor `first/second`")
    if texts.get("strength", "cause") not in set(Strength):
        known = ", ".join(Strength)
        yield Problem(where.of("strength"), f"strength: {texts['strength']!r} is none (known: {known})")
    for code in lists.get("codes", ()):
        if not _CODE.fullmatch(code):
            kinds = "errno:ECONNREFUSED, status:503, status:5xx, signal:SIGSEGV, exit:127"
            yield Problem(where.of("codes"), f"codes: {code!r} is none (they look like {kinds})")
    if not any(lists.get(key) for key in ("raises", "codes", "says")):
        yield Problem(where.of("id"), f"the rule {texts['id']!r} asks for nothing: give raises, codes or says")


def _compiled(patterns: Sequence[str], key: str, where: _Place, problems: list[Problem]) -> tuple[re.Pattern[str], ...]:
    made: list[re.Pattern[str]] = []
    for at, pattern in enumerate(patterns):
        path = f"{key}[{at}]"
        try:
            made.append(re.compile(pattern, re.ASCII | re.MULTILINE))
        except re.error as error:
            problems.append(Problem(where.of(key), f"{path}: {pattern!r} is no regular expression: {error}"))
            continue
        if key != "raised_in" and re.search(r"(?<!\\)[A-Z]", re.sub(r"\\.|\(\?P<\w+>", "", pattern)):
            problems.append(
                Problem(where.of(key), f"{path}: {pattern!r} has capitals; texts are searched in small letters")
            )
        if re.match(r"\^?\.[*+]", pattern):
            problems.append(
                Problem(where.of(key), f"{path}: {pattern!r} begins with `.*`, which is slow and changes nothing")
            )
    return tuple(made)


def _repeated(rules: Sequence[Rule], name: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            yield Problem(name, f"the rule {rule.id!r} is declared twice; ids are unique")
        seen.add(rule.id)
