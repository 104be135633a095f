"""Pulls that fail, each with what can be done: against registries of our own, and by the words that others use."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from testflow_docker_env.connection import Connection
from testflow_docker_env.images import find_image
from testflow_docker_env.long_work import Limits
from testflow_docker_env.pull_errors import registry, remedy

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import docker

BUSYBOX = "busybox:latest"
USER, PASSWORD = "me", "s3cret"
# bcrypt's of that password.
HASHED = "$2b$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG"


def failure(host: str, name: str) -> str:
    with Connection(host) as connection, pytest.raises(ProvisionError, match="cannot be pulled") as caught:
        find_image(connection, name, Limits(), print)
    return caught.value.message


def test_a_tag_that_is_not_there_is_told_with_those_that_are(host: str, api: docker.APIClient, pushed: str):
    api.tag(BUSYBOX, pushed, "1.3")
    try:
        assert f"see to the name and the tag; the engine has {pushed}:1.3" in failure(host, f"{pushed}:9")
    finally:
        api.remove_image(f"{pushed}:1.3")


def test_a_registry_that_is_not_there_is_told_so(host: str):
    assert "does not reach the registry nobody.invalid; see to its network" in failure(host, "nobody.invalid/thing:1")
    assert "does not reach the registry 127.0.0.1:1;" in failure(host, "127.0.0.1:1/thing:1")


@pytest.fixture(scope="module")
def closed_registry(tmp_path_factory: pytest.TempPathFactory, serve_registry: Callable[[Path, str], str]) -> str:
    """A registry that wants a password."""
    directory = tmp_path_factory.mktemp("closed")
    (directory / "users").write_text(f"{USER}:{HASHED}\n")
    return serve_registry(directory, f"auth: {{htpasswd: {{realm: us, path: {directory / 'users'}}}}}\n")


def logged_in(home: Path, address: str) -> None:
    """What `docker login` writes down."""
    secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (home / "config.json").write_text(json.dumps({"auths": {address: {"auth": secret}}}))


def test_a_registry_that_knows_us_not_is_told_with_the_way_in_and_the_login_is_used(
    host: str, closed_registry: str, api: docker.APIClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    name = f"{closed_registry}/thing:1"
    assert f"log in by `docker login {closed_registry}`" in failure(host, name)
    logged_in(tmp_path, closed_registry)
    api.tag(BUSYBOX, f"{closed_registry}/thing", "1")
    login = {"username": USER, "password": PASSWORD}
    for line in api.push(name, stream=True, decode=True, auth_config=login):
        assert "error" not in line, line
    api.remove_image(name)
    try:
        with Connection(host) as connection:
            assert find_image(connection, name, Limits(), print) == name
    finally:
        with suppress(Exception):
            api.remove_image(name)


class Refuses(BaseHTTPRequestHandler):
    """A registry of which somebody has had enough."""

    def do_GET(self) -> None:
        """Answer as the hub does."""
        told = {"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit."}]}
        body = json.dumps(told).encode()
        self.send_response(200 if self.path == "/v2/" else 429)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 (the standard library's)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the standard library's)
        """Say nothing."""


def test_a_rate_limit_is_told_with_what_raises_it(host: str):
    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"127.0.0.1:{server.server_address[1]}"
        said = failure(host, f"{address}/thing:1")
        server.shutdown()
        thread.join()
    assert "the registry lets nobody pull as often as that" in said
    assert f"`docker login {address}`" in said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("pull access denied for busybx, repository does not exist or may require 'docker login'", "busybox:latest"),
        ("pull access denied for busybx, repository does not exist or may require 'docker login'", "`docker login`,"),
        ("toomanyrequests: You have reached your pull rate limit", "wait, or have more by `docker login`,"),
        ("unauthorized: authentication required", "if it is not for everybody"),
        ("net/http: TLS handshake timeout", "does not reach the registry docker.io"),
    ],
)
def test_each_kind_of_reason_has_its_remedy(reason: str, said: str):
    assert said in (remedy("busybx:latest", reason, (BUSYBOX, "postgres:15")) or "")


def test_what_nobody_knows_a_remedy_for_gets_none():
    assert remedy("thing", "the moon is full", ()) is None
    assert remedy("thing", "manifest unknown", ("other:1",)) == "see to the name and the tag"


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("busybox", "docker.io"),
        ("library/busybox:1", "docker.io"),
        ("localhost/thing", "localhost"),
        ("ghcr.io/a/b:1", "ghcr.io"),
        ("registry:5000/thing", "registry:5000"),
    ],
)
def test_the_registry_is_what_a_name_begins_with(name: str, host: str):
    assert registry(name) == host
