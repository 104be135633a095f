"""What comes with the core to provide data and environments keeps its contracts."""

import json
from pathlib import Path

import pytest

from testflow_core.builtin.destinations.records import RecordsDestination
from testflow_core.model import Bench, DataSet, Entity, Environment, Service, TestData
from testflow_core.testing import MemoryData, MemoryDestination, MemoryProvisioner
from testflow_core.testing.contracts import (
    DataGeneratorContract,
    DestinationContract,
    ProvisionerContract,
    ProvisionerWithCopies,
)


class TestRecordsDestination(DestinationContract):
    @pytest.fixture
    def destination(self):
        return RecordsDestination()

    @pytest.fixture
    def read(self):
        def records(loaded, _):
            path = Path(loaded.variables["TESTFLOW_DATA"])
            return json.loads(path.read_text("utf-8")) if path.exists() else None

        return records

    @pytest.fixture
    def impossible(self, destination, bench):
        return destination, DataSet(name="shop", records={"users": ({"id": {1, 2}},)}), bench


class TestMemoryDestination(DestinationContract):
    @pytest.fixture
    def destination(self):
        return MemoryDestination()

    @pytest.fixture
    def read(self, destination):
        return lambda _, data: data.records if any(each is data for each in destination.loaded.values()) else None

    @pytest.fixture
    def impossible(self, tmp_path):
        bench = Bench(directory=tmp_path, checkout=tmp_path)
        return MemoryDestination(failure="disk full"), DataSet(name="shop", records={}), bench


class TestMemoryData(DataGeneratorContract):
    @pytest.fixture
    def generator(self):
        return MemoryData()

    @pytest.fixture
    def data(self):
        return TestData(name="shop", entities={"users": Entity(count=3, schema={"id": "uuid", "name": "name"})})

    @pytest.fixture
    def impossible(self, data):
        return MemoryData(failure="no such type"), data


class TestMemoryProvisioner(ProvisionerContract, ProvisionerWithCopies):
    reachable = False
    services = {
        "two": Environment(
            name="two",
            services={
                "db": Service(name="db", type="postgres", ports={5432: 0}),
                "api": Service(name="api", type="docker", ports={80: 0}, env={"DB": "{db.url}"}),
            },
        )
    }
    failures = {
        "one": (Environment(name="one", services={"bad": Service(name="bad", type="process")}), "the log of it"),
    }

    copied = {"two": services["two"]}

    @pytest.fixture
    def provisioner(self):
        return MemoryProvisioner(failing={"bad": "the log of it"}, copied=("db",))

    @pytest.fixture
    def written(self):
        """Where something was written, and how many resets there were before."""
        return set()

    @pytest.fixture
    def write(self, provisioner, written):
        return lambda endpoint: written.add((endpoint.host, provisioner.events.count(("reset", "two"))))

    @pytest.fixture
    def holds(self, provisioner, written):
        return lambda endpoint: (endpoint.host, provisioner.events.count(("reset", "two"))) in written
