"""MariaDB, RabbitMQ and Chromium as containers: made of Debian's packages, run as the official images are."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from attrs import evolve
from testflow_docker_env import DockerProvisioner

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Readiness, Service, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    Of = Callable[..., Environment]
    Made = Callable[[str], str]

SOON = timedelta(seconds=60)
CREATES = "create table things (name varchar(20) primary key);\ninsert into things values ('größer'), ('klein');\n"
# Publishes a message, and takes it out again: a connection, a channel, a queue.
AMQP = """
import os, socket, struct, sys
from urllib.parse import unquote, urlsplit
url = urlsplit(os.environ["ASKED"])
connection = socket.create_connection((url.hostname, url.port), timeout=20)
stream = connection.makefile("rwb")
def short(text): return bytes([len(text)]) + text
def long(text): return struct.pack(">I", len(text)) + text
def frame(kind, channel, payload):
    stream.write(struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\\xce")
    stream.flush()
def method(channel, number, arguments=b""): frame(1, channel, struct.pack(">HH", *number) + arguments)
def answer():
    kind, _, size = struct.unpack(">BHI", stream.read(7))
    payload = stream.read(size + 1)[:-1]
    return (struct.unpack(">HH", payload[:4]), payload[4:]) if kind == 1 else (kind, payload)
def await_(number):
    got, payload = answer()
    assert got == number, (got, payload)
stream.write(b"AMQP\\0\\0\\x09\\x01"); stream.flush()
await_((10, 10))
login = b"\\0" + unquote(url.username).encode() + b"\\0" + unquote(url.password).encode()
method(0, (10, 11), long(b"") + short(b"PLAIN") + long(login) + short(b"en_US"))
await_((10, 30))
method(0, (10, 31), struct.pack(">HIH", 2047, 131072, 0))
method(0, (10, 40), short(unquote(url.path[1:]).encode()) + short(b"") + b"\\0")
await_((10, 41))
method(1, (20, 10), short(b""))
await_((20, 11))
method(1, (50, 10), struct.pack(">H", 0) + short(b"letters") + b"\\x02" + long(b""))
await_((50, 11))
if sys.argv[1:] == ["publish"]:
    method(1, (60, 40), struct.pack(">H", 0) + short(b"") + short(b"letters") + b"\\0")
    frame(2, 1, struct.pack(">HHQHB", 60, 0, 5, 0x1000, 2))
    frame(3, 1, b"hello")
method(1, (60, 70), struct.pack(">H", 0) + short(b"letters") + b"\\0")
await_((60, 71))
assert answer()[0] == 2
assert answer() == (3, b"hello")
"""


def database(image: str, kind: str = "mariadb", **config: object) -> Service:
    return Service(name="db", type=kind, image=image, config=config)  # pyright: ignore[reportArgumentType] (the tests' own values)


def client(image: str, script: str, env: dict[str, str]) -> Service:
    """A container of its own, ready once a script there has said that all is well."""
    return Service(
        name="client",
        type="docker",
        image=image,
        command=(f"{script} && echo all is well && exec sleep 1000",),
        config={"entrypoint": ["sh", "-c"]},
        env=env,
        readiness=Readiness(log="all is well", timeout=SOON),
    )


def asking(image: str, query: str, answered: str) -> Service:
    login = 'mariadb -h {db.host} -P {db.port} -u "{db.user}" "{db.database}" --default-character-set=utf8mb4'
    return client(image, f"{login} -BN -e '{query}' | grep -x '{answered}'", {"MYSQL_PWD": "{db.password}"})


@pytest.mark.parametrize("kind", ["mariadb", "mysql"])
def test_a_database_has_its_schemas_and_is_reached_from_both_sides(
    made_image: Made, site: Site, environment: Of, kind: str
):
    image = made_image("mariadb")
    (site.workspace / "my things.sql").write_text(CREATES)
    (site.workspace / "more.sql").write_text("insert into things values ('mehr');\n")
    asks = asking(image, 'select count(*), max(name) from things where name like "%"', "3.mehr")
    with DockerProvisioner().provision(
        environment(asks, database(image, kind, schemas=["my things.sql", "more.sql"])), site
    ) as up:
        db = up.endpoints["db"]
        url = urlsplit(db.url or "")
        assert (url.scheme, url.username, url.path) == ("mysql", "root", "/db")
        assert (url.hostname, url.port, url.password) == ("127.0.0.1", db.port, db.password)
        assert len(db.password or "") >= 24
        assert (db.password or "") not in up.logs["db"].read_text()
        assert list(db.ports) == [3306]


def test_a_database_has_the_account_and_the_settings_that_are_declared(made_image: Made, site: Site, environment: Of):
    image = made_image("mariadb")
    config = {"port": 0, "user": "me & you", "password": "p$w d", "database": "My = DB"}
    db = evolve(database(image, **config), command=("--max-connections=77",), ports={3306: 0})
    asks = asking(image, 'select substring_index(user(), "@", 1), database(), @@max_connections', "me & you.My = DB.77")
    with DockerProvisioner().provision(environment(asks, db), site) as up:
        assert (up.endpoints["db"].user, up.endpoints["db"].database) == ("me & you", "My = DB")
        assert (
            up.endpoints["db"].url
            == f"mysql://me%20%26%20you:p%24w%20d@127.0.0.1:{up.endpoints['db'].port}/My%20%3D%20DB"
        )


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("create table a (x int);\n\ncreate tabel b (x int);\n", r"an SQL error in .*/bad\.sql, line 3: .*tabel"),
        ("select sleep(1000);\n", r"bad\.sql: it did not end within 2 s"),
    ],
)
def test_a_schema_that_cannot_be_loaded_is_told_with_its_file(
    made_image: Made, site: Site, environment: Of, monkeypatch: pytest.MonkeyPatch, schema: str, said: str
):
    monkeypatch.setattr("testflow_docker_env.mysql._SQL_LIMIT", 2.0)
    (site.workspace / "bad.sql").write_text(schema)
    db = database(made_image("mariadb"), schemas=["bad.sql"])
    with (
        pytest.raises(ProvisionError, match=said),
        DockerProvisioner().provision(environment(db), site),
    ):
        pytest.fail("it never came up")


def test_an_account_that_cannot_log_in_is_told(made_image: Made, site: Site, environment: Of):
    db = evolve(database(made_image("mariadb")), env={"MARIADB_ROOT_PASSWORD": "another"})
    with (
        pytest.raises(ProvisionError, match="db could not be prepared: the account: ERROR 1045"),
        DockerProvisioner().provision(environment(db), site),
    ):
        pytest.fail("it never came up")


@pytest.mark.parametrize("fault", ["stop", "kill"])
def test_a_database_has_its_data_after_a_fault(made_image: Made, site: Site, environment: Of, fault: str):
    image = made_image("mariadb")
    (site.workspace / "things.sql").write_text(CREATES)
    # It goes on asking, and says so each time that it was answered.
    login = 'mariadb -h {db.host} -u root db --connect-timeout=2 -BN -e "select count(*) from things"'
    asks = client(image, f"while true; do {login} && echo all is well; sleep 0.2; done", {"MYSQL_PWD": "{db.password}"})
    services = environment(asks, database(image, schemas=["things.sql"]))
    with DockerProvisioner().provision(services, evolve(site, faults=True)) as up:
        assert up.inject is not None
        undo = up.inject(fault, "db", 0.0)
        undo()
        answered = up.logs["client"].read_text().count("all is well")
        deadline = time.monotonic() + SOON.total_seconds()
        while up.logs["client"].read_text().count("all is well") == answered:
            assert time.monotonic() < deadline


@pytest.mark.parametrize(("vhost", "path"), [("/", "%2F"), ("my shop", "my%20shop")])
def test_a_queue_is_used_from_both_sides(made_image: Made, site: Site, environment: Of, vhost: str, path: str):
    image = made_image("rabbitmq")
    queue = Service(name="My queue!", type="rabbitmq", image=image, config={"vhost": vhost, "port": 0})
    program = AMQP.replace("{", "{{").replace("}", "}}")
    asks = client(image, 'ASKED="$MY_QUEUE__URL" python3 -c "$PROGRAM" publish', {"PROGRAM": program})
    services = environment(evolve(asks, depends_on=("My queue!",)), queue)
    with DockerProvisioner().provision(services, site) as up:
        endpoint = up.endpoints["My queue!"]
        assert endpoint.url == f"amqp://rabbitmq:{endpoint.password}@127.0.0.1:{endpoint.port}/{path}"
        assert (endpoint.password or "?") not in up.logs["My queue!"].read_text()
        ran = subprocess.run(
            [sys.executable, "-c", AMQP, "publish"], env={"ASKED": endpoint.url}, check=False, capture_output=True
        )
        assert ran.returncode == 0, ran.stderr.decode()


def call(url: str, verb: str, body: object = None) -> object:
    request = urllib.request.Request(url, method=verb, data=None if body is None else json.dumps(body).encode())  # noqa: S310 (our own server)
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)["value"]


@pytest.mark.parametrize("kind", ["chrome", "selenium"])
def test_a_browser_is_driven_at_its_url(made_image: Made, site: Site, environment: Of, kind: str):
    image = made_image("chromium")
    page = Service(
        name="page",
        type="docker",
        image="busybox:latest",
        command=("sh", "-c", "echo '<title>Shop</title>' > /index.html; exec httpd -f -p 80 -h /"),
        ports={80: 0},
    )
    browser = Service(name="browser", type=kind, image=image, config={"port": 0})
    sees = client(
        image,
        "python3 -c \"import os, urllib.request as r; r.urlopen(os.environ['HUB'] + '/status')\"",
        {"HUB": "{browser.url}"},
    )
    with DockerProvisioner().provision(environment(page, browser, sees), site) as up:
        url = up.endpoints["browser"].url or ""
        assert url == f"http://127.0.0.1:{up.endpoints['browser'].port}/wd/hub"
        words = ["--headless", "--no-sandbox"]
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": {"args": words}}}
        session = call(f"{url}/session", "POST", {"capabilities": wanted})
        assert isinstance(session, dict)
        here = f"{url}/session/{session['sessionId']}"
        call(f"{here}/url", "POST", {"url": "http://page/"})
        assert call(f"{here}/title", "GET") == "Shop"
        assert call(f"{here}/execute/sync", "POST", {"script": "return 6 * 7", "args": []}) == 42
        call(here, "DELETE")
