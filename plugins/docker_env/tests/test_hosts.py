"""Which engine is used, and what is said where none can be."""

from __future__ import annotations

import http.server
import json
import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from testflow_docker_env import DockerProvisioner
from testflow_docker_env.hosts import DEFAULT_HOST, engine_host, no_engine

from testflow_core.model import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of docker's settings, and none of the machine's."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path


def context(settings: Path, name: str, meta: object) -> None:
    directory = settings / "contexts" / "meta" / name
    directory.mkdir(parents=True)
    (directory / "meta.json").write_text(json.dumps(meta))


def test_without_settings_the_usual_socket_is_used(settings: Path):
    assert engine_host() == DEFAULT_HOST


def test_what_is_configured_comes_before_the_variable_and_that_before_the_context(
    settings: Path, monkeypatch: pytest.MonkeyPatch
):
    (settings / "config.json").write_text('{"currentContext": "mine"}')
    context(settings, "mine", {"Name": "mine", "Endpoints": {"docker": {"Host": "unix:///mine"}}})
    assert engine_host() == "unix:///mine"
    monkeypatch.setenv("DOCKER_HOST", "unix:///variable")
    assert engine_host() == "unix:///variable"
    assert engine_host("unix:///configured") == "unix:///configured"


def test_the_variable_chooses_the_context(settings: Path, monkeypatch: pytest.MonkeyPatch):
    context(settings, "other", {"Name": "other", "Endpoints": {"docker": {"Host": "unix:///other"}}})
    monkeypatch.setenv("DOCKER_CONTEXT", "other")
    assert engine_host() == "unix:///other"


@pytest.mark.parametrize(
    "config",
    [
        "no JSON",
        "[]",
        '{"currentContext": 7}',
        '{"currentContext": "default"}',
        '{"currentContext": "gone"}',
        '{"currentContext": "odd"}',
    ],
)
def test_settings_that_lead_nowhere_lead_to_the_usual_socket(settings: Path, config: str):
    (settings / "config.json").write_text(config)
    context(settings, "odd", {"Name": "odd", "Endpoints": {}})
    assert engine_host() == DEFAULT_HOST


def test_a_socket_that_is_not_there_is_told_with_the_remedy(tmp_path: Path):
    reason = no_engine(f"unix://{tmp_path}/docker.sock") or ""
    assert f"no container engine answers at unix://{tmp_path}/docker.sock (No such file or directory)" in reason
    assert "DOCKER_HOST" in reason


def test_a_provisioner_without_engine_refuses_every_environment(tmp_path: Path):
    provisioner = DockerProvisioner(host=f"unix://{tmp_path}/docker.sock")
    assert "no container engine answers" in (provisioner.refuses(Environment(name="e")) or "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may be somebody else for a moment")
def test_a_socket_that_we_have_no_rights_on_is_told_with_the_remedy(tmp_path: Path):
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0o600)
        for directory in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
            directory.chmod(0o755)
        os.seteuid(65534)
        try:
            reason = no_engine(f"unix://{path}") or ""
        finally:
            os.seteuid(0)
    assert f"you may not use the container engine at unix://{path}" in reason
    assert "group" in reason


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("tcp://192.0.2.1:2375", "is on another machine"),
        ("ssh://somebody@somewhere", "is of no known kind (known: unix://, tcp://)"),
        ("nonsense", "is of no known kind"),
    ],
)
def test_an_engine_that_could_not_be_used_is_not_even_asked(host: str, why: str):
    assert why in (no_engine(host) or "")


@pytest.fixture
def web_server() -> Iterator[str]:
    class Nothing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with http.server.HTTPServer(("127.0.0.1", 0), Nothing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_of_another_kind_is_told_from_an_engine(web_server: str, settings: Path):
    assert "what answers at" in (no_engine(web_server) or "")


def test_a_port_that_nobody_listens_at_is_told(settings: Path):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert "Connection refused" in (no_engine(f"tcp://127.0.0.1:{bound.getsockname()[1]}") or "")


def test_an_engine_behind_certificates_is_left_to_the_one_who_knows_them(
    settings: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    assert no_engine("tcp://127.0.0.1:1") is None


def test_the_engine_of_this_machine_answers(host: str):
    assert no_engine(host) is None
