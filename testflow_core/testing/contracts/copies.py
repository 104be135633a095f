"""The contract of provisioners whose environments can be renewed and copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeAlias
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import evolve

from testflow_core.model import By, Endpoint, Environment, Provisioned
from testflow_core.provisioning import wiring
from testflow_core.provisioning.postgres_session import PostgresSession
from testflow_core.provisioning.redis_copies import RedisSession
from testflow_core.testing.contracts.samples import to_be_answered

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from testflow_core.interfaces import Provisioner
    from testflow_core.testing.contracts.provisioner import Sites

Write: TypeAlias = Callable[[Endpoint], None]
Holds: TypeAlias = Callable[[Endpoint], bool]


class ProvisionerWithCopies:
    """
    What holds of a Provisioner that gives `renew` and `clone` where a site asks for copies; beside ProvisionerContract.

    `copied` are environments whose first service can be copied, by name. PostgreSQL and Redis are written to and read
    by their endpoints; for other services `write` and `holds` are to be answered.
    """

    copied: ClassVar[dict[str, Environment]] = {}

    @pytest.fixture
    def write(self) -> Write:
        """What leaves a trace in a service at an endpoint."""
        return _write

    @pytest.fixture
    def holds(self) -> Holds:
        """Whether there is a trace in a service at an endpoint."""
        return _holds

    def test_there_are_copies_of_what_can_be_copied(self, provisioner: Provisioner, sites: Sites) -> None:
        assert self.copied, "give `copied`: environments whose first service can be copied, by name"
        for environment in self.copied.values():
            with sites() as site, provisioner.provision(environment, evolve(site, copies=True)) as up:
                assert up.renew is not None, "`renew` is given where a site asks for copies"
                assert up.clone is not None, "`clone` is given where a site asks for copies"

    @pytest.mark.parametrize("by", [By.DATABASE, By.SCHEMA])
    def test_a_copy_knows_nothing_of_what_is_written_elsewhere_nor_others_of_it(
        self, provisioner: Provisioner, sites: Sites, write: Write, holds: Holds, by: By
    ) -> None:
        for environment in self.copied.values():
            first = next(iter(environment.services))
            with sites() as site, provisioner.provision(environment, evolve(site, copies=True)) as up:
                write(up.endpoints[first])
                with _copy(up, by) as one, _copy(up, by) as other:
                    assert not holds(one.endpoints[first]), "a copy has what was written after the start"
                    write(one.endpoints[first])
                    assert holds(one.endpoints[first]), "what is written in a copy is not there"
                    assert not holds(other.endpoints[first]), "what is written in a copy is in another"
                with _copy(up, by) as again:
                    assert not holds(again.endpoints[first]), "what was written in a copy is in a later one"
                assert holds(up.endpoints[first]), "what was written before is lost with a copy"

    @pytest.mark.parametrize("by", [By.DATABASE, By.SCHEMA])
    def test_a_copy_is_told_by_the_same_variables_and_has_no_other_secret(
        self, provisioner: Provisioner, sites: Sites, by: By
    ) -> None:
        for environment in self.copied.values():
            with sites() as site, provisioner.provision(environment, evolve(site, copies=True)) as up:
                before = set(wiring.secrets(up.endpoints))
                with _copy(up, by) as own:
                    assert set(own.endpoints) == set(up.endpoints)
                    assert dict(own.variables) == wiring.variables(own.endpoints)
                    assert own.endpoints != up.endpoints, "nothing of it is a copy"
                    assert set(wiring.secrets(own.endpoints)) <= before, "who redacts does not know this secret"

    def test_what_is_renewed_is_as_it_was_at_its_start_and_again(
        self, provisioner: Provisioner, sites: Sites, write: Write, holds: Holds
    ) -> None:
        for environment in self.copied.values():
            first = next(iter(environment.services))
            with sites() as site, provisioner.provision(environment, evolve(site, copies=True)) as up:
                assert up.renew is not None, "`renew` is given where a site asks for copies"
                now = up
                for _ in range(2):
                    write(now.endpoints[first])
                    now = up.renew()
                    assert set(now.endpoints) == set(up.endpoints), "other services are there"
                    assert not holds(now.endpoints[first]), "what was written is still there"


def _copy(up: Provisioned, by: By) -> AbstractContextManager[Provisioned]:
    assert up.clone is not None, "`clone` is given where a site asks for copies"
    return up.clone(by)


def _write(endpoint: Endpoint) -> None:
    if _scheme(endpoint) == "redis":
        with RedisSession(endpoint) as session:
            session.ask("SELECT", endpoint.database or "0")
            session.ask("SET", "trace", "here")
        return
    with _session(endpoint) as session:
        session.query("CREATE TABLE trace ()")


def _holds(endpoint: Endpoint) -> bool:
    if _scheme(endpoint) == "redis":
        with RedisSession(endpoint) as session:
            session.ask("SELECT", endpoint.database or "0")
            return session.ask("EXISTS", "trace") == ["1"]
    with _session(endpoint) as session:
        return session.query("SELECT to_regclass('trace') IS NOT NULL") == [("t",)]


def _session(endpoint: Endpoint) -> PostgresSession:
    port, user, password = endpoint.port or 0, endpoint.user or "", endpoint.password or ""
    session = PostgresSession(endpoint.host, port, user, endpoint.database or "", password=password)
    for option in parse_qs(urlsplit(endpoint.url or "").query).get("options", ()):
        session.query(f"SET {option.removeprefix('-c')}")
    return session


def _scheme(endpoint: Endpoint) -> str:
    scheme = urlsplit(endpoint.url or "").scheme
    if scheme not in {"redis", "postgresql"}:
        raise to_be_answered("write", "what leaves a trace in such a service")
    return scheme
