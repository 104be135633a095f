"""The destination `http`."""

import pytest
from api_server import api

import testflow
from testflow_core.builtin.destinations.http import REMOVER, HttpDestination
from testflow_core.errors import DataError
from testflow_core.model import Bench, Column, ColumnType, DataSet, Entity, Table, TestData
from testflow_core.provisioning import ledger

ID = Column(name="id", type=ColumnType.INTEGER, unique=True)
TABLES = {
    "orders": Table(columns=(ID, Column(name="user", type=ColumnType.INTEGER, refers=("users", "id"))), key="id"),
    "users": Table(columns=(ID,), key="id"),
}
SHOP = DataSet(
    name="shop",
    records={"orders": ({"id": 7, "user": 1},), "users": ({"id": 1}, {"id": 2})},
    tables=TABLES,
)


@pytest.fixture(autouse=True)
def own_leases(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.fixture
def bench(tmp_path):
    return Bench(directory=tmp_path / "bench", checkout=tmp_path)


@pytest.fixture
def shop():
    with api() as server:
        yield server


def refusal(destination, bench, data=SHOP):
    with pytest.raises(DataError) as caught, destination.load(data, bench):
        pass
    return str(caught.value)


def test_what_is_referred_to_is_sent_first_and_deleted_last(shop, bench):
    destination = HttpDestination(url=shop.url, paths={"orders": "/v1/orders/"}, headers={"X-Team": "a"})
    with destination.load(SHOP, bench):
        assert shop.asked == ["POST /api/users 1", "POST /api/users 2", "POST /api/v1/orders/ 7"]
    assert shop.asked[3:] == ["DELETE /api/v1/orders/7", "DELETE /api/users/2", "DELETE /api/users/1"]
    assert shop.headers == ["a", "a", "a"]


@pytest.mark.parametrize("way", ["location", "numbered"])
def test_what_the_api_calls_a_record_is_deleted_by_that(shop, bench, way):
    setattr(shop, way, True)
    with HttpDestination(url=shop.url).load(SHOP, bench):
        assert len(shop.there) == 3
    assert shop.there == {}


def test_nothing_is_deleted_where_that_is_not_wanted(shop, bench):
    with HttpDestination(url=shop.url, remove=False).load(SHOP, bench):
        pass
    assert len(shop.there) == 3


@pytest.mark.parametrize("options", [{}, {"headers": {"X-Team": "{copy}"}}])
def test_records_stay_for_a_time_where_that_is_wished(shop, bench, options):
    url = shop.url.replace("http://", "http://me:secret@")
    with HttpDestination(url=url, **options).load(SHOP, bench) as loaded:
        assert loaded.keep(60.0) == shop.url.rstrip("/")
    assert len(shop.there) == 3
    assert testflow.clean() == ()
    assert len(testflow.clean(kept=True)) == 3
    assert shop.there == {}


def test_records_that_stay_anyway_are_not_kept_for_a_time(shop, bench):
    with HttpDestination(url=shop.url, remove=False).load(SHOP, bench) as loaded:
        assert loaded.keep is None


@pytest.mark.parametrize(
    "options",
    [{"paths": {"users": "/{copy}/users", "orders": "/{copy}/orders"}}, {"headers": {"X-Team": "{copy}"}}],
)
def test_a_copy_has_a_name_of_its_own_in_paths_and_headers(shop, bench, options):
    with HttpDestination(url=shop.url, **options).load(SHOP, bench) as loaded:
        assert loaded.clone is not None
        with loaded.clone() as copy:
            names = [each.variables["TESTFLOW_HTTP_COPY"] for each in (loaded, copy)]
            told = shop.headers if "headers" in options else [each.split("/")[2] for each in shop.asked]
            assert told == [names[0]] * 3 + [names[1]] * 3
            assert loaded.variables["TESTFLOW_HTTP"] == shop.url
    assert shop.there == {}


def test_without_a_name_of_its_own_there_is_no_copy(shop, bench):
    with HttpDestination(url=shop.url).load(SHOP, bench) as loaded:
        assert loaded.clone is None
        assert loaded.variables == {}


def test_a_record_that_is_refused_is_named_and_those_before_it_are_deleted(shop, bench):
    shop.refusing = {'"user"': 422}
    said = refusal(HttpDestination(url=shop.url), bench)
    assert f"orders[0] was refused by POST {shop.url}orders: 422 no such user" in said
    assert shop.there == {}


def test_what_cannot_be_sent_or_not_be_deleted_later_is_named(shop, bench):
    odd = DataSet(name="d", records={"users": ({"id": 1}, {"id": {1, 2}})})
    assert "users[1] cannot be sent" in refusal(HttpDestination(url=shop.url), bench, odd)
    assert "users[0] could not be deleted: neither it nor what was answered has the field 'name'" in refusal(
        HttpDestination(url=shop.url, key="name"), bench
    )


def test_what_is_not_deleted_is_told_and_tried_again(shop, bench):
    shop.refusing = {"DELETE": 500}
    assert "orders/7 of test data was refused: 500 never" in refusal(HttpDestination(url=shop.url), bench)
    shop.refusing = {}
    assert len(ledger.sweep(REMOVER)) == 3
    assert shop.there == {}


def test_nobody_who_answers_is_told_and_has_nothing_left(bench):
    with api() as server:
        url = server.url
    assert f"POST {url}users was not answered" in refusal(HttpDestination(url=url), bench)
    ledger.keep(REMOVER, "x", {"url": url, "path": "/users/1", "headers": {}}, -1)
    assert ledger.sweep() == []
    # Port 1 of a name that nobody has is nowhere, which is not the same.
    ledger.keep(REMOVER, "x", {"url": "http://shop.invalid:1", "path": "/users/1", "headers": {}}, -1)
    with pytest.raises(DataError, match=r"DELETE http://shop.invalid:1/users/1 was not answered"):
        ledger.sweep()


def test_mistakes_are_told_before_anything_is_sent():
    data = TestData(name="d", entities={"users": Entity(count=1, schema={"id": "uuid"})})
    found = [str(each) for each in HttpDestination(url="ftp://x", paths={"user": "/x"}).problems(data)]
    assert "$.destinations.http.paths.user: there is no entity 'user' (known: users)" in found[0]
    assert found[1] == "$.destinations.http.url: expected an address of http or https, got 'ftp://x'"
    assert list(HttpDestination(url="{shop.url}").problems(data)) == []


SERVICE = """
import http.server, json, os
from pathlib import Path

class Users(http.server.BaseHTTPRequestHandler):
    there = []

    def do_POST(self):
        self.there.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(201)
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.there).encode())

http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Users).serve_forever()
"""


def test_a_service_of_an_environment_is_sent_the_records_before_tests_start(tmp_path, monkeypatch):
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "test_users.py").write_text(
        "import json, os, urllib.request\n\n\ndef test_users(testflow_data):\n"
        "    place = os.environ['USERS_HOST'] + ':' + os.environ['USERS_PORT']\n"
        "    with urllib.request.urlopen(f'http://{place}/', timeout=10) as answer:\n"
        "        assert json.load(answer) == testflow_data['users']\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    options = {"url": "http://{users.host}:{users.port}", "remove": False}
    data = testflow.TestData("shop", destinations={"records": {}, "http": options})
    data.add_generator("users", {"count": 3, "schema": {"id": "uuid", "name": "name"}})
    environment = testflow.Environment("shop")
    environment.add_service("users", {"type": "process", "command": ["python", "service.py"], "ports": {"80": 0}})
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
    engine = testflow.Engine(applications={"shop": {"path": str(tmp_path)}}, provisioner="process")
    result = engine.execute(workflow, environment, test_data=data)
    assert [str(test.status) for test in result.results] == ["passed"], result.failed_tests[0].logs
