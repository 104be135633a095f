"""Types as mappings: distributions, patterns, expressions, conditions, edge cases, lists, objects and references."""

import json
import re
from collections import Counter
from decimal import Decimal
from hashlib import sha256
from math import exp, log
from statistics import NormalDist, fmean, median, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testflow_faker_data import FakerGenerator, distributions
from testflow_faker_data.errors import FieldTypeError
from testflow_faker_data.pattern_reader import parsed

from testflow_core.errors import DataError
from testflow_core.model import Entity, TestData

LANGUAGE = {
    "id": "sequence",
    "active": "bool:0.2",
    "rate": "float:0..1.5",
    "height": {"type": "int", "min": 140, "max": 210, "distribution": "normal", "mean": 172, "deviation": 9},
    "income": {
        "type": "decimal", "min": "0.00", "max": "99999.99", "distribution": "lognormal", "median": 2500, "sigma": 0.8
    },
    "wait": {"type": "float", "min": 0, "max": 60, "distribution": "exponential", "mean": 5},
    "rank": {"type": "int", "min": 1, "max": 1000, "distribution": "zipf", "exponent": 1.3},
    "plate": "pattern:[A-Z]{1,3}-[A-Z]{2} [1-9]\\d{0,3}",
    "state": {"type": "enum", "values": ["open", "paid", None, 3, {"a": 1}], "weights": [5, 3, 1, 1, 1]},
    "paid": {"type": "timestamp", "when": "state == 'paid'", "null": 0.1},
    "net": "decimal:1.00..99.99",
    "count": "int:1..9",
    "gross": "expression:round(net * count * 1.19, 2)",
    "born": "date:1950-01-01..2007-12-31",
    "expires": {"type": "expression", "expression": "add_days(born, count)"},
    "boss": {"type": "ref", "to": "people.id", "earlier": True},
    "star": {"type": "ref:people.id", "spread": "zipf", "exponent": 1.1},
    "team": {"type": "ref", "to": "teams.id", "spread": "even"},
    "bio": {"type": "text", "min": 0, "max": 30, "edge": 0.2},
    "address": {
        "type": "object",
        "schema": {"city": "city", "code": "pattern:\\d{5}", "line": "template:{code} {city}"},
    },
    "lines": {
        "type": "list",
        "min": 0,
        "max": 4,
        "of": {"type": "object", "schema": {"sku": "pattern:[A-F]{4}", "n": "int:1..5", "twice": "expression:n * 2"}},
    },
}  # fmt: skip


def declared(schema, count=2000):
    entities = {
        "people": Entity(count=count, schema=schema),
        "teams": Entity(count=7, schema={"id": "uuid", "lead": "ref:people.x"} if "x" in schema else {"id": "uuid"}),
    }
    return TestData(name="shop", seed=1, entities=entities)


def made(schema, count=2000):
    return FakerGenerator().generate(declared(schema, count))["people"]


def column(type_, count=2000, **others):
    return [record["x"] for record in made({"x": type_, **others}, count)]


def mistakes(type_, count=10, **others):
    found = FakerGenerator().problems(declared({"x": type_, **others}, count))
    return {problem.path.removeprefix("$.generators.people.schema.x"): problem.message for problem in found}


def test_values_of_the_whole_language_are_the_same_for_ever():
    text = json.dumps(list(made(LANGUAGE)), sort_keys=True)
    assert sha256(text.encode()).hexdigest() == "c927b09ebaffe9bed0faa895cde448868b789b33d33421e6b044f5d4299f609e"


@settings(max_examples=40)
@given(row=st.integers(0, 9_999), length=st.integers(1, 700))
def test_a_record_of_the_whole_language_is_the_same_alone_and_among_others(row, length):
    part = made(LANGUAGE, 10_000)[row : row + length]
    assert made(LANGUAGE, 10_000)[row] == part[0]
    assert made(LANGUAGE, 10_000)[row + len(part) - 1] == part[-1]


