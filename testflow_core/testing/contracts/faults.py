"""The contract of provisioners whose services can be done harm to on purpose."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

import pytest
from attrs import evolve

from testflow_core.errors import ProvisionError
from testflow_core.model import FAULTS, Endpoint, Environment, Inject, Provisioned

if TYPE_CHECKING:
    from collections.abc import Generator

    from testflow_core.interfaces import Provisioner
    from testflow_core.testing.contracts.provisioner import Sites

PATIENCE = 30.0
SHORT = 0.3
"""Seconds that a service which answers at once is given before it is said not to answer."""


class ProvisionerWithFaults:
    """
    What holds of a Provisioner that gives `inject` where a site asks for faults; beside ProvisionerContract.

    `disturbed` are environments whose first service answers a request of HTTP at its first port, by name.
    """

    disturbed: ClassVar[dict[str, Environment]] = {}

    def test_there_are_faults_only_where_a_site_asks_for_them(self, provisioner: Provisioner, sites: Sites) -> None:
        assert self.disturbed, "give `disturbed`: environments whose first service speaks HTTP, by name"
        for environment in self.disturbed.values():
            with sites() as site, provisioner.provision(environment, site) as up:
                assert up.inject is None, "`inject` is given though no site asks for faults"
            with sites() as site, provisioner.provision(environment, evolve(site, faults=True)) as up:
                assert up.inject is not None, "`inject` is given where a site asks for faults"
                assert _answers(_first(environment, up)), "the first service does not answer"

    @pytest.mark.parametrize("fault", FAULTS)
    def test_a_fault_is_felt_and_once_undone_the_service_is_where_it_was(
        self, provisioner: Provisioner, sites: Sites, fault: str
    ) -> None:
        for environment in self.disturbed.values():
            name = next(iter(environment.services))
            with _up(provisioner, sites, environment) as (up, inject):
                for _ in range(2):
                    undo = inject(fault, name, 2 * SHORT if fault == "delay" else 0.0)
                    assert _is_felt(fault, up.endpoints[name]), f"{fault} changes nothing"
                    undo()
                    assert _answers(up.endpoints[name]), f"{name} does not answer after {fault} was undone"

    def test_who_is_connected_is_cut_off_where_connections_are_refused(
        self, provisioner: Provisioner, sites: Sites
    ) -> None:
        for environment in self.disturbed.values():
            with (
                _up(provisioner, sites, environment) as (up, inject),
                _connection(_first(environment, up)) as connection,
            ):
                inject("refuse", next(iter(environment.services)), 0.0)
                with pytest.raises(ConnectionError):
                    _exchange(connection)

    def test_to_undo_a_fault_twice_does_nothing_nor_does_it_undo_a_later_one(
        self, provisioner: Provisioner, sites: Sites
    ) -> None:
        for environment in self.disturbed.values():
            name = next(iter(environment.services))
            with _up(provisioner, sites, environment) as (up, inject):
                first = inject("refuse", name, 0.0)
                first()
                later = inject("refuse", name, 0.0)
                first()
                assert _is_felt("refuse", up.endpoints[name])
                later()
                assert _answers(up.endpoints[name])

    def test_what_cannot_be_done_is_told_with_what_can_be(self, provisioner: Provisioner, sites: Sites) -> None:
        for environment in self.disturbed.values():
            name = next(iter(environment.services))
            with _up(provisioner, sites, environment) as (_, inject):
                for fault, service, words in (
                    ("paus", name, "pause"),
                    ("pause", f"{name}x", name),
                    ("delay", name, "seconds"),
                ):
                    with pytest.raises(ProvisionError) as caught:
                        inject(fault, service, 0.0)
                    assert words in str(caught.value)
                inject("pause", name, 0.0)
                with pytest.raises(ProvisionError, match="pause"):
                    inject("kill", name, 0.0)

    @pytest.mark.parametrize("fault", FAULTS)
    def test_an_environment_ends_soon_with_a_fault_that_nobody_has_undone(
        self, provisioner: Provisioner, sites: Sites, fault: str
    ) -> None:
        for environment in self.disturbed.values():
            with sites() as site:
                with provisioner.provision(environment, evolve(site, faults=True)) as up:
                    assert up.inject is not None
                    undo = up.inject(fault, next(iter(environment.services)), 1.0)
                    began = time.monotonic()
                undo()
                assert time.monotonic() - began < PATIENCE
                assert not site.directory.exists(), "the site is left behind"
                assert _is_felt("refuse", _first(environment, up)), "something listens still"


@contextmanager
def _up(provisioner: Provisioner, sites: Sites, environment: Environment) -> Generator[tuple[Provisioned, Inject]]:
    with sites() as site, provisioner.provision(environment, evolve(site, faults=True)) as up:
        assert up.inject is not None, "`inject` is given where a site asks for faults"
        yield up, up.inject


def _first(environment: Environment, up: Provisioned) -> Endpoint:
    return up.endpoints[next(iter(environment.services))]


def _connection(endpoint: Endpoint, seconds: float = PATIENCE) -> socket.socket:
    return socket.create_connection((endpoint.host, endpoint.port or 0), timeout=seconds)


def _exchange(connection: socket.socket) -> bytes:
    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    return connection.recv(1)


def _answers(endpoint: Endpoint, seconds: float = PATIENCE) -> bool:
    with _connection(endpoint, seconds) as connection:
        return _exchange(connection) == b"H"


def _is_felt(fault: str, endpoint: Endpoint) -> bool:
    if fault == "delay":
        began = time.monotonic()
        return _answers(endpoint) and time.monotonic() - began >= 2 * SHORT
    try:
        _answers(endpoint, SHORT)
    except TimeoutError:
        return fault == "pause"
    except ConnectionRefusedError:
        return fault != "pause"
    return False
