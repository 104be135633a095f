"""The contract of data generators."""

from __future__ import annotations

import json

import pytest
from attrs import evolve

from testflow_core.errors import DataError
from testflow_core.interfaces import ChecksDeclaration, DataGenerator, DescribesTables, NamesCorpus
from testflow_core.model import Record, TestData
from testflow_core.testing.contracts.samples import to_be_answered

_REFERENCE = "ref:"


def _made(generator: DataGenerator, data: TestData) -> dict[str, tuple[Record, ...]]:
    return {entity: tuple(records) for entity, records in generator.generate(data).items()}


class DataGeneratorContract:
    """What holds of every DataGenerator."""

    @pytest.fixture
    def generator(self) -> DataGenerator:
        """The plugin."""
        raise to_be_answered("generator", "the DataGenerator under test")

    @pytest.fixture
    def data(self) -> TestData:
        """A declaration it can make."""
        raise to_be_answered("data", "a TestData with every field type that the generator knows")

    @pytest.fixture
    def impossible(self) -> tuple[DataGenerator, TestData]:
        """The plugin, and a declaration it cannot make."""
        raise to_be_answered("impossible", "a DataGenerator and a TestData that it cannot make")

    def test_every_entity_has_as_many_records_as_are_declared(self, generator: DataGenerator, data: TestData) -> None:
        counts = {entity: len(records) for entity, records in _made(generator, data).items()}
        assert counts == {name: entity.count for name, entity in data.entities.items()}

    def test_every_record_has_the_declared_fields(self, generator: DataGenerator, data: TestData) -> None:
        for entity, records in _made(generator, data).items():
            for record in records:
                assert set(record) == set(data.entities[entity].schema), f"a record of {entity!r} has other fields"

    def test_the_same_declaration_gives_the_same_records(self, generator: DataGenerator, data: TestData) -> None:
        assert _made(generator, data) == _made(generator, data), "whoever repeats a run wants its data again"

    def test_records_are_json(self, generator: DataGenerator, data: TestData) -> None:
        made = _made(generator, data)
        assert json.loads(json.dumps(made, allow_nan=False)) == {entity: list(rows) for entity, rows in made.items()}

    def test_no_entity_is_no_record(self, generator: DataGenerator) -> None:
        assert _made(generator, TestData(name="nothing")) == {}

    def test_an_entity_of_which_none_is_asked_for_has_no_record(self, generator: DataGenerator, data: TestData) -> None:
        none = {name: evolve(entity, count=0) for name, entity in data.entities.items()}
        assert _made(generator, evolve(data, entities=none)) == dict.fromkeys(none, ())

    def test_what_cannot_be_made_is_a_data_error_before_a_record(
        self, impossible: tuple[DataGenerator, TestData]
    ) -> None:
        generator, data = impossible
        with pytest.raises(DataError) as caught:
            # Not iterated: what can be known is said before the first record is made.
            generator.generate(data)
        assert str(caught.value).strip(), "say which field cannot be made, and why"


class DataGeneratorWithReferences:
    """What holds of a DataGenerator that knows the type `ref:entity.field`; inherited beside DataGeneratorContract."""

    def test_references_lead_to_records_that_are_there(self, generator: DataGenerator, data: TestData) -> None:
        made = _made(generator, data)
        references = [
            (entity, field, *written.removeprefix(_REFERENCE).split(".", 1))
            for entity, declared in data.entities.items()
            for field, written in declared.schema.items()
            if isinstance(written, str) and written.startswith(_REFERENCE)
        ]
        assert references, "the declaration of `data` has a field of the type `ref:entity.field`"
        for entity, field, other, key in references:
            there = [record[key] for record in made[other]]
            assert all(record[field] in there for record in made[entity]), f"{entity}.{field} leads to no {other}.{key}"


class DataGeneratorThatNamesItsCorpus:
    """What holds of a DataGenerator that has `corpus`; inherited beside DataGeneratorContract."""

    def test_it_is_found_to_name_its_corpus(self, generator: DataGenerator) -> None:
        assert isinstance(generator, NamesCorpus), "the core asks whoever has the method `corpus`"

    def test_the_corpus_is_the_same_each_time_and_text(self, generator: NamesCorpus, data: TestData) -> None:
        named = dict(generator.corpus(data))
        assert named, "say at least the version of what draws values: else the core takes the records themselves"
        assert named == dict(generator.corpus(data)), "whoever repeats a run has the same version"
        assert all(isinstance(each, str) for pair in named.items() for each in pair), "names and versions are text"  # pyright: ignore[reportUnnecessaryIsInstance] - of a plugin without types


class DataGeneratorThatChecks:
    """What holds of a DataGenerator that has `problems`; inherited beside DataGeneratorContract."""

    def test_it_is_found_to_check(self, generator: DataGenerator) -> None:
        assert isinstance(generator, ChecksDeclaration), "the core asks whoever has the method `problems`"

    def test_what_can_be_made_has_no_problem(self, generator: ChecksDeclaration[TestData], data: TestData) -> None:
        assert list(generator.problems(data)) == []

    def test_what_cannot_be_made_is_told_with_its_path(
        self, impossible: tuple[ChecksDeclaration[TestData], TestData]
    ) -> None:
        generator, data = impossible
        found = list(generator.problems(data))
        assert found, "what `generate` refuses is told here already"
        for problem in found:
            assert problem.path.startswith("$"), (
                f"{problem.path!r} leads from the declaration's root `$` to the mistake"
            )
            assert problem.message.strip(), "say what is wrong, and what is known instead"


class DataGeneratorWithTables:
    """What holds of a DataGenerator that tells tables; inherited beside DataGeneratorContract."""

    def test_it_is_found_to_describe_tables(self, generator: DataGenerator) -> None:
        assert isinstance(generator, DescribesTables), "the core asks whoever has the method `tables`"

    def test_every_entity_has_a_table_with_its_fields(self, generator: DescribesTables, data: TestData) -> None:
        told = {name: [column.name for column in table.columns] for name, table in generator.tables(data).items()}
        assert told == {name: list(entity.schema) for name, entity in data.entities.items()}

    def test_what_a_table_says_of_its_columns_holds_for_the_records(
        self, generator: DataGenerator, data: TestData
    ) -> None:
        made = _made(generator, data)
        assert isinstance(generator, DescribesTables)
        for name, table in generator.tables(data).items():
            for column in table.columns:
                place = f"{name}.{column.name}"
                values = [record[column.name] for record in made[name]]
                there = [json.dumps(value, sort_keys=True) for value in values if value is not None]
                assert column.nullable or len(there) == len(values), f"{place} is told to be never null"
                key = column.name == table.key
                assert not (column.unique or key) or len(set(there)) == len(there), f"{place} is told to be unique"
                if column.refers is not None:
                    entity, field = column.refers
                    others = {json.dumps(record[field], sort_keys=True) for record in made[entity]}
                    assert set(there) <= others, f"{place} leads to no {entity}.{field}"