def test_one_more_field_inside_an_object_changes_no_other():
    before = [each["address"] for each in made({"address": LANGUAGE["address"]}, 100)]
    schema = {"street": "street", **LANGUAGE["address"]["schema"]}
    after = [each["address"] for each in made({"address": {"type": "object", "schema": schema}}, 100)]
    assert [{key: each[key] for key in ("city", "code", "line")} for each in after] == before


@settings(max_examples=300)
@given(chance=st.floats(1e-15, 1 - 1e-15), value=st.floats(-600, 600))
def test_the_functions_behind_distributions_are_those_of_mathematics(chance, value):
    assert distributions.normal(chance) == pytest.approx(NormalDist().inv_cdf(chance), rel=1e-12, abs=1e-12)
    assert distributions.exp(value) == pytest.approx(exp(value), rel=1e-12)
    assert distributions.ln(chance) == pytest.approx(log(chance), rel=1e-13)


def test_numbers_have_the_distribution_that_is_asked_for():
    normal = column({**LANGUAGE["height"], "min": 0, "max": 400}, 10_000)
    assert fmean(normal) == pytest.approx(172, abs=0.5)
    assert stdev(normal) == pytest.approx(9, abs=0.3)
    assert median(map(float, column(LANGUAGE["income"], 10_000))) == pytest.approx(2500, rel=0.05)
    assert fmean(column(LANGUAGE["wait"], 10_000)) == pytest.approx(5, rel=0.05)
    ranks = Counter(column(LANGUAGE["rank"], 10_000))
    assert min(ranks) == 1
    assert max(ranks) <= 1000
    assert ranks[1] > 1.8 * ranks[2] > 1.8 * ranks[3]


def test_the_part_of_a_distribution_outside_the_bounds_is_not_heaped_up_at_them():
    found = Counter(column({**LANGUAGE["height"], "min": 165, "max": 175}, 10_000))
    assert set(found) == set(range(165, 176))
    assert found[165] < found[172]


@pytest.mark.parametrize("rate", [0, 0.2, 1])
def test_booleans_have_their_rate(rate):
    assert fmean(column(f"bool:{rate}")) == pytest.approx(rate, abs=0.03)
    assert column({"type": "bool", "rate": rate}) == column(f"bool:{rate}")


@pytest.mark.parametrize(
    "pattern", ["[A-F0-9]{2}(:[A-F0-9]{2}){5}", r"\+49 (30|89) \d{6,8}", r"(a|bc)?x{2}\w", r"[a\-z]{2}\.[_]"]
)
def test_every_text_of_a_pattern_is_matched_by_it(pattern):
    found = column(f"pattern:{pattern}", 500)
    assert all(re.fullmatch(pattern, text) for text in found)
    assert len(set(found)) > 3


def test_unique_texts_of_a_pattern_fill_it():
    found = column("pattern:(a|b[0-3])?[x-z]{1,2}-\\d | unique", 6 * 12 * 10)
    assert len(set(found)) == 720


@settings(max_examples=200)
@given(st.text("ab(|)?{12,}", max_size=9))
def test_what_is_said_to_be_unambiguous_is(pattern):
    try:
        found = parsed(pattern)
    except FieldTypeError:
        return
    texts = found.texts(range(min(found.size, 5000)))
    assert not found.unambiguous or len(set(texts)) == len(texts)
    assert all(re.fullmatch(pattern, text) for text in texts[:50])


def test_expressions_are_exact_and_know_null():
    rows = made({"net": "decimal:1.00..99.99", "n": "int:1..9 | null=0.3", "x": "expression:round(net * n * 1.19, 2)"})
    for row in rows:
        n = row["n"]
        wanted = None if n is None else str((Decimal(row["net"]) * n * Decimal("1.19")).quantize(Decimal("0.01")))
        assert row["x"] == wanted


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("n + 1 if n > 5 and not flag else -n", -3),
        ("upper(word) + '-' + text(n)", "ABC-3"),
        ("7 // 2 % 2 + 7 / 2", "4.5"),
        ("half * 3", 1.5),
        ("min(n, 2) + max(1, n) + abs(-n) + length(word)", 11),
        ("coalesce(none, word)", "abc"),
        ("none + 1", None),
        ("none > 1 or none == None", True),
        ("1 < n < 4", True),
        ("add_days(day, 1)", "2024-02-29"),
        ("add_seconds(time, 61)", "2024-02-28T00:01:01+00:00"),
        ("number('4') + n", 7),
    ],
)
def test_an_expression_has_its_value(expression, value):
    others = {
        "n": "int:3..3",
        "flag": "bool:0",
        "word": "enum:abc",
        "half": "float:0.5..0.5",
        "none": "int:1..1 | null=1",
        "day": "date:2024-02-28..2024-02-28",
        "time": "timestamp:2024-02-28..2024-02-28",
    }
    assert column(f"expression:{expression}", 1, **others) == [value]


