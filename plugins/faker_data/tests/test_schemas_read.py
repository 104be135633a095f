"""Schemas that are read from elsewhere make records that fit where they were read."""

import enum
import json
import sqlite3
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Optional
from uuid import UUID

import attrs
import jsonschema
import pydantic
import pytest
from testflow_faker_data import FakerGenerator
from testflow_faker_data.schemas import from_class, from_json_schema, from_sqlite

from testflow_core.errors import SpecError
from testflow_core.model import Entity, TestData


def made(schema, count=60):
    return FakerGenerator().generate(TestData(name="d", entities={"all": Entity(count=count, schema=schema)}))["all"]


def told(act, *given, **more):
    with pytest.raises(SpecError) as caught:
        act(*given, **more)
    return [str(problem) for problem in caught.value.problems]


ORDER = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["id", "state", "lines", "parent"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "buyer": {"$ref": "#/$defs/person"},
        "state": {"enum": ["open", "paid", 3, None]},
        "version": {"const": 2},
        "number": {"type": "string", "pattern": r"^[A-Z]{2}-\d{4}$"},
        "note": {"type": ["string", "null"], "minLength": 3, "maxLength": 9},
        "count": {"type": "integer", "minimum": 1, "exclusiveMaximum": 5},
        "low": {"type": "integer", "maximum": -1},
        "high": {"type": "number", "exclusiveMinimum": 7},
        "old": {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
        "rate": {"type": "number", "minimum": 0, "maximum": 1},
        "any": {"type": "number"},
        "gift": {"type": "boolean"},
        "nothing": {"type": "null"},
        "extra": {"type": "object"},
        "placed": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "time"},
        "address": {"type": "string", "format": "ipv4"},
        "six": {"type": "string", "format": "ipv6"},
        "host": {"type": "string", "format": "hostname"},
        "link": {"type": "string", "format": "uri"},
        "parent": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        "children": {"type": "array", "items": {"$ref": "#"}},
        "owner": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/person"}]},
        "lines": {
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {"properties": {"sku": {"type": "string"}}, "required": ["sku"]},
        },
    },
    "$defs": {
        "person": {
            "allOf": [
                {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
                {"properties": {"email": {"type": "string", "format": "email"}}, "required": ["email"]},
            ]
        }
    },
}


def test_records_are_valid_by_the_json_schema_that_they_were_read_from():
    schema = from_json_schema(ORDER)
    checker = jsonschema.Draft202012Validator(
        {**ORDER, "properties": {key: each for key, each in ORDER["properties"].items() if key != "old"}},
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    records = made(schema, 300)
    for record in records:
        checker.validate(record)
        assert record["old"] >= 2, "draft 4 says so beside the bound"
    assert "children" not in schema, "what contains itself ends somewhere"
    assert {record["state"] for record in records} == {"open", "paid", 3, None}
    assert {type(record["note"]) for record in records} == {str, type(None)}
    assert {record["parent"] for record in records} == {None}


def test_fields_are_given_what_their_names_say_where_any_text_will_do():
    schema = from_json_schema(
        {"properties": {"firstName": {"type": "string"}, "zip_code": {"type": "string"}, "x": {"type": "string"}}}
    )
    assert schema == {"firstName": "first_name", "zip_code": "postcode", "x": "text:1..40"}
    short = from_json_schema({"properties": {"name": {"type": "string", "maxLength": 5}}})
    assert all(len(record["name"]) <= 5 for record in made(short))


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"type": "text"}, "the type 'text' is unknown (known: string, integer,"),
        ({}, "it has no type"),
        (True, "True says nothing of what a value is"),
        ({"type": ["string", "integer"]}, "several types cannot be kept: string, integer"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "'anyOf' of several types"),
        ({"anyOf": [{"$ref": "#"}]}, "contains itself"),
        ({"not": {"type": "string"}}, "'not' cannot be kept"),
        ({"enum": []}, "'enum' has no values"),
        ({"type": "string", "format": "iban"}, "the format 'iban' is unknown (known: uuid, email,"),
        ({"type": "string", "format": "email", "maxLength": 9}, "a format that must have a length"),
        ({"type": "string", "pattern": "a+"}, "the pattern 'a+'"),
        ({"type": "string", "pattern": "a", "maxLength": 9}, "a pattern that must have a length"),
        ({"type": "integer", "multipleOf": 5}, "multiples of 5 cannot be kept"),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "no number is from 5 to 4"),
        ({"type": "array"}, "nothing says what its items are"),
        ({"type": "array", "uniqueItems": True, "items": {}}, "items that are different"),
        ({"type": "object", "required": ["a"]}, "its fields are not named"),
        ({"$ref": "other.json"}, "the reference 'other.json' leads out of the document"),
        ({"$ref": "#/$defs/none"}, "the reference '#/$defs/none' leads to nothing"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, None),
    ],
)
def test_what_a_json_schema_cannot_say_is_told_with_its_path_and_can_be_replaced(node, said):
    document = {"type": "object", "properties": {"a": {"type": "integer"}, "x": node}, "required": ["x"]}
    (problem,) = told(from_json_schema, document)
    assert problem.startswith("$.properties.x" + (f": {said}" if said else ".allOf[1]: it says of 'type' what another"))
    assert problem.endswith("give a type by replace={'$.properties.x" + ("" if said else ".allOf[1]") + "': ...}")
    assert from_json_schema(document, replace={"$.properties.x": "word"}) == {"a": "int", "x": "word"}


