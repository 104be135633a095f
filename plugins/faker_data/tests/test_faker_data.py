"""The data generator `faker`."""

import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testflow_faker_data import FakerGenerator

from testflow_core.errors import DataError, Problem
from testflow_core.interfaces import ChecksDeclaration
from testflow_core.model import Entity, Json, Record, TestData

Declared = Mapping[str, tuple[int, Mapping[str, str]]]

ALL_TYPES = {
    "id": "uuid",
    "name": "name",
    "email": "email",
    "created_at": "timestamp",
    "details": "json",
    "kind": "enum:card,cash",
}


def data(entities: Declared, *, seed: int = 1, name: str = "shop") -> TestData:
    made = {entity: Entity(count=count, schema=schema) for entity, (count, schema) in entities.items()}
    return TestData(name=name, seed=seed, entities=made)


def records(entities: Declared, *, seed: int = 1, name: str = "shop") -> dict[str, list[Record]]:
    made = FakerGenerator().generate(data(entities, seed=seed, name=name))
    return {entity: list(rows) for entity, rows in made.items()}


def column(entities: Declared, entity: str, field: str, *, seed: int = 1, name: str = "shop") -> list[Json]:
    return [record[field] for record in records(entities, seed=seed, name=name)[entity]]


def problems(entities: Declared) -> list[Problem]:
    generator = FakerGenerator()
    assert isinstance(generator, ChecksDeclaration)
    return list(generator.problems(data(entities)))


class TestValues:
    def test_each_entity_has_its_count_and_its_fields_in_the_order_of_the_declaration(self):
        made = records(
            {"payments": (3, {"user": "ref:users.id", "id": "uuid"}), "users": (2, ALL_TYPES), "none": (0, ALL_TYPES)}
        )
        assert {entity: len(rows) for entity, rows in made.items()} == {"payments": 3, "users": 2, "none": 0}
        assert list(made) == ["payments", "users", "none"]
        assert list(made["payments"][0]) == ["user", "id"]
        assert list(made["users"][0]) == list(ALL_TYPES)

    def test_uuids_are_valid_and_of_version_4(self):
        made = [UUID(str(value)) for value in column({"users": (1000, ALL_TYPES)}, "users", "id")]
        assert {(value.version, value.variant) for value in made} == {(4, RFC_4122)}
        assert len(set(made)) == 1000

    def test_emails_are_unique_and_reach_nobody(self):
        made = column({"users": (1000, ALL_TYPES)}, "users", "email")
        assert all(re.fullmatch(r"[a-z]+\.[a-z]+\.\d+@example\.(com|net|org)", str(value)) for value in made)
        assert len(set(made)) == 1000

    def test_names_vary(self):
        made = column({"users": (1000, ALL_TYPES)}, "users", "name")
        assert all(isinstance(value, str) and " " in value for value in made)
        assert len(set(made)) > 900

    def test_timestamps_are_utc_in_the_year_before_the_epoch(self):
        made = [datetime.fromisoformat(str(value)) for value in column({"u": (1000, ALL_TYPES)}, "u", "created_at")]
        assert all(value.utcoffset() == timedelta(0) for value in made)
        assert datetime(2025, 1, 1, tzinfo=UTC) <= min(made) < datetime(2025, 1, 15, tzinfo=UTC)
        assert datetime(2025, 12, 17, tzinfo=UTC) < max(made) < datetime(2026, 1, 1, tzinfo=UTC)

    def test_json_is_a_nested_object(self):
        (made,) = column({"users": (1, ALL_TYPES)}, "users", "details")
        details = cast("Mapping[str, Json]", made)
        assert isinstance(details["address"], Mapping)
        assert json.loads(json.dumps(details)) == details

    def test_enumerations_take_each_of_their_values(self):
        made = column({"users": (1000, {"kind": "enum: card, cash ,voucher"})}, "users", "kind")
        assert {value: made.count(value) > 250 for value in made} == {"card": True, "cash": True, "voucher": True}

    @pytest.mark.parametrize("order", [["users", "payments", "refunds"], ["refunds", "payments", "users"]])
    def test_references_are_values_of_the_field_they_name_in_whatever_order_they_are_declared(self, order: list[str]):
        declared: Declared = {
            "users": (20, {"id": "uuid", "email": "email", "friend": "ref:users.id"}),
            "payments": (50, {"user_id": "ref:users.id", "receipt_to": "ref:users.email"}),
            "refunds": (50, {"user_id": "ref:payments.user_id"}),
        }
        made = records({entity: declared[entity] for entity in order})
        values = {(e, f): {str(row[f]) for row in rows} for e, rows in made.items() for f in declared[e][1]}
        assert values["payments", "user_id"] <= values["users", "id"]
        assert values["payments", "receipt_to"] <= values["users", "email"]
        assert values["refunds", "user_id"] <= values["payments", "user_id"]
        assert values["users", "friend"] <= values["users", "id"]
        assert len(values["payments", "user_id"]) > 10

    def test_entities_may_refer_to_each_other_by_different_fields(self):
        made = records({"a": (5, {"id": "uuid", "b": "ref:b.id"}), "b": (5, {"id": "uuid", "a": "ref:a.id"})})
        assert {str(row["b"]) for row in made["a"]} <= {str(row["id"]) for row in made["b"]}