@pytest.mark.parametrize(
    "expression",
    ["__import__('os')", "n.real", "n ** 9", "[n]", "lambda: n", "f'{n}'", "n if", "open(n)", "round()", "1" * 501],
)
def test_what_is_not_of_the_grammar_is_refused(expression):
    assert list(mistakes(f"expression:{expression}", n="int")) == [""]


def test_an_expression_without_a_value_is_told_with_its_record():
    with pytest.raises(DataError, match=r"people\[0\]\.x: '1 / n' has no value for n=0: it divides by zero"):
        column("expression:1 / n", 1, n="int:0..0")
    with pytest.raises(DataError, match=r"people\[0\]\.x: 'n \* w' has no value for n=0, w=a: 'a' is no number"):
        column("expression:n * w", 1, n="int:0..0", w="enum:a")


def test_a_field_has_a_value_where_its_condition_holds():
    rows = list(made({"state": "enum:open,paid", "x": {"type": "uuid", "when": "state == 'paid'"}}))
    assert {(row["state"], row["x"] is None) for row in rows} == {("open", True), ("paid", False)}


def test_edge_cases_are_as_frequent_as_asked_and_change_no_other_value():
    plain = column("int:-5000..90000")
    edged = column({"type": "int", "min": -5000, "max": 90000, "edge": 0.1})
    changed = [after for before, after in zip(plain, edged, strict=True) if before != after]
    assert 150 < len(changed) < 250
    assert set(changed) == {-5000, 90000, 0, 1, -1}


@pytest.mark.parametrize(
    ("type_", "cases"),
    [
        ("date:2023-01-01..2025-01-01", {"2023-01-01", "2025-01-01", "2024-02-29"}),
        ("decimal:1.50..2.00", {"1.50", "2.00"}),
        ("text:0..3", {"", "xxx", "é'ß", "   "}),
        ("pattern:[a-c]{0,2}", {"", "cc"}),
    ],
)
def test_edge_cases_of_a_type(type_, cases):
    assert set(column({"type": type_, "edge": 1})) == cases


def test_people_at_the_edge_are_beyond_ascii_and_long():
    found = set(column({"type": "name", "edge": 1}))
    assert any(not name.isascii() for name in found)
    assert max(map(len, found)) == 100


def test_references_are_even_skewed_or_to_what_was_before():
    even = Counter(row["team"] for row in made({"team": LANGUAGE["team"]}, 7 * 30))
    assert set(even.values()) == {30}
    skewed = Counter(row["star"] for row in made({"id": "sequence", "star": LANGUAGE["star"]}))
    assert skewed.most_common(1)[0][1] > 100
    bosses = [row["boss"] for row in made({"id": "sequence", "boss": LANGUAGE["boss"]})]
    assert bosses[0] is None
    assert all(1 <= boss < row for row, boss in enumerate(bosses[1:], 2))


def test_two_entities_may_refer_to_each_other():
    found = FakerGenerator().generate(declared({"x": "uuid", "team": "ref:teams.id"}, 20))
    assert {row["team"] for row in found["people"]} <= {row["id"] for row in found["teams"]}
    assert {row["lead"] for row in found["teams"]} <= {row["x"] for row in found["people"]}


def test_lists_hold_as_many_as_asked_and_unique_items_over_all():
    found = column({"type": "list", "of": "int:1..8000 | unique", "min": 1, "max": 4})
    assert {len(items) for items in found} == {1, 2, 3, 4}
    items = [item for each in found for item in each]
    assert len(set(items)) == len(items)