def test_every_mistake_is_told_at_once():
    document = {"properties": {"a": {"type": "x"}, "b": {"properties": {"c": {}}}}, "required": ["d"]}
    assert [each.split(": ")[0] for each in told(from_json_schema, document, replace={"$.properties.e": "word"})] == [
        "$.properties.a",
        "$.properties.b.properties.c",
        "$.required",
        "replace['$.properties.e']",
    ]
    assert told(from_json_schema, document, replace={"$.properties.aa": "word"})[-1].endswith("'$.properties.a'?")
    assert told(from_json_schema, {"type": "string"}) == [
        "$: a record is an object with 'properties'; this schema has none"
    ]
    required = {"properties": {"a": {"$ref": "#"}}, "required": ["a"]}
    assert "it contains itself: # → #" in told(from_json_schema, required)[0]


class Plan(enum.Enum):
    FREE = "free"
    PRO = 2


@dataclass
class Address:
    city: str
    zip: str
    lines: list[str]


@dataclass
class User:
    id: UUID
    name: str
    age: int
    score: float
    member: bool
    born: date
    seen: datetime
    limit: Decimal
    plan: Plan
    role: Literal["admin", "guest"]
    home: Address
    nick: str | None
    tags: tuple[str, ...]
    boss: Optional["User"] = None
    reports: list["User"] = field(default_factory=list)
    note: Annotated[str, "for people"] = ""
    hash: int = field(init=False, default=0)


def test_a_dataclass_is_made_by_its_records():
    schema = from_class(User)
    for record in made(schema):
        user = User(**record)
        assert UUID(user.id)
        assert isinstance(user.age, int)
        assert isinstance(user.member, bool)
        assert date.fromisoformat(user.born)
        assert datetime.fromisoformat(user.seen)
        assert Decimal(user.limit) < 1000
        assert Plan(user.plan)
        assert user.role in ("admin", "guest")
        assert Address(**user.home).city
        assert user.boss is None
        assert user.reports == []
    assert schema["name"] == "name"
    assert schema["nick"]["null"] == 0.1
    assert "hash" not in schema


@attrs.frozen
class Card:
    _number: int = attrs.field(validator=attrs.validators.instance_of(int))
    owner: str
    limit: int = attrs.field(validator=attrs.validators.ge(3), default=3)


def test_a_class_of_attrs_is_made_by_the_names_of_its_arguments():
    assert told(from_class, Card)[0].startswith(
        "$.limit: what its validator accepts is not known: <Validator for x >= 3"
    )
    for record in made(from_class(Card, replace={"$.limit": "int:3..9"})):
        Card(**record)


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=2, max_length=8)
    email: str = pydantic.Field(pattern=r"^[a-z]{3}@example\.com$")
    born: date | None
    plan: Plan
    friends: list["Person"] = []


class Team(pydantic.BaseModel):
    lead: Person
    size: Annotated[int, pydantic.Field(gt=0, lt=9)]


@dataclass
class Company:
    team: Team


