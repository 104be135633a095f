"""Redis servers that are reset and copied, with real binaries."""

from __future__ import annotations

import socket
import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from testflow_process_env import ProcessProvisioner

from testflow_core.errors import ProvisionError
from testflow_core.model import By, Endpoint, Environment, Provisioned, Service, Site
from testflow_core.provisioning.redis_copies import NUMBERS, RedisSession

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture
def cache(site: Site) -> Generator[Provisioned]:
    """A server with copies, whose password has odd characters."""
    service = Service(name="cache", type="redis", config={"password": "p@ss w\\ö"})
    environment = Environment(name="e", services={"cache": service})
    with ProcessProvisioner().provision(environment, evolve(site, copies=True)) as up:
        yield up


def ask(up: Provisioned, *words: str, number: str = "0") -> list[str]:
    with RedisSession(up.endpoints["cache"]) as session:
        session.ask("SELECT", number)
        return session.ask(*words)


@pytest.mark.usefixtures("redis_server")
class TestRedis:
    @pytest.mark.parametrize("by", [By.DATABASE, By.SCHEMA])
    def test_a_copy_is_an_empty_database_of_its_own(self, cache: Provisioned, by: By):
        assert cache.clone is not None
        ask(cache, "SET", "key", "first")
        with cache.clone(by) as one, cache.clone(by) as other:
            numbers = [each.endpoints["cache"].database or "" for each in (one, other)]
            assert numbers == ["1", "2"]
            assert [ask(cache, "DBSIZE", number=number) for number in numbers] == [["0"], ["0"]]
            ask(cache, "SET", "key", "own", number="1")
            assert ask(cache, "GET", "key") == ["first"]
            assert one.variables["CACHE_URL"] == f"{cache.endpoints['cache'].url}/1"
            assert one.variables["CACHE_DATABASE"] == "1"
        assert ask(cache, "DBSIZE", number="1") == ["0"]
        with cache.clone(by) as again:
            assert again.endpoints["cache"].database == "1"

    def test_no_more_copies_than_it_has_databases(self, cache: Provisioned):
        assert cache.clone is not None
        with ExitStack() as exits:
            for _ in NUMBERS:
                exits.enter_context(cache.clone(By.DATABASE))
            with pytest.raises(ProvisionError, match="cache has 15 databases to give, and all are in use"):
                exits.enter_context(cache.clone(By.DATABASE))

    def test_is_reset_to_its_start(self, cache: Provisioned):
        assert cache.renew is not None
        before = ask(cache, "CONFIG", "GET", "maxmemory")
        ask(cache, "SET", "key", "value")
        ask(cache, "SET", "key", "value", number="9")
        ask(cache, "CONFIG", "SET", "maxmemory", "1000000")
        cache.renew()
        assert (ask(cache, "DBSIZE"), ask(cache, "DBSIZE", number="9")) == (["0"], ["0"])
        assert ask(cache, "CONFIG", "GET", "maxmemory") == before

    def test_what_a_reset_leaves_is_told(self, cache: Provisioned):
        assert cache.renew is not None
        ask(cache, "ACL", "SETUSER", "mallory", "on", "nopass", "allcommands", "allkeys")
        with pytest.raises(ProvisionError, match="the service cache cannot be reset: other than it was: its users"):
            cache.renew()

    def test_a_wrong_password_and_a_server_that_is_gone_are_told(self, cache: Provisioned):
        assert cache.renew is not None
        ask(cache, "CONFIG", "SET", "requirepass", "another")
        with pytest.raises(ProvisionError, match="cache cannot be reset: Redis says WRONGPASS"):
            cache.renew()

    def test_a_connection_that_ends_is_told(self, cache: Provisioned):
        with RedisSession(cache.endpoints["cache"]) as session:
            session.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
            with pytest.raises(ProvisionError, match="nothing more"):
                session.ask("PING")

    def test_a_connection_that_is_reset_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            endpoint = Endpoint(host="127.0.0.1", ports={6379: server.getsockname()[1]})
            with RedisSession(endpoint) as session:
                accepted, _ = server.accept()
                # Closed in no time, whatever is on its way.
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                accepted.close()
                with pytest.raises(ProvisionError, match="Redis says nothing more"):
                    session.ask("PING")

    def test_without_a_password_too(self, site: Site):
        service = Service(name="cache", type="redis", config={"password": ""})
        environment = Environment(name="e", services={"cache": service})
        with ProcessProvisioner().provision(environment, evolve(site, copies=True)) as up:
            assert up.clone is not None
            with up.clone(By.DATABASE) as own:
                assert (own.endpoints["cache"].url or "").endswith("/1")
