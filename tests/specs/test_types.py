"""No value of a declaration is turned into another: it is of the type that is asked for, or a mistake with its path."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from attrs import field, frozen

from testflow_core import specs
from testflow_core.errors import SpecError

FOREVER, NAN = "99999999999999999h", float("nan")

Mistakes: TypeAlias = Callable[[Callable[[], object]], dict[str, str]]
Declared: TypeAlias = tuple[Callable[[object], object], str, dict[str, Any]]
Whole: TypeAlias = Callable[[str], Declared]

WRONG: dict[str, list[object]] = {
    "text": [5, 1.5, True, b"text", ["text"], {"text": "text"}, None],
    "name or names": [5, 1.5, True, b"text", [], [5], "", [""], ["a", "a"], {"text": "text"}, None],
    "type of a field": [5, 1.5, True, b"text", ["text"], None],
    "optional text": [5, 1.5, True, b"text", ["text"], {"text": "text"}],
    "boolean": ["no", "True", "", 0, 1, None, []],
    "optional boolean": ["no", "True", "", 0, 1, []],
    "boolean or name": ["", " ", 0, 1, None, []],
    "whole number": ["3", True, 1.5, 3.0, None, [3], -1],
    "optional whole number": ["3", True, 1.5, 3.0, [3], -1, 0],
    "optional duration": ["fast", "5", "-5s", 0, True, [5], FOREVER],
    "optional number": ["3", True, [3], 0, -1.5],
    "count": ["3", True, 1.5, None, [3], -1, 0],
    "resources": ["chrome", 5, True, ["chrome"], [("chrome", 1)], None],
    "isolation": [5, True, ["test"], [("scope", "test")]],
    "scope": ["tests", "", 5, True, None],
    "way": ["db", "", 5, True, None],
    "duration": [
        "fast",
        "5",
        "",
        "5 w",
        "-5s",
        "0s",
        0,
        -1,
        True,
        None,
        [5],
        timedelta(0),
        float("nan"),
        1e300,
        FOREVER,
    ],
    "command": [5, True, None, "", "  ", "'unclosed", [], {"pytest": "x"}, b"pytest"],
    "path": [5, True, "", "a\0b", b"path", ["path"]],
    "pattern": ["(", "[", "*", "a{99999999999999}", 5, None, ["x"], re.compile(b"x")],
    "list": ["text", 5, True, {"a": "b"}, {"a"}, range(2), None],
    "optional list": ["text", 5, True, {"a": "b"}, {"a"}, range(2)],
    "mapping": ["text", 5, True, ["a"], [("a", "b")], None],
    "optional mapping": ["text", 5, True, [("a", "b")]],
    "json": [b"bytes", object(), {1, 2}, float("nan"), float("inf"), timedelta(1), Path("x")],
    "port inside": ["0", "65536", "-1", "http", "8080.0", "", " 80", "٨٠", "9" * 5000, 0, 65_536, True, 80.0, None],
    "port outside": [-1, 65_536, "8080", True, 80.0, None],
    "key": [5, None, True, b"key"],
    "word": [5, None, True, b"word", ["word"], "a\0b"],
}

TERMS = {
    "kind": "text",
    "attempts": "whole number",
    "repeat": "optional whole number",
    "max_duration": "optional duration",
    "max_slowdown": "optional number",
    "resources": "resources",
    "resources.chrome": "count",
    "idempotent": "boolean",
    "environment": "boolean or name",
    "isolation": "isolation",
    "isolation.scope": "scope",
    "isolation.by": "way",
    "data": "boolean",
    "owner": "text",
}

FIELDS: dict[str, dict[str, str]] = {
    "application": {
        "repository": "optional text",
        "path": "path",
        "test_command": "command",
        "changed_files": "optional list",
        "changed_files[0]": "text",
        "base": "optional text",
        "depends_on": "list",
        "depends_on[0]": "text",
        "python": "optional text",
        "start.command": "command",
        "start.env": "mapping",
        "start.env.MODE": "text",
        "start.readiness": "mapping",
        "start.readiness.http": "optional text",
        "start.readiness.log": "optional text",
        "start.readiness.exec[0]": "word",
        "start.readiness.timeout": "duration",
        "test_files": "optional list",
        "test_files[0]": "text",
        "interface": "optional list",
        "interface[0]": "text",
        "artifacts": "list",
        "artifacts[0]": "text",
    },
    "service": {
        "type": "text",
        "version": "optional text",
        "image": "optional text",
        "command[1]": "word",
        "ports": "mapping",
        "ports.5432": "port outside",
        "env": "mapping",
        "env.LANG": "text",
        "depends_on": "list",
        "depends_on[0]": "text",
        "readiness": "optional mapping",
        "readiness.timeout": "duration",
        "config": "mapping",
        "config.schemas[0]": "json",
        "config.limits.connections": "json",
    },
    "entity": {"count": "whole number", "schema": "mapping", "schema.id": "type of a field"},
    "selection": {
        "strategy": "name or names",
        "test_paths": "list",
        "test_paths[0]": "text",
        "mapping_rules": "list",
        "mapping_rules[0]": "mapping",
        "mapping_rules[0].source_pattern": "pattern",
        "mapping_rules[0].test_pattern": "text",
        "record": "optional boolean",
        "options": "mapping",
        "options.depth": "json",
        "timeout": "duration",
        **TERMS,
    },
    "cross_app_test": {
        "steps": "list",
        "steps[1]": "mapping",
        "steps[1].app": "text",
        "steps[1].test": "text",
        "steps[1].name": "optional text",
        "data_flow": "mapping",
        "data_flow.token": "mapping",
        "data_flow.token.from": "text",
        "data_flow.token.to": "text",
        "timeout": "duration",
        **TERMS,
    },
    "failure_analysis": {
        "categories": "list",
        "categories[0]": "mapping",
        "categories[0].name": "text",
        "categories[0].patterns": "list",
        "categories[0].patterns[1]": "pattern",
        "routing": "mapping",
        "routing.network": "text",
        "default_team": "text",
        "new_after": "duration",
        "analyzer": "text",
        "router": "text",
        "options": "mapping",
        "options.limit": "json",
    },
}


def keys(path: str) -> list[str | int]:
    return [int(part[1:-1]) if part.startswith("[") else part for part in re.findall(r"[^.\[\]]+|\[\d+\]", path)]


def put(mapping: dict[str, object], path: str, value: object) -> None:
    """Replace what stands at a path of a mapping."""
    *above, last = keys(path)
    place: Any = mapping
    for key in above:
        place = place[key]
    place[last] = value


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, fields in FIELDS.items() for path in fields])
def test_a_value_of_another_type_is_a_mistake_at_its_path(whole: Whole, mistakes: Mistakes, kind: str, path: str):
    for value in WRONG[FIELDS[kind][path]]:
        declare, root, mapping = whole(kind)
        put(mapping, path, value)
        assert list(mistakes(lambda declare=declare, mapping=mapping: declare(mapping))) == [f"{root}.{path}"], value


@pytest.mark.parametrize("kind", FIELDS)
def test_the_table_above_misses_no_key_of_a_declaration(whole: Whole, kind: str):
    _, _, mapping = whole(kind)
    assert {str(keys(path)[0]) for path in FIELDS[kind]} == set(mapping)


@pytest.mark.parametrize("value", WRONG["port inside"], ids=repr)
def test_a_port_inside_is_a_number_or_its_digits_from_1_to_65535(mistakes: Mistakes, value: object):
    found = mistakes(lambda: specs.service("db", {"type": "postgres", "ports": {value: 0}}))
    assert list(found) == [specs.key_path("$.services.db.ports", value)]
    assert "a port from 1 to 65535" in next(iter(found.values()))


@pytest.mark.parametrize(
    ("written", "understood"),
    [
        ({"8080": 80}, {8080: 80}),
        ({8080: 80}, {8080: 80}),
        ({"1": 0, "65535": 65_535}, {1: 0, 65_535: 65_535}),
        ({9000: 1, 80: 2}, {9000: 1, 80: 2}),
        ({}, {}),
    ],
)
def test_ports_inside_may_be_text_and_keep_their_order(written: dict[object, int], understood: dict[int, int]):
    ports = specs.service("web", {"type": "docker", "ports": written}).ports
    assert list(ports.items()) == list(understood.items())


def test_the_same_port_as_text_and_as_number_is_a_mistake(mistakes: Mistakes):
    found = mistakes(lambda: specs.service("web", {"type": "docker", "ports": {"80": 1, 80: 2}}))
    assert found == {"$.services.web.ports.80": "80 is declared twice"}


@pytest.mark.parametrize("place", ["env", "config", "readiness"])
@pytest.mark.parametrize("key", WRONG["key"], ids=repr)
def test_a_key_that_is_no_text_is_a_mistake_at_its_place(mistakes: Mistakes, place: str, key: object):
    found = mistakes(lambda: specs.service("db", {"type": "postgres", place: {key: "x"}}))
    assert list(found) == [specs.key_path(f"$.services.db.{place}", key)]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (5, 5),
        (0.25, 0.25),
        ("250ms", 0.25),
        ("1.5s", 1.5),
        (" 10m ", 600),
        ("2 h", 7200),
        ("14d", 1_209_600),
        (timedelta(seconds=7), 7),
    ],
)
def test_a_duration_is_seconds_or_a_number_with_its_unit(written: object, seconds: float):
    assert specs.selection("shop", {"timeout": written}).timeout == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("pytest {test_path}", ("pytest", "{test_path}")),
        ("run 'two words' \"and 'quotes'\"", ("run", "two words", "and 'quotes'")),
        ("echo $HOME; rm -rf *", ("echo", "$HOME;", "rm", "-rf", "*")),
        (["npm", "run", "two words"], ("npm", "run", "two words")),
        (("npm", ""), ("npm", "")),
    ],
)
def test_a_command_is_text_split_into_words_or_the_words(written: object, words: tuple[str, ...]):
    assert specs.application("shop", {"test_command": written}).test_command == words
    assert (
        specs.application("shop", {"start": {"command": written}}).start
        == specs.application("shop", {"start": written}).start
    )
    assert specs.service("web", {"type": "docker", "command": written}).command == words


def test_a_quote_that_is_never_closed_is_told_as_such(mistakes: Mistakes):
    found = mistakes(lambda: specs.application("shop", {"test_command": "pytest '{test_path}"}))
    assert "cannot be split into words: No closing quotation" in found["$.applications.shop.test_command"]


def test_an_expression_that_is_none_is_told_with_what_is_wrong_with_it(mistakes: Mistakes):
    rule = {"source_pattern": "src/(.*.py", "test_pattern": "tests/"}
    found = mistakes(lambda: specs.selection("shop", {"mapping_rules": [rule]}))
    assert found["$.test_selections.shop.mapping_rules[0].source_pattern"] == (
        "'src/(.*.py' is no regular expression: missing ), unterminated subpattern at position 4"
    )


def test_failures_are_searched_whatever_the_case_and_source_paths_are_not():
    analysis = specs.failure_analysis({"categories": [{"name": "network", "patterns": ["Timeout"]}]})
    rule = {"source_pattern": "src/App.py", "test_pattern": "tests/"}
    selection = specs.selection("shop", {"mapping_rules": [rule]})
    assert analysis.categories[0].patterns[0].search("a TIMEOUT happened")
    assert not selection.mapping_rules[0].source_pattern.fullmatch("src/app.py")


@pytest.mark.parametrize(
    "json", [None, True, 3, 1.5, "text", [], [1, ["a", {"b": None}]], {"a": {"b": [True, {"c": 0}]}}], ids=repr
)
def test_options_are_whatever_json_can_say(json: object):
    assert specs.service("db", {"type": "postgres", "config": {"option": json}}).config == {"option": json}


def test_options_nested_deeper_than_can_be_read_are_a_mistake(mistakes: Mistakes):
    endless: dict[str, object] = {}
    endless["again"] = endless
    found = mistakes(lambda: specs.service("db", {"type": "postgres", "config": endless}))
    assert found == {"$.services.db.config": "is nested too deeply"}


@pytest.mark.parametrize("absent", ["version", "image", "command", "readiness"])
def test_what_may_be_left_out_may_be_none(whole: Whole, absent: str):
    declare, _, mapping = whole("service")
    assert declare({**mapping, absent: None}) == declare({key: mapping[key] for key in mapping if key != absent})


@frozen(kw_only=True)
class Options:
    """The options of somebody's plugin, in types that the core itself does without."""

    names: list[str] = field(factory=list[str])
    order: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    seen: set[str] = field(factory=set[str])
    limits: dict[str, int] = field(factory=dict[str, int])
    share: float = 0.5


@pytest.mark.parametrize("option", ["names", "order", "known", "seen"])
def test_the_letters_of_a_text_are_never_a_list_of_options(option: str):
    with pytest.raises(SpecError, match=rf"^\$\.{option}: expected a list, got 'abc'$"):
        specs.structure({option: "abc"}, Options)


def test_options_are_of_the_types_that_their_plugin_declares():
    options = specs.structure({"names": ["a"], "known": ["b"], "limits": {"c": 1}, "share": 1}, Options)
    assert options == Options(names=["a"], known=frozenset("b"), limits={"c": 1}, share=1.0)
    assert isinstance(options.share, float)


@pytest.mark.parametrize("value", ["0.5", True, None, [0.5], 10**400], ids=lambda value: repr(value)[:9])
def test_a_number_is_no_text_and_no_truth(mistakes: Mistakes, value: object):
    assert list(mistakes(lambda: specs.structure({"share": value}, Options))) == ["$.share"]
