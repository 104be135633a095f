"""Redis servers of our own, with real binaries."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from testflow_process_env import ProcessProvisioner, binaries
from testflow_process_env.binaries import REDIS, VALKEY, Binaries

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Provisioned, Readiness, Service, Site
from testflow_core.provisioning.process_tree import descendants

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from testflow_core.model import Endpoint, Json

PASSWORD = "s3cret"  # noqa: S105 - made up
SERVERS = [
    each for software in (REDIS, VALKEY) for each in binaries.available(software, binaries.directories(software))
]


def provision(
    site: Site,
    *,
    version: str | None = None,
    redis: str | None = None,
    readiness: Readiness | None = None,
    **config: Json,
) -> AbstractContextManager[Provisioned]:
    service = Service(name="cache", type="redis", version=version, readiness=readiness, config=config)
    return ProcessProvisioner(redis=redis).provision(Environment(name="e", services={"cache": service}), site)


def said(endpoint: Endpoint, *commands: str | bytes) -> list[bytes]:
    """What a server answers to commands of one line each."""
    answers: list[bytes] = []
    with socket.create_connection((endpoint.host, endpoint.port or 0), timeout=20) as connection:
        for command in commands:
            connection.sendall((command.encode() if isinstance(command, str) else command) + b"\r\n")
            answers.append(connection.recv(4096).removesuffix(b"\r\n"))
    return answers


def auth(password: str) -> bytes:
    """The command by which one names oneself, whatever characters the password has."""
    word = password.encode()
    return b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%s" % (len(word), word)


@pytest.mark.usefixtures("redis_server")
class TestAServer:
    def test_answers_whoever_knows_its_password_and_is_gone_afterwards(self, site: Site):
        before = {process.pid for process in descendants(os.getpid())}
        with provision(site) as up:
            endpoint = up.endpoints["cache"]
            assert endpoint.password is not None
            assert len(endpoint.password) >= 24
            assert endpoint.url == f"redis://:{endpoint.password}@127.0.0.1:{endpoint.port}"
            assert up.variables["CACHE_PASSWORD"] == endpoint.password
            denied, *allowed = said(endpoint, "get key", auth(endpoint.password), "set key value", "get key")
            assert denied.startswith(b"-NOAUTH")
            assert allowed == [b"+OK", b"+OK", b"$5\r\nvalue"]
        assert {process.pid for process in descendants(os.getpid())} <= before
        assert not site.directory.exists()
        with pytest.raises(ConnectionRefusedError):
            said(endpoint, "ping")

    def test_does_not_show_its_password_in_the_list_of_processes(self, site: Site):
        with provision(site, password=PASSWORD) as up:
            words = [Path(f"/proc/{each.pid}/cmdline").read_bytes() for each in descendants(os.getpid())]
            surroundings = [Path(f"/proc/{each.pid}/environ").read_bytes() for each in descendants(os.getpid())]
            assert any(b"redis" in each or b"valkey" in each for each in words)
            assert not any(b"s3cret" in each for each in [*words, *surroundings])
            (file,) = site.directory.rglob("redis.conf")
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert said(up.endpoints["cache"], auth("s3cret")) == [b"+OK"]

    @pytest.mark.parametrize("password", ["two words", "quote\"'s\\x41", "größer\n#\t", "\\"])
    def test_takes_any_text_as_its_password(self, site: Site, password: str):
        with provision(site, password=password) as up:
            endpoint = up.endpoints["cache"]
            assert endpoint.password == password
            assert said(endpoint, auth("other"), auth(password))[1] == b"+OK"

    def test_lets_everybody_in_where_its_password_is_declared_empty(self, site: Site):
        with provision(site, password="") as up:
            endpoint = up.endpoints["cache"]
            assert (endpoint.url, endpoint.password) == (f"redis://127.0.0.1:{endpoint.port}", None)
            assert "CACHE_PASSWORD" not in up.variables
            assert said(endpoint, "set key value") == [b"+OK"]

    def test_saves_nothing_and_writes_in_its_private_directory_alone(self, site: Site):
        with provision(site, password="") as up:
            endpoint = up.endpoints["cache"]
            for setting, value in {"save": "", "appendonly": "no", "bind": "127.0.0.1"}.items():
                assert said(endpoint, f"config get {setting}")[0].split(b"\r\n")[4].decode() == value
            directory = said(endpoint, "config get dir")[0].split(b"\r\n")[4].decode()
            assert Path(directory).is_relative_to(site.directory)

    def test_has_the_wished_port_or_another_where_that_is_taken(self, site: Site):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            wished = taken.getsockname()[1]
            with provision(site, port=wished) as up:
                ((inside, port),) = up.endpoints["cache"].ports.items()
        assert inside == wished
        assert port != wished

    def test_is_known_to_the_command_of_its_readiness(self, site: Site):
        tells = Readiness(exec=("sh", "-c", 'test "$REDISCLI_AUTH" = s3cret'))
        with provision(site, password=PASSWORD, readiness=tells) as up:
            assert not up.warnings


@pytest.mark.parametrize("found", SERVERS, ids=lambda each: f"{each.software.name}-{each.version}")
def test_every_server_that_is_here_can_be_had(site: Site, found: Binaries):
    with provision(site, version=found.version, redis=str(found.directory)) as up:
        endpoint = up.endpoints["cache"]
        _, told = said(endpoint, auth(endpoint.password or ""), "info server")
        assert f"_version:{found.version}".encode() in told


@pytest.mark.usefixtures("redis_server")
def test_another_major_version_is_warned_of(site: Site):
    with provision(site, version="2.8") as up:
        (warning,) = up.warnings
    assert warning.startswith("cache: Redis 2.8 was asked for and is not installed here; ")
    assert any(f"{each.version} is used, from {each.directory}" in warning for each in SERVERS)


def test_a_valkey_that_takes_the_place_of_a_redis_is_told(site: Site, tmp_path: Path, redis_server: Binaries):
    directory = tmp_path / "valkey"
    directory.mkdir()
    program = directory / "valkey-server"
    real = redis_server.program(redis_server.software.programs[0])
    program.write_text(f'#!/bin/sh\nexec "{real}" "$@"\n')
    program.chmod(0o755)
    asked = redis_server.version
    with provision(site, version=asked, redis=str(directory)) as up:
        assert up.warnings == (
            f"cache: Redis {asked} was asked for and is not installed here; Valkey {asked} is used, from {directory}",
        )


class TestWithoutAny:
    service = Service(name="cache", type="redis")
    environment = Environment(name="e", services={"cache": service})

    def test_the_environment_is_refused_with_where_was_looked_and_what_helps(self, tmp_path: Path):
        reason = ProcessProvisioner(redis=str(tmp_path)).refuses(self.environment) or ""
        assert reason.startswith(f"cache: no Redis here: neither redis-server nor valkey-server is in {tmp_path}; ")
        for remedy in ("testflow-process-env[redis]", "option `redis`", "provisioner 'docker'"):
            assert remedy in reason

    def test_a_start_fails_in_the_same_words(self, site: Site, tmp_path: Path):
        provisioner = ProcessProvisioner(redis=str(tmp_path))
        with (
            pytest.raises(ProvisionError, match="cache: no Redis here: neither") as caught,
            provisioner.provision(self.environment, site),
        ):
            pytest.fail("it never came up")
        assert caught.value.service == "cache"


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_is_none_is_told_with_its_path(port: int):
    service = Service(name="cache", type="redis", config={"port": port})
    problems = ProcessProvisioner().problems(Environment(name="e", services={"cache": service}))
    assert [problem.path for problem in problems] == ["$.services.cache.config.port"]


def test_a_server_that_cannot_start_is_told_with_its_log(site: Site, tmp_path: Path):
    program = tmp_path / "redis-server"
    program.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo v=7.0; else echo out of memory; exit 1; fi\n')
    program.chmod(0o755)
    with (
        pytest.raises(ProvisionError, match="cache ended with exit code 1 while starting") as caught,
        provision(site, redis=str(tmp_path)),
    ):
        pytest.fail("it never came up")
    assert "out of memory" in caught.value.logs["cache"]
