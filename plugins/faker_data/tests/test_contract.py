"""The data generator `faker` keeps the contracts of its interface."""

import pytest
from testflow_faker_data import FakerGenerator

from testflow_core.model import Entity, TestData
from testflow_core.testing.contracts import (
    DataGeneratorContract,
    DataGeneratorThatChecks,
    DataGeneratorThatNamesItsCorpus,
    DataGeneratorWithReferences,
    DataGeneratorWithTables,
)

USER = {"id": "uuid", "name": "name", "email": "email", "since": "timestamp", "about": "json"}
ORDER = {"id": "uuid", "user": "ref:users.id", "paid": "enum:yes,no"}


class TestFakerGenerator(
    DataGeneratorContract,
    DataGeneratorThatChecks,
    DataGeneratorThatNamesItsCorpus,
    DataGeneratorWithReferences,
    DataGeneratorWithTables,
):
    @pytest.fixture
    def generator(self):
        return FakerGenerator()

    @pytest.fixture
    def data(self):
        entities = {"orders": Entity(count=20, schema=ORDER), "users": Entity(count=5, schema=USER)}
        return TestData(name="shop", entities=entities)

    @pytest.fixture(params=["uid", "ref:users.id", "ref:orders.nothing", "ref:orders.id", "enum:"])
    def impossible(self, generator, request):
        return generator, TestData(name="shop", entities={"orders": Entity(count=2, schema={"id": request.param})})