@pytest.mark.parametrize(
    ("type_", "path", "said"),
    [
        ("list", "", "'list' needs a mapping; write it as in {'type': 'list', 'of': ...}"),
        ({"typ": "int"}, ".typ", "unknown key 'typ'; did you mean 'type'?"),
        ({"type": "int", "mim": 1}, ".mim", "unknown key 'mim'; did you mean 'min'?"),
        ({"type": "int", "min": 1}, ".max", "is missing"),
        ({"type": "int", "min": 9, "max": 1}, "", "the wrong way round"),
        ({"type": "int", "min": 1, "max": 9, "distribution": "norml"}, ".distribution", "did you mean 'normal'?"),
        ({"type": "int", "min": 1, "max": 9, "distribution": "exponential"}, ".mean", "needs a number above 0"),
        ({**LANGUAGE["height"], "mean": 9000}, ".distribution", "next to nothing"),
        ({**LANGUAGE["height"], "unique": True}, ".distribution", "cannot be unique"),
        (
            {"type": "float", "min": 0, "max": 1, "distribution": "zipf", "exponent": 1},
            ".distribution",
            "whole numbers",
        ),
        ({"type": "int | unique"}, "", "has modifiers; give them as keys"),
        ({"type": "uuid", "null": 2}, ".null", "expected a share"),
        ({"type": "uuid", "when": "stat == 1"}, ".when", "names no other field by 'stat'"),
        ({"type": "uuid", "when": "x == 1"}, ".when", "names no other field by 'x'"),
        ({"type": "uuid", "edge": 0.1}, ".edge", "has no edge cases"),
        ({"type": "int:1..99", "edge": 0.1, "unique": True}, ".edge", "cannot be unique"),
        ({"type": "object", "schema": {"a": "uid"}}, ".schema.a", "unknown type 'uid'; did you mean 'uuid'?"),
        ({"type": "object", "schema": {"a": 5}}, ".schema.a", "expected a type"),
        ({"type": "object"}, ".schema", "is missing"),
        ({"type": "list", "of": {"type": "lst"}}, ".of", "unknown type 'lst'"),
        ({"type": "list", "of": "uuid", "max": 1001}, "", "from 0 to 1000"),
        ({"type": "list", "of": "int:1..9 | unique"}, ".of", "there are 9 different values, and 30 records"),
        ({"type": "enum", "values": []}, ".values", "has no values"),
        ({"type": "enum", "values": ["a"], "weights": [1, 2]}, ".weights", "one for each of 1 values"),
        ({"type": "ref", "to": "teams.id", "earlier": True}, ".earlier", "of the entity itself"),
        ({"type": "ref", "to": "teams.id", "spread": "evn"}, ".spread", "did you mean 'even'?"),
        ({"type": "ref", "to": "teams.di"}, "", "did you mean 'ref:teams.id'?"),
        ("pattern:a*", "", "repeats without an end"),
        ("pattern:(a|a)", None, ""),
        ("pattern:(a|a) | unique", "", "in more than one way"),
        ("pattern:[a-c]{2} | unique", "", "there are 9 different values, and 10 records"),
        ("pattern:(((a{1000}){1000}){1000})", "", "more than 100000 characters"),
        ("pattern:[a-z]{99}", "", "more than 2**256"),
        ("pattern:(a", "", "a '(' without its ')'"),
        ("pattern:[z-a]", "", "whose end is before"),
        ("expression:x + 1", "", "names no other field by 'x'"),
        ("bool:2", "", "gives no share"),
        ({"type": "object", "schema": {"a": "ref:people.x"}}, "", "refers to itself"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_told_at_its_path(type_, path, said):
    found = mistakes(type_)
    assert list(found) == ([] if path is None else [path])
    assert said in "".join(found.values())


def test_all_mistakes_of_a_mapping_come_at_once():
    type_ = {"type": "object", "schema": {"a": {"type": "int", "mim": 1, "null": "x"}, "b": "uid"}}
    assert set(mistakes(type_)) == {".schema.a.mim", ".schema.a.null", ".schema.b"}