class TestDeterminism:
    def test_the_same_declaration_gives_the_same_records(self):
        declared: Declared = {"users": (50, ALL_TYPES), "payments": (50, {"user_id": "ref:users.id"})}
        assert records(declared) == records(declared)

    def test_another_process_gives_the_same_records(self):
        program = (
            "import json\n"
            "from testflow_core.model import Entity, TestData\n"
            "from testflow_faker_data import FakerGenerator\n"
            f"data = TestData(name='shop', seed=1, entities={{'users': Entity(count=5, schema={ALL_TYPES!r})}})\n"
            "print(json.dumps({entity: list(rows) for entity, rows in FakerGenerator().generate(data).items()}))\n"
        )
        answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
        assert json.loads(answer.stdout) == records({"users": (5, ALL_TYPES)})

    def test_values_never_change(self):
        (made,) = records({"users": (1, ALL_TYPES)})["users"]
        assert (made["id"], made["created_at"], made["kind"]) == (
            "43045b6b-f6bf-40d9-91a0-46656ffc2820",
            "2025-01-23T21:15:46+00:00",
            "card",
        )

    @pytest.mark.parametrize("field", ALL_TYPES)
    def test_seed_data_set_entity_and_field_each_make_a_difference(self, field: str):
        schema = {field: ALL_TYPES[field], "other": ALL_TYPES[field]}
        declared: Declared = {"users": (30, schema), "people": (30, schema)}
        made = [
            column(declared, "users", field),
            column(declared, "users", field, seed=2),
            column(declared, "users", field, name="another"),
            column(declared, "people", field),
            column(declared, "users", "other"),
        ]
        assert len({json.dumps(values) for values in made}) == len(made)

    def test_the_random_numbers_of_others_are_left_alone(self):
        before = random.getstate()
        records({"users": (5, ALL_TYPES)})
        assert random.getstate() == before

    @settings(max_examples=30)
    @given(
        fields=st.dictionaries(
            st.sampled_from("abcdef"), st.sampled_from(["uuid", "name", "email", "json", "enum:x,y"]), min_size=1
        ),
        more=st.sampled_from(["uuid", "name", "json", "ref:users.kept"]),
        count=st.integers(1, 5),
        grown=st.integers(0, 5),
    )
    def test_more_fields_entities_and_records_shift_no_other_value(
        self, fields: dict[str, str], more: str, count: int, grown: int
    ):
        fields["kept"] = "name"
        before = records({"users": (count, fields)})["users"]
        declared: Declared = {
            "first": (2, {"id": "uuid", "x": "ref:users.kept"}),
            "users": (count + grown, {"new": more.replace("kept", next(iter(fields))), **fields}),
        }
        after = records(declared)["users"]
        assert [{field: record[field] for field in fields} for record in after[:count]] == before


