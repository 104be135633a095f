"""Fakes of what tests need: environments and data."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core.errors import DataError, ProvisionError
from testflow_core.interfaces import DataGenerator, Destination, Provisioner
from testflow_core.model import DataSet, Endpoint, Loaded, Provisioned
from testflow_core.provisioning.wiring import unavailable, variables

if TYPE_CHECKING:
    from testflow_core.model import Bench, By, Environment, Record, Service, Site, TestData


@frozen(kw_only=True)
class MemoryProvisioner(Provisioner):
    """
    Every environment comes up in no time; `events` tells which went up and down, in order.

    `refusal` is what `refuses` answers; `failing` maps a service to the log with which it does not come up. `copied`
    are the services that can be copied where a site asks for copies. Faults are events, too, as is
    what undoes one (`("undo", "db")`); `stuck` are services at which none can be undone.
    """

    refusal: str | None = None
    failing: Mapping[str, str] = field(factory=dict[str, str])
    copied: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()
    events: list[tuple[str, str]] = field(factory=list[tuple[str, str]])

    def refuses(self, environment: Environment) -> str | None:  # noqa: ARG002 - the contract's
        """The refusal it plays, or None."""
        return self.refusal

    @contextmanager
    def provision(self, environment: Environment, site: Site) -> Generator[Provisioned]:
        """Endpoints at hosts that do not exist, or ProvisionError."""
        for service in environment.services:
            if service in self.failing:
                logs = {service: self.failing[service]}
                raise ProvisionError(f"{service} did not come up", service=service, logs=logs)
        self.events.append(("up", environment.name))
        down = unavailable(environment)
        endpoints = {name: _endpoint(each) for name, each in environment.services.items() if name not in down}
        up = Provisioned(
            environment=environment.name,
            endpoints=endpoints,
            variables=variables(endpoints),
            unavailable=down,
            inject=self._inject if site.faults else None,
        )
        try:
            yield self._with_copies(up) if site.copies and self.copied else up
        finally:
            self.events.append(("down", environment.name))

    def _inject(self, fault: str, service: str, seconds: float) -> Callable[[], None]:  # noqa: ARG002 - the contract's
        self.events.append((fault, service))

        def undo() -> None:
            if service in self.stuck:
                raise ProvisionError(f"{service} does not come back", service=service)
            self.events.append(("undo", service))

        return undo

    def _with_copies(self, up: Provisioned) -> Provisioned:
        def renew() -> Provisioned:
            self.events.append(("renew", up.environment))
            return up

        @contextmanager
        def clone(by: By) -> Generator[Provisioned]:
            number = 1 + sum(kind == "copy" for kind, _ in self.events)
            self.events.append(("copy", by.value))
            endpoints = {
                name: evolve(each, host=f"{name}.{by}{number}.memory") if name in self.copied else each
                for name, each in up.endpoints.items()
            }
            try:
                yield evolve(up, endpoints=endpoints, variables=variables(endpoints))
            finally:
                self.events.append(("copy gone", by.value))

        return evolve(up, renew=renew, clone=clone)


@frozen(kw_only=True)
class MemoryData(DataGenerator):
    """Records whose values tell where they stand (`users.email[0]`); `failure` is the DataError it plays."""

    failure: str | None = None

    def generate(self, data: TestData) -> Mapping[str, Iterable[Record]]:
        """The records of every entity."""
        if self.failure is not None:
            raise DataError(self.failure)
        return {
            name: tuple({key: f"{name}.{key}[{row}]" for key in entity.schema} for row in range(entity.count))
            for name, entity in data.entities.items()
        }


@frozen(kw_only=True)
class MemoryDestination(Destination):
    """
    Keeps data sets in `loaded` while they are in place, by their names; `failure` is the DataError it plays.

    A second one of the same name is `shop'` there.
    """

    failure: str | None = None
    loaded: dict[str, DataSet] = field(factory=dict[str, "DataSet"])

    @contextmanager
    def load(self, data: DataSet, bench: Bench) -> Generator[Loaded]:  # noqa: ARG002 - the contract's
        """In place on entry, gone on exit."""
        if self.failure is not None:
            raise DataError(self.failure)
        name = data.name
        while name in self.loaded:
            name += "'"
        self.loaded[name] = data
        try:
            yield Loaded()
        finally:
            del self.loaded[name]


def _endpoint(service: Service) -> Endpoint:
    return Endpoint(host=f"{service.name}.memory", ports={port: port for port in service.ports})
