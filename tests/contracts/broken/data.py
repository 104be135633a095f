"""Data generators and destinations that each break their contract in many ways."""

import itertools
import json
from contextlib import contextmanager, nullcontext

import pytest
from attrs import evolve

from testflow_core.errors import DataError, Problem
from testflow_core.interfaces import DataGenerator, Destination
from testflow_core.model import Bench, Column, DataSet, Entity, Loaded, Table, TestData
from testflow_core.testing import contracts

COUNT = itertools.count()
"""What makes every answer another one."""


class Loose(DataGenerator):
    def generate(self, data):
        if data.name == "impossible":
            return self.later()
        made = {name: [{"id": next(COUNT), "x": {1}, "user": "nobody"}] for name in data.entities}
        return {**made, "more": []}

    def later(self):
        raise DataError("")
        yield

    def problems(self, data):
        return [] if data.name == "impossible" else [Problem("", "")]

    def tables(self, data):
        columns = (Column(name="user", type=None, refers=("users", "id")),)
        return dict.fromkeys(data.entities, Table(columns=columns))


class TestLoose(
    contracts.DataGeneratorContract,
    contracts.DataGeneratorWithReferences,
    contracts.DataGeneratorThatChecks,
    contracts.DataGeneratorWithTables,
):
    generator = pytest.fixture(lambda self: Loose())
    impossible = pytest.fixture(lambda self: (Loose(), TestData(name="impossible")))

    @pytest.fixture
    def data(self):
        users = Entity(count=2, schema={"id": "uuid"})
        return TestData(name="d", entities={"users": users, "orders": Entity(count=2, schema={"user": "ref:users.id"})})


class Drifting(DataGenerator):
    generate = Loose.generate

    def corpus(self, data):
        return {"words": next(COUNT)}


class TestDrifting(contracts.DataGeneratorThatNamesItsCorpus):
    generator = pytest.fixture(lambda self: Drifting())
    data = pytest.fixture(lambda self: TestData(name="d"))


class TestUnnamed(contracts.DataGeneratorThatNamesItsCorpus):
    generator = pytest.fixture(lambda self: Loose())
    data = pytest.fixture(lambda self: TestData(name="d"))


class Unchecked(DataGenerator):
    generate = Loose.generate
    later = Loose.later


class TestUnchecked(contracts.DataGeneratorThatChecks, contracts.DataGeneratorWithTables):
    generator = pytest.fixture(lambda self: Unchecked())
    data = pytest.fixture(lambda self: TestData(name="d"))
    impossible = pytest.fixture(lambda self: (Loose(), TestData(name="impossible")))


class Sticky(Destination):
    """One file for all, which stays."""

    @contextmanager
    def load(self, data, bench):
        path = bench.checkout / "data.json"
        if path.exists():
            raise DataError(" ")
        path.write_text(json.dumps({**data.records, "more": []}))
        there = Loaded(variables={"THE FILE": path})
        yield evolve(there, clone=lambda: nullcontext(there))


class TestSticky(contracts.DestinationContract, contracts.DestinationWithCopies):
    destination = pytest.fixture(lambda self: Sticky())

    @pytest.fixture
    def read(self):
        return lambda loaded, data: json.loads(loaded.variables["THE FILE"].read_text())

    @pytest.fixture
    def impossible(self, tmp_path):
        return Sticky(), DataSet(name="d", records={}), Bench(directory=tmp_path, checkout=tmp_path)
