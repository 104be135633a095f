"""What comes with the core to provide data and environments keeps its contracts."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from api_server import api

from testflow_core.builtin.destinations.files import FilesDestination, Format
from testflow_core.builtin.destinations.http import HttpDestination
from testflow_core.builtin.destinations.records import RecordsDestination
from testflow_core.builtin.destinations.sqlite import SqliteDestination
from testflow_core.model import Bench, DataSet, Entity, Environment, Service, TestData
from testflow_core.testing import MemoryData, MemoryDestination, MemoryProvisioner
from testflow_core.testing.contracts import (
    DataGeneratorContract,
    DestinationContract,
    DestinationWithCopies,
    ProvisionerContract,
    ProvisionerWithCopies,
)


class TestRecordsDestination(DestinationContract, DestinationWithCopies):
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


class TestFilesDestination(DestinationContract, DestinationWithCopies):
    @pytest.fixture
    def destination(self):
        return FilesDestination(formats=tuple(Format))

    @pytest.fixture
    def read(self):
        def records(loaded, _):
            directory = Path(loaded.variables["TESTFLOW_FILES"])
            if not directory.exists():
                return None
            lines = {path.stem: path.read_text("utf-8").split("\n")[:-1] for path in directory.glob("*.jsonl")}
            return {entity: [json.loads(line) for line in found] for entity, found in lines.items()}

        return records

    @pytest.fixture
    def impossible(self, destination, bench):
        return destination, DataSet(name="shop", records={"users": ({"id": {1, 2}},)}), bench


class TestSqliteDestination(DestinationContract, DestinationWithCopies):
    @pytest.fixture
    def destination(self):
        return SqliteDestination()

    @pytest.fixture
    def read(self):
        def records(loaded, data):
            if not Path(loaded.variables["TESTFLOW_SQLITE"]).exists():
                return None
            with closing(sqlite3.connect(loaded.variables["TESTFLOW_SQLITE"])) as database:
                return {entity: rows(database, entity) for entity in data.records}

        def rows(database, entity):
            found = database.execute(f'select * from "{entity}"')  # noqa: S608 - of the contract
            columns = [(name, kind) for _, name, kind, *_ in database.execute(f"pragma table_info('{entity}')")]
            return [
                {n: bool(v) if k == "boolean" else v for (n, k), v in zip(columns, row, strict=True)} for row in found
            ]

        return records

    @pytest.fixture
    def impossible(self, destination, bench):
        return destination, DataSet(name="shop", records={"users": ({"id": {1, 2}},)}), bench


class TestHttpDestination(DestinationContract):
    # What is behind the API is the same for all.
    apart = False

    @pytest.fixture
    def server(self):
        with api() as server:
            yield server

    @pytest.fixture
    def destination(self, server):
        return HttpDestination(url=server.url)

    @pytest.fixture
    def read(self, server):
        def records(_, data):
            found = {entity: [] for entity in data.records}
            for path, record in server.there.items():
                found[path.split("/")[2]].append(record)
            return found if any(found.values()) or not data.records else None

        return records

    @pytest.fixture
    def impossible(self, destination, bench):
        return destination, DataSet(name="shop", records={"users": ({"id": {1, 2}},)}), bench


class TestHttpDestinationWithCopies(DestinationContract, DestinationWithCopies):
    @pytest.fixture
    def server(self):
        with api() as server:
            yield server

    @pytest.fixture
    def destination(self, server):
        return HttpDestination(url=f"{server.url}{{copy}}")

    @pytest.fixture
    def read(self, server):
        def records(loaded, data):
            found = {entity: [] for entity in data.records}
            for path, record in server.there.items():
                _, _, copy, entity, _ = path.split("/")
                if copy == loaded.variables["TESTFLOW_HTTP_COPY"]:
                    found[entity].append(record)
            return found if any(found.values()) or not data.records else None

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
        """Where something was written, and how often it had been renewed before."""
        return set()

    @pytest.fixture
    def write(self, provisioner, written):
        return lambda endpoint: written.add((endpoint.host, provisioner.events.count(("renew", "two"))))

    @pytest.fixture
    def holds(self, provisioner, written):
        return lambda endpoint: (endpoint.host, provisioner.events.count(("renew", "two"))) in written