@pytest.mark.parametrize("model", [Person, Team])
def test_a_model_of_pydantic_accepts_its_records(model):
    for record in made(from_class(model)):
        model.model_validate_json(json.dumps(record))


def test_a_model_within_a_class_is_read_too():
    assert Team(**made(from_class(Company))[0]["team"])


class Loop:
    pass


@dataclass
class Odd:
    a: dict[str, int]
    b: int | str
    c: "Odd"
    d: set[int]
    e: object
    f: Literal["x"]


def test_what_a_class_cannot_say_is_told_with_its_path():
    assert [each.split("; ")[0] for each in told(from_class, Odd)] == [
        "$.a: the type dict[str, int] cannot be said",
        "$.b: one of several types cannot be kept: int, str",
        "$.c: Odd contains itself",
        "$.d: items that are different cannot be kept",
        "$.e: the type object cannot be said",
    ]
    assert "is neither a dataclass, nor of attrs" in told(from_class, Loop)[0]
    unknown = attrs.make_class("Unknown", {"a": attrs.field(type="Nowhere")})
    assert "cannot be read: name 'Nowhere' is not defined" in told(from_class, unknown)[0]
    values = enum.Enum("values", {"A": object()})
    assert "its values are not JSON" in told(from_class, attrs.make_class("C", {"a": attrs.field(type=values)}))[0]


SHOP = """
create table users (id integer primary key, email varchar(200) not null unique, name text, born date,
  boss integer references users, plan text not null check (plan in ('free', 'it''s')), score numeric(5, 2) not null,
  code char(4) not null, active boolean not null, shown text generated always as (name) virtual);
create table products (sku varchar(8) primary key, price decimal(10, 2), weight real, added datetime, n smallint);
create table lines (id integer primary key, buyer integer not null references users(id),
  product varchar(8) not null references products, note);
"""


def test_records_go_into_the_tables_that_they_were_read_from(tmp_path):
    path = tmp_path / "shop.db"
    database = sqlite3.connect(path)
    database.executescript(SHOP)
    schemas = from_sqlite(path)
    assert list(schemas) == ["users", "products", "lines"]
    entities = {name: Entity(count=50, schema=schema) for name, schema in schemas.items()}
    records = FakerGenerator().generate(TestData(name="shop", entities=entities))
    database.execute("pragma foreign_keys = on")
    for name, rows in records.items():
        fields = list(schemas[name])
        command = f"insert into {name} ({', '.join(fields)}) values ({', '.join('?' * len(fields))})"  # noqa: S608
        database.executemany(command, [[row[each] for each in fields] for row in rows])
    assert database.execute("pragma foreign_key_check").fetchall() == []
    assert {len(row["code"]) for row in records["users"]} == {4}
    assert max(float(row["score"]) for row in records["users"]) <= 999.99
    assert from_sqlite(database, ["products"]).keys() == {"products"}
    database.close()


def test_what_tables_cannot_say_is_told_with_its_path(tmp_path):
    database = sqlite3.connect(":memory:")
    database.executescript(
        """
        create table a (id integer primary key, x blob, y int, z int, check (y < z));
        create table b (one int, two int, unique (one, two));
        create table c (one int, two int, primary key (one, two), foreign key (one, two) references b (one, two));
        """
    )
    assert [each.split("; ")[0].split(" (known")[0] for each in told(from_sqlite, database)] == [
        "$.a.x: the type 'blob' cannot be said",
        "$.a.z: the condition 'y < z' cannot be kept",
        "$.b.two: a key of several columns (one, two) cannot be kept",
        "$.c.two: a key of several columns (one, two) cannot be kept",
        "$.c.two: a reference of several columns (one, two) cannot be kept",
    ]
    given = {"$.a.x": "word", "$.a.y": "int:0..3", "$.b.one": "sequence", "$.c.one": "sequence", "$.c.two": "sequence"}
    assert list(from_sqlite(database, replace=given)) == ["a", "b", "c"]
    assert told(from_sqlite, database, ["d"]) == ["$.d: there is no such table (known: a, b, c)"]
    database.close()
    (tmp_path / "no.db").write_text("no database at all, and long enough to be looked at" * 30)
    assert "its tables cannot be read" in told(from_sqlite, tmp_path / "no.db")[0]
    assert "its tables cannot be read" in told(from_sqlite, tmp_path / "missing.db")[0]
