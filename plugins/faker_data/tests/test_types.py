"""The types of the generator `faker`, and what holds of their values however they are asked for."""

import json
import re
from collections import Counter
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testflow_faker_data import FakerGenerator
from testflow_faker_data.corpus import HASHES, corpus

from testflow_core.errors import DataError
from testflow_core.model import Entity, TestData

PINNED = {
    **{name: name for name in ("uuid", "name", "first_name", "last_name", "email", "city", "street", "company", "job")},
    **{name: name for name in ("country", "postcode", "word", "timestamp", "date", "json", "bool", "int", "float")},
    "sequence": "sequence:100",
    "age": "int:18..99",
    "price": "decimal:-5.00..99.95",
    "born": "date:1950-01-01..2007-12-31",
    "seen": "timestamp:2024-02-28..2024-03-01T12:00:00+02:00",
    "state": "enum:open=8,paid=1,lost=1",
    "number": "int:1..20000 | unique",
    "note": "word | null=0.3",
    "full": "template:{last_name}, {first_name} ({age})",
    "boss": "ref:people.uuid | null=0.2",
    "only": "ref:people.number | unique",
}
GOLDEN = {
    "en_US": "42c41bf7dfe557fc33a3ab5be79b97706acb534d8b88b9fe308e939409bc8f20",
    "de_DE": "cc5982bfa304209361485b189eb879390f63ab6f3cc0e660c4a2be9d31b97d10",
    "ja_JP": "32d6177054492692a34b34b661228e4df79869c1eccbc445a0d0c86f4eef8d53",
}


def data(schema, count=3000, **more):
    return TestData(name="shop", seed=1, entities={"people": Entity(count=count, schema=schema)}, **more)


def made(schema, count=3000, locale="en_US"):
    return FakerGenerator(locale=locale).generate(data(schema, count))["people"]


def column(type_, count=3000, **others):
    return [record["x"] for record in made({"x": type_, **others}, count)]


@pytest.mark.parametrize("locale", GOLDEN)
def test_values_are_the_same_for_ever(locale):
    text = json.dumps(list(made(PINNED, locale=locale)), sort_keys=True)
    assert sha256(text.encode()).hexdigest() == GOLDEN[locale]


@pytest.mark.parametrize("locale", HASHES)
def test_the_word_lists_of_a_locale_are_what_they_were_and_make_every_type(locale):
    assert all(corpus(locale).values())
    assert len(made(PINNED, 5, locale=locale)[:]) == 5


def test_word_lists_that_were_changed_are_refused(monkeypatch):
    monkeypatch.setitem(HASHES, "cs_CZ", "0" * 64)
    corpus.cache_clear()
    with pytest.raises(DataError, match="word lists of 'cs_CZ' have been changed; install"):
        list(made({"x": "city"}, 1, locale="cs_CZ"))
    corpus.cache_clear()


@settings(max_examples=60)
@given(row=st.integers(0, 19_999), length=st.integers(0, 1500))
def test_a_record_is_the_same_alone_in_a_slice_and_among_all(row, length):
    everything = made(PINNED, 20_000)
    assert made(PINNED, 20_000)[row] == everything[row : row + 1][0]
    part = made(PINNED, 20_000)[row : row + length]
    assert [part[0], part[-1]] == [everything[row], everything[row + len(part) - 1]] if part else not length


def test_a_long_iteration_gives_what_single_rows_give():
    records = made(PINNED, 20_000)
    found = list(records)
    assert len(found) == len(records) == 20_000
    assert all(found[row] == made(PINNED, 20_000)[row] for row in (0, 511, 512, 8191, 8192, 19_999))
    assert records[-1] == found[-1]
    assert records[10:40:7] == found[10:40:7]
    with pytest.raises(IndexError):
        records[20_000]


@settings(max_examples=60)
@given(least=st.integers(-50, 50), size=st.integers(1, 3000))
def test_unique_numbers_fill_the_whole_domain(least, size):
    found = column(f"int:{least}..{least + size - 1} | unique", size)
    assert sorted(found) == list(range(least, least + size))


def test_unique_names_go_up_to_the_last_one():
    size = len(corpus("ko_KR")["first_names"]) * len(corpus("ko_KR")["last_names"])
    found = [record["x"] for record in made({"x": "name | unique"}, size, locale="ko_KR")]
    assert len(found) == size
    assert len(set(found)) > 0.99 * size  # names without a separator may be cut in two ways


def test_a_unique_reference_is_one_to_one():
    records = list(made({"id": "uuid", "mate": "ref:people.id | unique"}, 500))
    assert {each["mate"] for each in records} == {each["id"] for each in records}


@pytest.mark.parametrize("most", [3000, 3001, 2**61 - 1], ids=["composite", "prime", "a large prime"])
def test_unique_values_do_not_come_in_their_order(most):
    found = column(f"int:1..{most} | unique")
    assert len(set(found)) == 3000
    steps = Counter(after - before for before, after in pairwise(found))
    assert steps.most_common(1)[0][1] < 300


