"""The contract of provisioners."""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import pytest
from attrs import evolve

from testflow_core.errors import ProvisionError
from testflow_core.interfaces import TakesInventory
from testflow_core.model import Certificate, Environment, Site
from testflow_core.provisioning import wiring
from testflow_core.provisioning.certificate import certified
from testflow_core.provisioning.leases import DirectoryLease, private_directory
from testflow_core.testing.contracts.environments_together import SeveralEnvironments, accepts, addresses_of
from testflow_core.testing.contracts.samples import to_be_answered

if TYPE_CHECKING:
    from pathlib import Path

    from testflow_core.interfaces import Provisioner

Sites: TypeAlias = Callable[[], AbstractContextManager[Site]]
"""Makes a site, gone on exit."""


def _wishing(environment: Environment) -> Environment:
    """The environment with a free port wished for wherever any would do."""
    services = {
        name: evolve(service, ports={inside: wished or _free_port() for inside, wished in service.ports.items()})
        for name, service in environment.services.items()
    }
    return evolve(environment, services=services)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class ProvisionerContract(SeveralEnvironments):
    """
    What holds of every Provisioner.

    `services` are environments that come up, by name: every service type that the plugin knows, and one service at
    least that needs another by a reference in braces. `failures` are environments that must not come up, each with a
    text that the error has to contain. `secrets` are the passwords that stand in them. `tiers` are the isolations
    that sites ask for, `default` for the best there is. `reachable` is False for a fake only.
    """

    services: ClassVar[Mapping[str, Environment]] = {}
    failures: ClassVar[Mapping[str, tuple[Environment, str]]] = {}
    mistakes: ClassVar[Mapping[str, tuple[Environment, str]]] = {}
    secrets: ClassVar[tuple[str, ...]] = ()
    tiers: ClassVar[tuple[str, ...]] = ("default",)
    reachable: ClassVar[bool] = True

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Each test once for every environment, failure, mistake and tier that the class declares."""
        cases: dict[str, Mapping[str, object]] = {
            "environment": self.services,
            "failure": self.failures,
            "mistake": self.mistakes,
            "with_ports": {
                name: each for name, each in self.services.items() if any(s.ports for s in each.services.values())
            },
            "tier": {tier: tier for tier in self.tiers},
        }
        for argument, values in cases.items():
            if argument in metafunc.fixturenames:
                metafunc.parametrize(argument, list(values.values()), ids=list(values))

    @pytest.fixture
    def provisioner(self) -> Provisioner:
        """The plugin."""
        raise to_be_answered("provisioner", "the Provisioner under test, of the tier that the fixture `tier` names")

    @pytest.fixture
    def workspace(self, tmp_path: Path) -> Path:
        """Where the declared files of `services` are looked for; empty unless overridden."""
        directory = tmp_path / "workspace"
        directory.mkdir()
        return directory

    @pytest.fixture
    def sites(self, workspace: Path, tier: str) -> Sites:
        """Sites with a lease of their own, as the core makes them."""

        @contextmanager
        def site() -> Generator[Site]:
            with private_directory() as lease:
                yield _site(lease, workspace, tier)

        return site

    def test_the_class_declares_what_comes_up_and_what_does_not(self) -> None:
        assert self.services, "give `services`: environments that come up, by name"
        assert self.failures, "give `failures`: environments that do not come up, each with what the error says of it"
        wired = [name for name, each in self.services.items() if any(wiring.dependencies(each).values())]
        assert wired, "one environment of `services` has a service that needs another"

    def test_what_can_come_up_is_not_refused(self, provisioner: Provisioner, environment: Environment) -> None:
        assert provisioner.refuses(environment) is None

    def test_what_fails_is_refused_with_a_sentence_or_not_at_all(
        self, provisioner: Provisioner, failure: tuple[Environment, str]
    ) -> None:
        refusal = provisioner.refuses(failure[0])
        assert refusal is None or refusal.strip(), "a refusal says what would be needed"

    def test_every_declared_port_accepts_a_connection_on_entry(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        with sites() as site, provisioner.provision(environment, site) as up:
            for name, service in environment.services.items():
                ports = up.endpoints[name].ports
                assert set(service.ports) <= set(ports), f"{name} declares ports that its endpoint lacks"
            assert not self.reachable or [each for each in addresses_of(up) if not accepts(*each)] == []

    def test_endpoints_and_variables_are_complete(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        with sites() as site, provisioner.provision(environment, site) as up:
            assert set(up.endpoints) == set(environment.services)
            assert up.environment == environment.name
            assert dict(up.variables) == wiring.variables(up.endpoints), "wiring.variables(endpoints) makes them"

    def test_ports_and_directory_are_gone_on_exit(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        with sites() as site, provisioner.provision(environment, site) as up:
            addresses = addresses_of(up)
        assert [each for each in addresses if accepts(*each)] == []
        assert not site.directory.exists(), "the site's directory cannot be removed: something is left in it"

    @pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
    def test_ports_and_directory_are_gone_after_an_exception_which_goes_on(
        self, provisioner: Provisioner, environment: Environment, sites: Sites, error: type[BaseException]
    ) -> None:
        addresses: list[tuple[str, int]] = []
        directories: list[Path] = []

        def fail() -> None:
            with sites() as site, provisioner.provision(environment, site) as up:
                addresses.extend(addresses_of(up))
                directories.append(site.directory)
                raise error

        with pytest.raises(error):
            fail()
        assert [each for each in addresses if accepts(*each)] == []
        assert [each for each in directories if each.exists()] == []

    def test_an_environment_comes_up_again_where_it_was(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        for _ in range(2):
            with sites() as site, provisioner.provision(environment, site) as up:
                assert set(up.endpoints) == set(environment.services)

    def test_two_of_one_declaration_at_once_do_not_clash(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        wished = _wishing(environment)
        with sites() as one, provisioner.provision(wished, one) as up:
            with sites() as two, provisioner.provision(wished, two) as besides:
                if self.reachable:
                    assert not set(addresses_of(up)) & set(addresses_of(besides)), "both are at the same address"
                assert one.directory != two.directory
            assert not self.reachable or all(accepts(*each) for each in addresses_of(up)), "one took the other down"
            assert not self.reachable or not any(accepts(*each) for each in addresses_of(besides))

    def test_a_wished_port_that_is_taken_is_replaced_and_told(
        self, provisioner: Provisioner, with_ports: Environment, sites: Sites
    ) -> None:
        if not self.reachable:
            pytest.skip("the ports of a fake are nowhere, and never taken")
        with ExitStack() as listeners, sites() as site:
            services = dict(with_ports.services)
            taken: dict[tuple[str, int], int] = {}
            for name, service in services.items():
                for inside in service.ports:
                    listener = listeners.enter_context(socket.create_server(("127.0.0.1", 0)))
                    taken[name, inside] = listener.getsockname()[1]
                services[name] = evolve(service, ports={each: taken[name, each] for each in service.ports})
            with provisioner.provision(evolve(with_ports, services=services), site) as up:
                for (name, inside), port in taken.items():
                    real = up.endpoints[name].ports[inside]
                    assert real not in taken.values(), f"{name} claims port {port}, at which another program listens"
                    assert accepts(up.endpoints[name].host, real)

    def test_what_does_not_come_up_is_an_error_that_names_its_service_with_the_logs(
        self, provisioner: Provisioner, failure: tuple[Environment, str], sites: Sites
    ) -> None:
        environment, text = failure
        error = _provision_error(provisioner, environment, sites)
        assert error.service in environment.services, f"the error is to name the service at fault, not {error.service}"
        assert error.service in error.logs, f"the logs of {error.service} are to come along"
        told = "\n".join([str(error), *error.logs.values()])
        assert text in told, f"the error is to contain {text!r}; it says\n{told}"

    def test_its_certificate_is_clean(
        self, provisioner: Provisioner, environment: Environment, workspace: Path, tier: str
    ) -> None:
        given: list[Certificate] = []
        with _certified(provisioner, given, workspace, tier) as (site, look), provisioner.provision(environment, site):
            look()
        assert given[0].held["directory"], "the core looks while the environment is up"
        assert given[0].leaks == (), "whatever an environment has made ends with it"

    def test_the_certificate_of_what_does_not_come_up_is_clean(
        self, provisioner: Provisioner, failure: tuple[Environment, str], workspace: Path, tier: str
    ) -> None:
        given: list[Certificate] = []
        with (
            _certified(provisioner, given, workspace, tier) as (site, _),
            pytest.raises(ProvisionError),
            provisioner.provision(failure[0], site),
        ):
            pass
        assert given[0].leaks == (), "what had come up ends with what did not"

    def test_what_does_not_come_up_takes_the_others_down(
        self, provisioner: Provisioner, failure: tuple[Environment, str], sites: Sites
    ) -> None:
        environment = _wishing(failure[0])
        _provision_error(provisioner, environment, sites)
        wished = [port for service in environment.services.values() for port in service.ports.values()]
        assert [port for port in wished if accepts("127.0.0.1", port)] == [], "a service was left running"

    def test_an_application_that_is_unavailable_stays_down_with_those_that_need_it(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        first = next(iter(environment.services))
        services = {**environment.services, first: evolve(environment.services[first], unavailable="no checkout of it")}
        without = evolve(environment, services=services)
        down = set(wiring.unavailable(without))
        with sites() as site, provisioner.provision(without, site) as up:
            assert set(up.unavailable) == down, "the others say why they stay down"
            assert "no checkout of it" in up.unavailable[first]
            assert set(up.endpoints) == set(services) - down

    def test_passwords_are_not_shown(self, provisioner: Provisioner, environment: Environment, sites: Sites) -> None:
        with sites() as site, provisioner.provision(environment, site) as up:
            logs = [log.read_text(encoding="utf-8", errors="replace") for log in up.logs.values()]
            for secret in {*wiring.secrets(up.endpoints), *self.secrets}:
                assert secret not in repr(up), "a value is printed with a password in it"
                assert not any(secret in log for log in logs), "a log tells a password"

    def test_passwords_are_in_no_error(
        self, provisioner: Provisioner, failure: tuple[Environment, str], sites: Sites
    ) -> None:
        error = _provision_error(provisioner, failure[0], sites)
        told = "\n".join([str(error), repr(error), *error.logs.values()])
        assert [secret for secret in self.secrets if secret in told] == [], "everybody may read an error"

    def test_an_environment_without_services_comes_up(self, provisioner: Provisioner, sites: Sites) -> None:
        with sites() as site, provisioner.provision(Environment(name="nothing"), site) as up:
            assert (dict(up.endpoints), dict(up.variables), dict(up.unavailable)) == ({}, {}, {})


def _site(lease: DirectoryLease, workspace: Path, tier: str) -> Site:
    isolation = None if tier == "default" else tier
    return Site(lease=lease.name, directory=lease.directory, workspace=workspace, isolation=isolation)


@contextmanager
def _certified(
    provisioner: Provisioner, given: list[Certificate], workspace: Path, tier: str
) -> Generator[tuple[Site, Callable[[], None]]]:
    """A site whose certificate is added to what is given once it is gone, and the look to be had before."""

    def elsewhere(lease: DirectoryLease) -> Mapping[str, tuple[str, ...]]:
        if not isinstance(provisioner, TakesInventory):
            return {}
        return provisioner.inventory(_site(lease, workspace, tier))

    with certified("contract", given.append, elsewhere) as (lease, look):
        yield _site(lease, workspace, tier), look


def _provision_error(provisioner: Provisioner, environment: Environment, sites: Sites) -> ProvisionError:
    """The error of an environment that does not come up; its directory is gone."""
    with sites() as site, pytest.raises(ProvisionError) as caught, provisioner.provision(environment, site):
        pass
    assert not site.directory.exists(), "the site's directory cannot be removed: something is left in it"
    return caught.value
