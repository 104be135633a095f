"""Every mistake of a declaration is told at once, each with its path and the nearest key that is known."""

import copy
from collections.abc import Callable
from typing import Any, TypeAlias, cast

import pytest

from testflow_core import specs
from testflow_core.errors import Problem, SpecError

Mistakes: TypeAlias = Callable[[Callable[[], object]], dict[str, str]]
Declared: TypeAlias = tuple[Callable[[object], object], str, dict[str, Any]]
Whole: TypeAlias = Callable[[str], Declared]


def places(mapping: object, path: str = "") -> list[str]:
    """Every mapping of keys in a declaration, as a path below its root; free mappings of names are left out."""
    free = ("env", "config", "options", "ports", "schema", "routing", "data_flow", "resources")
    found: list[str] = []
    if isinstance(mapping, dict):
        if path.rpartition(".")[2] not in free:
            found.append(path)
        for key, value in cast("dict[str, object]", mapping).items():
            if key not in {"env", "config", "options"}:
                found += places(value, f"{path}.{key}")
    elif isinstance(mapping, list):
        for index, value in enumerate(cast("list[object]", mapping)):
            found += places(value, f"{path}[{index}]")
    return found


def at(mapping: object, path: str) -> Any:
    """What stands at a path such as `.steps[1].app`."""
    place: Any = mapping
    for part in path.replace("[", ".[").split(".")[1:]:
        place = place[int(part[1:-1]) if part.startswith("[") else part]
    return place


def test_a_whole_declaration_has_no_mistake(declaration: Declared):
    declare, _, mapping = declaration
    declare(mapping)


def test_an_unknown_key_is_a_mistake_that_lists_the_known_ones_wherever_it_stands(
    declaration: Declared, mistakes: Mistakes
):
    declare, root, mapping = declaration
    for place in places(mapping):
        changed = copy.deepcopy(mapping)
        at(changed, place)["zzz"] = 1
        known = ", ".join(sorted(at(mapping, place)))
        assert mistakes(lambda changed=changed: declare(changed)) == {
            f"{root}{place}.zzz": f"unknown key 'zzz' (known: {known})"
        }


def test_a_misspelt_key_is_told_with_the_one_that_was_meant(declaration: Declared, mistakes: Mistakes):
    declare, root, mapping = declaration
    for key in mapping:
        changed = {**mapping, f"{key}x": mapping[key]}
        found = mistakes(lambda changed=changed: declare(changed))
        assert list(found) == [f"{root}.{key}x"]
        assert f"did you mean {key!r}?" in found[f"{root}.{key}x"]


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("service", "type"),
        ("entity", "count"),
        ("entity", "schema"),
        ("cross_app_test", "steps"),
    ],
)
def test_a_key_that_must_be_there_is_told_as_missing(whole: Whole, mistakes: Mistakes, kind: str, missing: str):
    declare, root, mapping = whole(kind)
    del mapping[missing]
    assert mistakes(lambda: declare(mapping))[f"{root}.{missing}"] == "is missing"


def test_all_mistakes_of_an_application_are_told_at_once(mistakes: Mistakes):
    found = mistakes(
        lambda: specs.application(
            "web shop",
            {
                "repositry": "github.com/example/shop",
                "path": 5,
                "test_command": "'npm test",
                "changed_files": ["src/a.js", 1, None],
                "start": {"comand": "run", "readiness": {"timeout": "soon", "exec": [1]}, "env": {"A": 1, "B": None}},
            },
        )
    )
    root = "$.applications['web shop']"
    assert set(found) == {
        f"{root}.repositry",
        f"{root}.path",
        f"{root}.test_command",
        f"{root}.changed_files[1]",
        f"{root}.changed_files[2]",
        f"{root}.start.command",
        f"{root}.start.comand",
        f"{root}.start.readiness.timeout",
        f"{root}.start.readiness.exec[0]",
        f"{root}.start.env.A",
        f"{root}.start.env.B",
    }
    assert "did you mean 'repository'?" in found[f"{root}.repositry"]
    assert found[f"{root}.start.command"] == "is missing"


def test_all_mistakes_of_a_service_are_told_at_once(mistakes: Mistakes):
    found = mistakes(
        lambda: specs.service(
            "db",
            {
                "versoin": "16",
                "ports": {"0": 1, "80": 99_999, "http": 80},
                "command": ["postgres", 5, None],
                "config": {"a": {"b": [1, object(), b"x"]}, "c": float("inf")},
            },
        )
    )
    root = "$.services.db"
    assert set(found) == {
        f"{root}.type",
        f"{root}.versoin",
        f"{root}.ports.0",
        f"{root}.ports.80",
        f"{root}.ports.http",
        f"{root}.command[1]",
        f"{root}.command[2]",
        f"{root}.config.a.b[1]",
        f"{root}.config.a.b[2]",
        f"{root}.config.c",
    }


def test_all_mistakes_of_a_failure_analysis_are_told_at_once(mistakes: Mistakes):
    found = mistakes(
        lambda: specs.failure_analysis(
            {
                "categories": [
                    {"name": "network", "patterns": ["refused", "(", "["]},
                    {"name": "login", "patterns": "Unauthorized"},
                    {"patterns": ["x"]},
                    "validation",
                ],
                "routing": {"network": ["platform"]},
                "analyser": "regex",
            }
        )
    )
    root = "$.failure_analysis"
    assert set(found) == {
        f"{root}.categories[0].patterns[1]",
        f"{root}.categories[0].patterns[2]",
        f"{root}.categories[1].patterns",
        f"{root}.categories[2].name",
        f"{root}.categories[3]",
        f"{root}.routing.network",
        f"{root}.analyser",
    }
    assert "did you mean 'analyzer'?" in found[f"{root}.analyser"]


