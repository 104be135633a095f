"""What is wrong with a declaration is told before a record is made: the culprit, what is known, and the remedy."""

import pytest

import testflow


def told(schema, count=3, **given):
    data = testflow.TestData("d", **given)
    with pytest.raises(testflow.SpecError) as caught:
        testflow.generate(data.add_generator("users", {"count": count, "schema": schema}))
    return [str(problem).removeprefix("$.generators.users.") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("uid", "schema.x: unknown type 'uid'; did you mean 'uuid'? (known: uuid, name,"),
        ("Email", "schema.x: unknown type 'Email'; did you mean 'email'?"),
        ("", "schema.x: unknown type '' (known:"),
        ("enum", "schema.x: unknown type 'enum'; did you mean 'enum:<value>,<value>'?"),
        ("enum:", "schema.x: 'enum:' has no values; write them after the colon, as in 'enum:card,cash'"),
        ("enum:,", "schema.x: 'enum:,' has no values"),
        ("enum:a,,b", "schema.x: 'enum:a,,b' has an empty value"),
        ({"type": "enum"}, "schema.x.values: is missing; give a list of one or more"),
        ({"type": "enum", "values": []}, "schema.x.values: has no values in []; give a list of one or more"),
        ({"type": "enm", "values": [1]}, "schema.x: unknown type 'enm'; did you mean 'enum:<value>,<value>'?"),
        ({"typ": "int", "min": 1}, "schema.x.typ: unknown key 'typ'; did you mean 'type'? (known: type)"),
        ({"min": 1}, "schema.x.type: is missing"),
        ({"type": "int", "mn": 1}, "schema.x.mn: unknown key 'mn'; did you mean 'min'?"),
        (
            "ref:user.id",
            "schema.x: 'ref:user.id' refers to nothing: there is no entity 'user'; did you mean 'ref:users.id'?",
        ),
        ("ref:users.idd", "schema.x: 'ref:users.idd' refers to nothing: 'users' has no field 'idd'; did you mean"),
        ("ref:users.x", "schema.x: refers to itself: users.x → users.x; give one of them a type"),
        ("bool | unique", "schema.x: there are 2 different values, and 3 records want one each; lower the count"),
        ("enum:a,b,a | unique", "schema.x: there are 2 different values, and 3 records want one each"),
        ({"type": "int", "min": 1, "max": 2, "unique": True}, "schema.x: there are 2 different values, and 3 records"),
        ("json | unique", "schema.x: cannot be unique: nobody knows how many values this type has"),
    ],
)
def test_a_mistake_of_a_type_is_told_with_its_remedy(written, said):
    (problem,) = told({"x": written, "id": "uuid"})
    assert problem.startswith(said)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (-1, "count: expected a count of 0 or more, got -1"),
        (10_000_001, "count: 10000001 records cannot be made; give a number from 0 to 10000000"),
        (10**30, f"count: {10**30} records cannot be made; give a number from 0 to 10000000"),
        (1.5, "count: expected a whole number, got 1.5"),
        (True, "count: expected a whole number, got True"),
        (None, "count: expected a whole number, got None"),
    ],
)
def test_a_count_that_is_negative_or_absurd_is_told(count, said):
    assert told({"id": "uuid"}, count) == [said]


def test_a_reference_that_is_unique_and_has_too_few_to_lead_to_is_told_with_both_numbers():
    data = testflow.TestData("d").add_generator("teams", {"count": 3, "schema": {"id": "uuid"}})
    data.add_generator("leads", {"count": 10, "schema": {"team": "ref:teams.id | unique"}})
    with pytest.raises(testflow.SpecError, match="there are 3 different values, and 10 records want one each"):
        testflow.generate(data)


def test_a_circle_through_several_entities_is_told_as_it_is_walked():
    data = testflow.TestData("d").add_generator("a", {"count": 1, "schema": {"x": "ref:b.x"}})
    data.add_generator("b", {"count": 1, "schema": {"x": "ref:a.x"}})
    with pytest.raises(testflow.SpecError, match=r"refers to itself: a\.x → b\.x → a\.x; give one of them a type"):
        testflow.generate(data)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"locale": "de"}, "$.options.locale: unknown locale 'de'; did you mean 'de_DE'? (known: en_US,"),
        ({"locale": "fr-FR"}, "$.options.locale: unknown locale 'fr-FR'; did you mean 'fr_FR'?"),
        ({"locale": "xx_YY"}, "$.options.locale: unknown locale 'xx_YY' (known: en_US,"),
        ({"locale": 5}, "$.options.locale: expected text, got 5"),
        ({"lokale": "de_DE"}, "$.options.lokale: unknown key 'lokale'; did you mean 'locale'?"),
    ],
)
def test_a_mistake_of_an_option_is_told_with_its_path(options, said):
    (problem,) = told({"id": "uuid"}, options=options)
    assert problem.startswith(said)
