"""Servers that are stopped, killed and paused on purpose, with real binaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from attrs import evolve
from testflow_process_env import ProcessProvisioner

from testflow_core.model import Environment, Service
from testflow_core.provisioning.redis_copies import RedisSession

if TYPE_CHECKING:
    from testflow_process_env.binaries import Binaries

    from testflow_core.model import Site


@pytest.mark.parametrize("fault", ["stop", "kill", "pause"])
def test_postgres_has_its_data_and_its_address_after_a_fault(site: Site, fault: str):
    environment = Environment(name="e", services={"db": Service(name="db", type="postgres")})
    with ProcessProvisioner().provision(environment, evolve(site, faults=True)) as up:
        assert up.inject is not None
        url = up.endpoints["db"].url or ""
        with psycopg.connect(url) as before:
            before.execute("create table kept as select 7 as number")
            before.commit()
            undo = up.inject(fault, "db", 0.0)
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(url, connect_timeout=2)
            undo()
        with psycopg.connect(url) as after:
            assert after.execute("select number from kept").fetchone() == (7,)


def test_redis_comes_back_where_it_was_and_empty(site: Site, redis_server: Binaries):
    assert redis_server
    environment = Environment(name="e", services={"cache": Service(name="cache", type="redis")})
    with ProcessProvisioner().provision(environment, evolve(site, faults=True)) as up:
        assert up.inject is not None
        with RedisSession(up.endpoints["cache"]) as before:
            before.ask("SET", "key", "value")
        up.inject("stop", "cache", 0.0)()
        with RedisSession(up.endpoints["cache"]) as after:
            assert after.ask("EXISTS", "key") == ["0"]