class TestProblems:
    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("uid", r"unknown type 'uid'; did you mean 'uuid'\? \(known: uuid, name, first_name, "),
            ("UUID", r"did you mean 'uuid'\?"),
            ("uuid:4", r"unknown type 'uuid:4'; did you mean 'uuid'\?"),
            ("refs:users.id", r"did you mean 'ref:<entity>\.<field>'\?"),
            ("enun:a,b", r"did you mean 'enum:<value>,<value>'\?"),
            ("enum", r"did you mean 'enum:<value>,<value>'\?"),
            ("", r"unknown type '' \(known: uuid"),
            ("geometry", r"unknown type 'geometry' \(known: uuid"),
            ("enum:", r"'enum:' has no values; write them after the colon"),
            ("enum: , ", r"has no values"),
            ("enum:a,,b", r"'enum:a,,b' has an empty value"),
            (
                "ref:user.id",
                r"no entity 'user'; did you mean 'ref:users\.id'\? \(known: users\.id, users\.x\)",
            ),
            ("ref:users.ids", r"'users' has no field 'ids'; did you mean 'ref:users\.id'\?"),
            ("ref:users", r"it names no field; write 'ref:<entity>\.<field>'"),
            ("ref:", r"it names no field"),
        ],
    )
    def test_a_wrong_type_is_named_with_its_path_and_what_would_be_right(self, written: str, said: str):
        (problem,) = problems({"users": (1, {"id": "uuid", "x": written})})
        assert problem.path == "$.generators.users.schema.x"
        assert re.search(said, problem.message)

    def test_of_very_many_fields_the_first_and_the_number_are_named(self):
        (problem,) = problems({"users": (1, {**{f"f{number}": "uuid" for number in range(100)}, "x": "ref:zzz.q"})})
        assert problem.message.endswith("users.f19, and 81 more)")

    @pytest.mark.parametrize("count", [-1, 10_000_001])
    def test_an_impossible_count_is_named_with_what_is_possible(self, count: int):
        assert problems({"users": (count, {"id": "uuid"})}) == [
            Problem("$.generators.users.count", f"{count} records cannot be made; give a number from 0 to 10000000")
        ]

    def test_a_reference_to_an_entity_without_records_is_named(self):
        (problem,) = problems({"users": (0, {"id": "uuid"}), "payments": (1, {"user": "ref:users.id"})})
        assert problem.path == "$.generators.payments.schema.user"
        assert problem.message == "'ref:users.id' has nothing to refer to: 'users' has the count 0"

    def test_a_reference_that_no_record_needs_is_none(self):
        assert problems({"users": (0, {"id": "uuid"}), "payments": (0, {"user": "ref:users.id"})}) == []

    def test_a_cycle_is_named_once_with_its_way(self):
        found = problems(
            {
                "start": (1, {"x": "ref:a.x"}),
                "a": (1, {"x": "ref:b.y"}),
                "b": (1, {"y": "ref:c.z"}),
                "c": (1, {"z": "ref:a.x"}),
            }
        )
        assert found == [
            Problem("$.generators.a.schema.x", "refers to itself: a.x → b.y → c.z → a.x; give one of them a type")
        ]

    def test_every_cycle_is_named(self):
        found = problems({"a": (1, {"x": "ref:a.x"}), "b": (1, {"y": "ref:b.z", "z": "ref:b.y"})})
        assert [problem.path for problem in found] == ["$.generators.a.schema.x", "$.generators.b.schema.y"]

    def test_all_problems_come_at_once_and_generate_raises_them(self):
        declared: Declared = {"users": (-1, {"id": "uid"}), "payments": (1, {"user": "ref:nobody.id", "kind": "enum:"})}
        paths = [problem.path for problem in problems(declared)]
        assert paths == [
            "$.generators.users.count",
            "$.generators.users.schema.id",
            "$.generators.payments.schema.user",
            "$.generators.payments.schema.kind",
        ]
        with pytest.raises(DataError) as caught:
            records(declared)
        assert all(path in str(caught.value) for path in paths)
        assert "the generator 'faker' cannot make the data set 'shop'" in str(caught.value)

    def test_the_quickstart_has_no_problem(self):
        quickstart: Declared = {
            "users": (10, {"id": "uuid", "name": "name", "email": "email", "created_at": "timestamp"}),
            "payment_methods": (5, {"user_id": "ref:users.id", "type": "enum:credit_card,paypal", "details": "json"}),
        }
        assert problems(quickstart) == []

    def test_a_long_chain_of_references_is_followed(self):
        chain: dict[str, tuple[int, Mapping[str, str]]] = {"e0": (2, {"x": "uuid"})}
        chain |= {f"e{number}": (2, {"x": f"ref:e{number - 1}.x"}) for number in range(1, 3000)}
        assert column(chain, "e2999", "x")[0] in column(chain, "e0", "x")


class TestCost:
    def test_faker_is_imported_only_for_its_providers(self):
        program = (
            "import sys\n"
            "from testflow_core.model import Entity, TestData\n"
            "from testflow_faker_data import FakerGenerator\n"
            "def make(schema):\n"
            "    data = TestData(name='shop', entities={'users': Entity(count=1, schema=schema)})\n"
            "    return list(FakerGenerator().generate(data)['users'])\n"
            f"make({ALL_TYPES!r})\n"
            "assert 'faker' not in sys.modules\n"
            "make({'account': 'faker:iban'})\n"
            "assert 'faker' in sys.modules\n"
        )
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60)

    def test_a_thousand_entities_take_no_second(self):
        declared: Declared = {"users": (1000, ALL_TYPES), "payments": (1000, {"user": "ref:users.id", **ALL_TYPES})}
        started = time.perf_counter()
        records(declared)
        assert time.perf_counter() - started < 2
