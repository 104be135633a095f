"""What holds of environments whose names are odd, and of several that come up at the same moment."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

from attrs import evolve

from testflow_core.provisioning import wiring

if TYPE_CHECKING:
    from testflow_core.interfaces import Provisioner
    from testflow_core.model import Environment, Provisioned
    from testflow_core.testing.contracts.provisioner import Sites

_LIMIT = 10.0
_TOGETHER = 3
_MEETING = 120.0
_ODD = "../größe & 'co' $HOME;"


def accepts(host: str, port: int) -> bool:
    """Whether somebody accepts a connection there."""
    try:
        socket.create_connection((host, port), timeout=_LIMIT).close()
    except OSError:
        return False
    return True


def addresses_of(up: Provisioned) -> list[tuple[str, int]]:
    """Where its services are reached, each at all of its ports."""
    return [(endpoint.host, port) for endpoint in up.endpoints.values() for port in endpoint.ports.values()]


class SeveralEnvironments:
    """A part of ProvisionerContract."""

    reachable: ClassVar[bool] = True

    def test_names_may_have_odd_characters(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        odd = _oddly_named(environment)
        with sites() as site, provisioner.provision(odd, site) as up:
            assert set(up.endpoints) == set(odd.services), "services that differ in odd characters only are two"
            assert not self.reachable or [each for each in addresses_of(up) if not accepts(*each)] == []
            assert all(log.resolve().is_relative_to(site.directory.resolve()) for log in up.logs.values())
        assert not site.directory.exists(), "the site's directory cannot be removed: something is left in it"

    def test_several_of_one_declaration_come_up_at_the_same_moment(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        together = threading.Barrier(_TOGETHER, timeout=_MEETING)

        def come_up() -> list[tuple[str, int]]:
            try:
                return meet()
            except BaseException:
                # Nobody waits for one that will not come.
                together.abort()
                raise

        def meet() -> list[tuple[str, int]]:
            with sites() as site:
                together.wait()
                with provisioner.provision(environment, site) as up:
                    # None goes down before all are up.
                    together.wait()
                    assert not self.reachable or all(accepts(*each) for each in addresses_of(up))
                    together.wait()
                    return addresses_of(up)

        with ThreadPoolExecutor(_TOGETHER) as pool:
            runs = [pool.submit(come_up) for _ in range(_TOGETHER)]
        # What kept one from coming says more than that the others waited in vain.
        runs.sort(key=lambda run: isinstance(run.exception(), threading.BrokenBarrierError))
        addresses = [address for run in runs for address in run.result()]
        assert not self.reachable or len(set(addresses)) == len(addresses), "two are at the same address"


def _oddly_named(environment: Environment) -> Environment:
    """The environment under an odd name, as its services that nobody refers to; two of them are nearly the same."""
    needed = {each for needs in wiring.dependencies(environment).values() for each in needs}
    first = next(name for name in environment.services if name not in needed)
    free = {name: f"{name} {_ODD}" for name in environment.services if name not in needed}
    services = {free.get(name, name): service for name, service in environment.services.items()}
    services[f"{first}_{_ODD}"] = environment.services[first]
    named = {name: evolve(service, name=name) for name, service in services.items()}
    return evolve(environment, name=f"{environment.name} {_ODD}", services=named)
