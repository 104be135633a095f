"""What references to records of the test data mean, and what is told of those that mean nothing."""

from __future__ import annotations

import pytest

from testflow_core.errors import UnknownReferenceError
from testflow_core.model import Application, Entity, Environment, Readiness, Service, Start, TestData
from testflow_core.provisioning import records, wiring

DATA = TestData(
    name="shop",
    entities={"users": Entity(count=2, schema={"id": "uuid", "address": "json"}), "gone": Entity(count=0, schema={})},
)
RECORDS = {
    "users": (
        {"id": "u-0", "age": 41, "member": True, "left": None, "address": {"zip": "1", "lines": ["A", {"é": "ß"}]}},
        {"id": "u-1"},
    ),
}


def environment(**env: str) -> Environment:
    return Environment(name="e", services={"api": Service(name="api", type="process", env=env)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data.users[0].id", "u-0"),
        ("data.users[1].id", "u-1"),
        ("data.users[0].age", "41"),
        ("data.users[0].member", "true"),
        ("data.users[0].left", "null"),
        ("data.users[0].address.zip", "1"),
        ("data.users[0].address.lines[0]", "A"),
        ("data.users[0].address.lines[1].é", "ß"),
        ("data.users[0].address.lines[1]", '{"é": "ß"}'),
    ],
)
def test_a_reference_resolves_to_the_value_other_than_text_as_json(name: str, value: str):
    assert records.values(f"{{{{{{{name}}}-{{host}}", RECORDS) == {name: value}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("data.users[2].id", "2 of 'users' are made; the last is users[1]"),
        ("data.user[0].id", "0 of 'user' are made; nothing of it is made"),
        ("data.users[0].idd", "unknown key 'idd'; did you mean 'id'? (known: address, age, id, left, member)"),
        ("data.users[0].id.more", "there is no 'more' in \"u-0\""),
        ("data.users[0].id[0]", "there is no '0' in \"u-0\""),
        ("data.users[0].age.more", "there is no 'more' in 41"),
        ("data.users[0].address.lines[7]", "there is no [7] in a list of 2"),
        ("data.users[0].address.lines.first", "there is no [first] in a list of 2"),
    ],
)
def test_what_is_not_there_is_told_when_it_is_resolved(name: str, told: str):
    with pytest.raises(UnknownReferenceError) as caught:
        records.values(f"{{{name}}}", RECORDS)
    assert str(caught.value) == f"{{{name}}} refers to nothing: {told}"


def test_of_many_records_an_environment_is_handed_no_more_than_it_refers_to():
    """Its keeper is another process, to which they are sent."""
    many = {"users": [{"id": number} for number in range(1000)], "orders": ({"id": 1},)}
    found = records.referred_to(environment(A="{data.users[1].id}{data.gone[0].id}", B="{data.users[0].id}"), many)
    assert found == {"users": ({"id": 0}, {"id": 1})}


@pytest.mark.parametrize("text", ["{host}", "{api.url}", "{data.users.id}", "{data.users[x].id}", "{open", "plain"])
def test_other_references_are_left_to_others(text: str):
    assert records.values(text, RECORDS) == {}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("data.user[0].id", "unknown entity 'user'; did you mean 'users'? (known: gone, users)"),
        ("data.users[2].id", "2 of 'users' are made; the last is users[1]"),
        ("data.gone[0].id", "0 of 'gone' are made; nothing of it is made"),
        ("data.users[0].ids", "unknown field 'ids'; did you mean 'id'? (known: address, id)"),
    ],
)
def test_a_mistake_is_told_with_its_path_before_anything_is_made(name: str, told: str):
    (problem,) = records.problems(environment(FIRST=f"{{data.users[0].id}} {{{name}}}"), DATA)
    assert str(problem) == f"$.services.api.env.FIRST: {{{name}}} refers to nothing: {told}"


def test_what_lies_deeper_in_a_record_is_known_only_when_it_is_made():
    assert list(records.problems(environment(A="{data.users[1].address.zip}"), DATA)) == []


def test_without_data_every_reference_is_a_mistake():
    (problem,) = records.problems(environment(A="{data.users[0].id}"), None)
    assert "{data.users[0].id} refers to test data, and there is none" in problem.message


def test_references_are_found_wherever_texts_may_have_them():
    start = Start(command=("serve", "{data.users[0].id}"), env={"A": "{data.users[0].id}"})
    service = Service(
        name="api",
        type="docker",
        command=("x", "{data.users[0].id}"),
        readiness=Readiness(exec=("{data.users[0].id}",)),
        application=Application(name="api", start=start),
    )
    found = records.of_environment(Environment(name="e", services={"api": service}))
    assert list(found) == [
        "$.services.api.command[1]",
        "$.services.api.readiness.exec[0]",
        "$.services.api.application.start.env.A",
        "$.services.api.application.start.command[1]",
    ]


def test_a_reference_to_a_record_is_no_mistake_of_the_environment_and_no_dependency():
    referring = environment(A="{data.users[0].id}")
    assert list(wiring.problems(referring)) == []
    assert wiring.dependencies(referring) == {"api": ()}


def test_one_that_names_no_record_is_told_how_to():
    (problem,) = wiring.problems(environment(A="{data.users.id}"))
    assert problem.message.startswith("{data.users.id} names no record of the test data; write the entity, the number")


def test_a_service_may_be_called_data():
    services = {
        "data": Service(name="data", type="postgres"),
        "api": Service(name="api", type="process", env={"A": "{data.url}", "B": "{data.urk}"}),
    }
    named = Environment(name="e", services=services)
    (problem,) = wiring.problems(named)
    assert "did you mean {data.url}?" in problem.message
    assert wiring.dependencies(named)["api"] == ("data",)