@pytest.mark.parametrize(
    ("type_", "pattern", "least", "most"),
    [
        ("int:7..9", r"[789]", 7, 9),
        ("decimal:-1.5..1.25", r"-?\d\.\d\d", "-0.01", "1.25"),
        ("date:2024-02-28..2024-03-01", r"2024-0[23]-\d\d", "2024-02-28", "2024-03-01"),
        ("timestamp:2024-12-31T23:59:58..2025-01-01", r"202[45]-.*\+00:00", "2024-12-31T23:59:58+00:00", None),
        ("enum:a=3,b=0", "a", "a", "a"),
        ("template:{one}-{one}!", "x-x!", "x-x!", "x-x!"),
    ],
)
def test_values_lie_within_their_bounds_and_reach_them(type_, pattern, least, most):
    found = column(type_, one="enum:x")
    assert all(re.fullmatch(pattern, str(value)) for value in found)
    assert min(found) == least
    assert most is None or max(found) == most


def test_weights_and_shares_of_null_are_kept():
    assert 0.77 < column("enum:open=8,paid=1,lost=1").count("open") / 3000 < 0.83
    assert 0.27 < column("word | null=0.3").count(None) / 3000 < 0.33


def test_a_reference_to_a_field_with_nulls_is_null_where_that_is():
    found = column("ref:people.y", y="int:1..2 | null=0.5")
    assert 0.45 < found.count(None) / 3000 < 0.55


def test_a_sequence_counts():
    assert column("sequence:7", 3) == [7, 8, 9]
    assert column("sequence", 2) == [1, 2]


def test_providers_of_faker_are_called_by_their_names():
    found = column("faker:iban", 20)
    assert len(set(found)) == 20
    assert column("faker:iban", 20) == found
    assert column("faker:date_object", 1)[0].count("-") == 2


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ("int:1", r"'int:1' has no bounds that can be read; write them as in 'int:1\.\.100'"),
        ("int:9..1", "bounds the wrong way round: 9 is after 1"),
        (f"int:0..{2**62}", "nothing that wide can be drawn"),
        ("decimal:a..b", "no bounds"),
        ("date:2024-02-30..2024-03-01", "no bounds"),
        ("sequence:x", "begins with no whole number"),
        ("enum:a=0,b=0", "the weight 0"),
        ("template:{frist}", r"names no other field by \{frist\}; did you mean 'first'\? \(known: first\)"),
        ("template:{x}", "names no other field"),
        ("faker:", "names no provider"),
        ("faker:ibna", "Faker has no provider 'ibna'"),
        ("int | uniqe", r"unknown modifier 'uniqe'; did you mean 'unique'\? \(known: unique, null"),
        ("int | null=2", "'null=2' is no share"),
        ("int:1..9 | unique", "there are 9 different values, and 10 records want one each; lower the count"),
        ("json | unique", "cannot be unique: nobody knows how many"),
        ("ref:people.first | unique", "cannot be unique: people.first, to which it refers, is not"),
        ("ref:people.x", r"refers to itself: people\.x → people\.x"),
    ],
)
def test_a_wrong_type_is_told_before_anything_is_made(type_, said):
    [problem] = FakerGenerator().problems(data({"first": "first_name", "x": type_}, 10))
    assert problem.path == "$.generators.people.schema.x"
    assert re.search(said, problem.message)


def test_templates_in_a_circle_are_told():
    [problem] = FakerGenerator().problems(data({"a": "template:{b}", "b": "template:{a}"}, 1))
    assert problem.message == "refers to itself: people.a → people.b → people.a; give one of them a type"


def test_an_unknown_locale_is_told_with_those_that_are_known():
    [problem] = FakerGenerator(locale="de-DE").problems(data({}, 1))
    assert (problem.path, problem.message[:48]) == (
        "$.options.locale",
        "unknown locale 'de-DE'; did you mean 'de_DE'? (k",
    )


@pytest.mark.parametrize("locale", HASHES)
def test_text_is_as_long_as_asked_and_the_same_alone_and_for_ever(locale):
    texts = [record["x"] for record in made({"x": "text:0..40"}, 2000, locale)]
    assert {len(text) for text in texts} == set(range(41))
    assert not any(text.endswith(" ") for text in texts)
    assert made({"x": "text:0..40"}, 2000, locale)[1234]["x"] == texts[1234]
    known = {letter for word in corpus(locale)["words"] for letter in word} | {" ", "."}
    assert set("".join(texts)) <= known


def test_text_is_pinned():
    texts = column("text:12..30", 1000)
    assert (
        sha256(json.dumps(texts).encode()).hexdigest()
        == "c44479ffd77c9346cb8bd1566228b26718544a780731d39485939dc21613cf75"
    )


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ("text:-1..5", "'text:-1..5' is no length of text; write numbers from 0 to 100000"),
        ("text:1..100001", "is no length of text"),
        ("text:9..1", "has its bounds the wrong way round"),
        ("text:long", "has no bounds that can be read; write them as in 'text:10..200'"),
        ("text", "unknown type 'text'; did you mean 'text:<shortest>..<longest>'?"),
        ("text:1..5 | unique", "cannot be unique: nobody knows how many values this type has"),
    ],
)
def test_a_wrong_length_of_text_is_told(type_, said):
    with pytest.raises(DataError) as caught:
        made({"x": type_}, 5)
    assert said in str(caught.value)