def test_every_mistake_of_every_rule_is_told_at_once():
    rules = [
        {"source_pattern": "src/(.*).py", "test_pattern": "tests/test_{2}.py"},
        {"source_pattern": "src/(.*", "test_pattern": "tests/{1}.py"},
        {"source_pattern": "src/.*", "test_pattern": "tests/{1"},
        {"source_pattern": "src/(.*)/(.*).py", "test_pattern": "tests/{1}/{3}/{name}.py"},
    ]
    with pytest.raises(SpecError) as raised:
        specs.selection("shop", {"mapping_rules": rules})
    root = "$.test_selections.shop.mapping_rules"
    none = "'src/(.*' is no regular expression: missing ), unterminated subpattern at position 4"
    assert [str(problem) for problem in raised.value.problems] == [
        f"{root}[0].test_pattern: unknown reference {{2}} (known: {{1}})",
        f"{root}[1].source_pattern: {none}",
        f"{root}[2].test_pattern: '{{' in 'tests/{{1' is no reference; write {{{{ or }}}} for a brace",
        f"{root}[3].test_pattern: unknown reference {{3}} (known: {{1}}, {{2}})",
        f"{root}[3].test_pattern: unknown reference {{name}} (known: {{1}}, {{2}})",
    ]
    assert all(str(problem) in str(raised.value) for problem in raised.value.problems)
    assert str(raised.value).startswith("5 mistakes:")


def test_a_test_command_may_only_refer_to_the_tests(mistakes: Mistakes):
    found = mistakes(lambda: specs.application("shop", {"test_command": ["run", "{test_pth}"]}))
    assert found == {
        "$.applications.shop.test_command": (
            "unknown reference {test_pth}; did you mean {test_path}? (known: {test_path})"
        )
    }
    assert specs.application("shop", {"test_command": "run {{x}}"}).test_command == ("run", "{{x}}")


def test_a_count_below_nothing_is_a_mistake(mistakes: Mistakes):
    found = mistakes(lambda: specs.entity("users", {"count": -1, "schema": {}}))
    assert found == {"$.generators.users.count": "expected a count of 0 or more, got -1"}
    assert specs.entity("users", {"count": 0, "schema": {}}).count == 0


@pytest.mark.parametrize(
    ("kind", "key"),
    [("application", "name"), ("service", "name"), ("service", "application"), ("selection", "application")],
)
def test_what_the_core_fills_in_no_author_may(whole: Whole, mistakes: Mistakes, kind: str, key: str):
    declare, root, mapping = whole(kind)
    for value in ("shop", "db", None, 5):
        found = mistakes(lambda value=value: declare({**mapping, key: value}))
        assert list(found) == [f"{root}.{key}"]
        assert found[f"{root}.{key}"] == specs.unknown_name("key", key, mapping)


def test_a_key_that_is_no_text_is_unknown_once(whole: Whole, mistakes: Mistakes):
    declare, root, mapping = whole("service")
    assert list(mistakes(lambda: declare({**mapping, 5: 1, None: 2}))) == [f"{root}.5", f"{root}.None"]


@pytest.mark.parametrize("value", [None, 5, "type", ["type"], [("type", "postgres")], True], ids=repr)
def test_what_is_no_mapping_is_one_mistake_at_the_root(declaration: Declared, mistakes: Mistakes, value: object):
    declare, root, _ = declaration
    found = mistakes(lambda: declare(value))
    assert list(found) == [root]
    assert found[root].startswith("expected a mapping of keys, got ")


def test_a_name_that_is_no_plain_word_is_quoted_in_the_path():
    assert specs.key_path("$.services", "payment-db") == "$.services.payment-db"
    assert specs.key_path("$.services", "odd name") == "$.services['odd name']"
    assert specs.key_path("$.services", "a.b") == "$.services['a.b']"


def test_one_mistake_reads_as_one_line():
    assert str(SpecError([Problem("$.services.db.type", "is missing")])) == "$.services.db.type: is missing"


def test_mistakes_in_a_file_of_a_checkout_begin_with_the_file(mistakes: Mistakes):
    found = mistakes(lambda: specs.application_file("shop", {"strat": "run", "base": 5}, "shop/testflow.toml"))
    assert set(found) == {"shop/testflow.toml: $.strat", "shop/testflow.toml: $.base"}


@pytest.mark.parametrize("key", ["path", "repository"])
def test_a_checkout_cannot_say_where_it_is(mistakes: Mistakes, key: str):
    found = mistakes(lambda: specs.application_file("shop", {key: "elsewhere"}, "testflow.toml"))
    assert "a checkout cannot say where it is" in found["testflow.toml: $"]


def test_a_declaration_that_is_changed_later_changes_nothing(declaration: Declared):
    declare, _, mapping = declaration
    declared, before = declare(mapping), declare(copy.deepcopy(mapping))
    for value in mapping.values():
        if isinstance(value, dict | list):
            cast("dict[str, object] | list[object]", value).clear()
    mapping.clear()
    assert declared == before
