"""Environments made of services, by a provisioner that starts small Python programs."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve
from servers import SERVER, Servers, accepts, environment, pids, server

from testflow_core.errors import ProvisionError
from testflow_core.interfaces import ChecksDeclaration
from testflow_core.model import Application, Readiness, Service, Site
from testflow_core.provisioning.process_tree import descendants, read_process


def test_services_come_up_in_order_and_go_down_in_reverse(site: Site):
    with Servers().provision(environment(server("c", "b"), server("b", "a"), server("a")), site) as up:
        assert list(up.endpoints) == ["a", "b", "c"]
        assert all(accepts(endpoint.port) for endpoint in up.endpoints.values())
        assert (site.workspace / "prepared").read_text() == "a b c "
        assert "ready" in up.logs["a"].read_text()
        running = pids(site)
        assert len([pid for pid in running if read_process(pid)]) == 3
    assert (site.workspace / "ends").read_text() == "ended c\nended b\nended a\n"
    assert [pid for pid in running if read_process(pid)] == []
    assert not any(accepts(endpoint.port) for endpoint in up.endpoints.values())
    assert not site.directory.exists()


def test_a_service_knows_those_that_it_needs_and_nothing_of_others(site: Site):
    api = Service(name="api", type="server", env={"DB": "at {db.host}:{db.port}, me {port}"})
    with Servers().provision(environment(api, server("db"), server("other")), site) as up:
        db, me = up.endpoints["db"].port, up.endpoints["api"].port
        told = (up.logs["api"].with_suffix("") / "env").read_text()
        assert told == repr([("DB", f"at 127.0.0.1:{db}, me {me}"), ("DB_HOST", "127.0.0.1"), ("DB_PORT", f"{db}")])
        assert up.variables["OTHER_HOST"] == "127.0.0.1"
        assert set(up.variables) == {f"{name}_{what}" for name in ("API", "DB", "OTHER") for what in ("HOST", "PORT")}


def test_an_environment_without_services_is_up_at_once(site: Site):
    with Servers().provision(environment(), site) as up:
        assert up.endpoints == {}


def test_warnings_are_told(site: Site):
    with Servers().provision(environment(server("a", warn="an old one"), server("b")), site) as up:
        assert up.warnings == ("an old one",)


def test_odd_names_get_directories_of_their_own(site: Site):
    with Servers().provision(environment(server("../x"), server("__/x")), site) as up:
        assert {log.parent for log in up.logs.values()} == {site.directory}
        assert len(set(up.logs.values())) == 2


@pytest.mark.parametrize("beside", [(), (server("beside"),)])
def test_a_service_that_dies_takes_the_others_down_and_tells_their_logs(site: Site, beside: tuple[Service, ...]):
    bad = server("bad", "good", program="print('cannot go on'); raise SystemExit(3)")
    services = environment(
        server("good"), bad, *(Service(name=each.name, type="server", depends_on=("good",)) for each in beside)
    )
    with (
        pytest.raises(ProvisionError, match=r"(?s)service bad ended with exit code 3 .*cannot go on") as caught,
        Servers().provision(services, site),
    ):
        pytest.fail("it never came up")
    assert "cannot go on" in caught.value.logs["bad"]
    assert "ready" in caught.value.logs["good"]
    assert [pid for pid in pids(site) if read_process(pid)] == []
    assert not site.directory.exists()


def test_a_service_that_is_never_ready_is_an_error(site: Site):
    silent = Service(
        name="silent",
        type="server",
        config={"program": "import signal; signal.pause()"},
        readiness=Readiness(timeout=timedelta(seconds=0.1)),
    )
    with (
        pytest.raises(ProvisionError, match="silent was not ready within"),
        Servers().provision(environment(silent), site),
    ):
        pytest.fail("it never came up")


def test_a_service_that_cannot_be_prepared_is_an_error(site: Site):
    with (
        pytest.raises(ProvisionError, match="no schema") as caught,
        Servers().provision(environment(server("a", prepare="no schema")), site),
    ):
        pytest.fail("it never came up")
    assert "ready" in caught.value.logs["a"]


def test_what_hinders_the_start_is_told_for_the_service(site: Site):
    lost = Service(name="lost", type="server", env={"X": "{nobody.host}"})
    with (
        pytest.raises(ProvisionError, match=r"lost cannot be started: unknown reference \{nobody.host\}"),
        Servers().provision(environment(lost), site),
    ):
        pytest.fail("it never came up")


@pytest.mark.parametrize(
    "ready",
    [
        Readiness(log="^ready$"),
        Readiness(exec=(sys.executable, "-c", "import socket; socket.create_connection(('{host}', {port}))")),
    ],
)
def test_declared_readiness_is_waited_for(site: Site, ready: Readiness):
    with Servers().provision(environment(Service(name="a", type="server", readiness=ready)), site) as up:
        assert accepts(up.endpoints["a"].port)


def test_declared_http_readiness_is_waited_for(site: Site):
    program = (
        "import http.server\n"
        "class H(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self): self.send_response(200 if self.path == '/health' else 500); self.end_headers()\n"
        "http.server.HTTPServer(('127.0.0.1', PORT), H).serve_forever()"
    )
    healthy = Service(name="a", type="server", config={"program": program}, readiness=Readiness(http="/health"))
    with Servers().provision(environment(healthy), site) as up:
        assert "GET /health" in up.logs["a"].read_text()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_exception_inside_takes_the_environment_down(site: Site, error: type[BaseException]):
    def use() -> None:
        with Servers().provision(environment(server("a"), server("b")), site):
            raise error

    with pytest.raises(error):
        use()
    assert len(pids(site)) == 2
    assert [pid for pid in pids(site) if read_process(pid)] == []
    assert not site.directory.exists()


def test_an_interrupt_while_services_start_takes_them_down(site: Site):
    quiet = SERVER.replace('print("ready", flush=True)', "pass")
    interrupting = SERVER.replace('print("ready", flush=True)', f"os.kill({os.getpid()}, signal.SIGINT)")
    services = [
        Service(name=name, type="server", config={"program": program}, readiness=Readiness(log="^ready$"))
        for name, program in {"quiet": quiet, "interrupting": interrupting}.items()
    ]
    before = {process.pid for process in descendants(os.getpid())}
    with pytest.raises(KeyboardInterrupt):
        interrupted(services, site)
    assert {process.pid for process in descendants(os.getpid())} <= before
    assert not site.directory.exists()


def interrupted(services: list[Service], site: Site) -> None:
    with Servers().provision(environment(*services), site):
        pytest.fail("it never came up")


FAILS_WHEN_ASKED = """
import socket, sys
server = socket.create_server(("127.0.0.1", PORT))
print("ready", flush=True)
server.accept()
sys.exit(3)
"""

ASKS = """
import os, socket
socket.create_connection(("127.0.0.1", int(os.environ["EARLY_PORT"]))).recv(1)
import asyncio, email.message, http.client, ssl  # takes longer than the news of an exit
server = socket.create_server(("127.0.0.1", PORT))
server.accept()
"""


def test_a_service_that_fails_after_it_was_ready_fails_the_environment_while_others_start(site: Site):
    early = evolve(server("early", program=FAILS_WHEN_ASKED), readiness=Readiness(log="^ready$"))
    later = server("later", "early", program=ASKS)
    with pytest.raises(ProvisionError) as caught, Servers().provision(environment(early, later), site):
        pytest.fail("it never came up")
    assert caught.value.service == "early"
    assert "ended with exit code 3 before the environment was up" in caught.value.message


def test_services_without_checkout_stay_down_and_the_rest_comes_up(site: Site):
    lost = evolve(server("lost"), unavailable="no checkout at /nowhere")
    had = server("had", application=Application(name="had", path=Path("/")))
    with Servers().provision(environment(lost, had, server("needs", "lost"), server("a")), site) as up:
        assert set(up.endpoints) == {"had", "a"}
        assert set(up.unavailable) == {"lost", "needs"}
        assert up.unavailable["lost"] == "no checkout at /nowhere"


def test_what_it_refuses_is_told_for_every_service():
    old = Service(name="old", type="server", version="9")
    strange = Service(name="strange", type="unknown", version="9")
    assert Servers().refuses(environment(old, strange, server("a"))) == "old: no version 9 here"
    assert Servers().refuses(environment(server("a"))) is None


def test_it_checks_declarations():
    assert isinstance(Servers(), ChecksDeclaration)


def test_every_mistake_of_a_declaration_is_told():
    services = environment(
        server("a", "nobody"),
        Service(name="b", type="servre"),
        Service(name="c", type="server", config={"prot": 1}),
        Service(name="d", type="server", readiness=Readiness(log="(")),
        Service(name="e", type="server", readiness=Readiness(log="fine")),
    )
    found = {problem.path: problem.message for problem in Servers().problems(services)}
    assert set(found) == {
        "$.services.a.depends_on[0]",
        "$.services.b.type",
        "$.services.c.config.prot",
        "$.services.d.readiness.log",
    }
    assert found["$.services.b.type"] == "unknown service type 'servre'; did you mean 'server'? (known: server)"
    assert "did you mean 'port'" in found["$.services.c.config.prot"]


def test_two_environments_at_once_do_not_clash(tmp_path: Path):
    sites = [Site(lease=name, directory=tmp_path / name, workspace=tmp_path) for name in ("one", "two")]
    for site in sites:
        site.directory.mkdir()
    wish = environment(server("a", port=18431))
    with Servers().provision(wish, sites[0]) as one, Servers().provision(wish, sites[1]) as two:
        assert one.endpoints["a"].port != two.endpoints["a"].port
        assert accepts(one.endpoints["a"].port)
        assert accepts(two.endpoints["a"].port)
