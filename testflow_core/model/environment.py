"""What tests run against: services, and where they can be reached once they are up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from attrs import field, frozen

from testflow_core.model.application import Application, Readiness
from testflow_core.model.data import Json, Record, TestData
from testflow_core.model.isolation import By
from testflow_core.model.variant import labelled


@frozen(kw_only=True)
class Service:
    """
    One service of an environment, as declared.

    `ports` maps the port inside to the port wished for on the host. `config` is what the service's type takes, checked
    by the provisioner. `application` is bound by the core where the service bears the name of a registered application,
    `unavailable` where that has no checkout, to the reason.
    """

    name: str
    type: str
    version: str | None = None
    image: str | None = None
    command: tuple[str, ...] | None = None
    ports: Mapping[int, int] = field(factory=dict[int, int])
    env: Mapping[str, str] = field(factory=dict[str, str])
    depends_on: tuple[str, ...] = ()
    readiness: Readiness | None = None
    config: Mapping[str, Json] = field(factory=dict[str, Json])
    application: Application | None = None
    unavailable: str | None = None


@frozen(kw_only=True)
class Environment:
    """
    A named set of services that tests need together; variants of one bear the same name.

    `faults` tells whether tests may do harm to its services on purpose.
    """

    name: str
    services: Mapping[str, Service] = field(factory=dict[str, Service])
    variant: str = ""
    faults: bool = False

    @property
    def label(self) -> str:
        """What people call it: its name, and its variant where it has one, `name [variant]`."""
        return labelled(self.name, self.variant)


def _without_password(url: str | None) -> str:
    return repr(url and re.sub(r"(//[^/@:]*):[^/@]*@", r"\1:********@", url))


@frozen(kw_only=True)
class Endpoint:
    """Where a running service is reached; `ports` maps the declared port to the real one, the first declared first."""

    host: str
    ports: Mapping[int, int] = field(factory=dict[int, int])
    url: str | None = field(default=None, repr=_without_password)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None

    @property
    def port(self) -> int | None:
        """The real port of the first declared one."""
        return next(iter(self.ports.values()), None)


def _nobody(_sentence: str) -> None:
    """Nobody follows."""


@frozen(kw_only=True)
class Site:
    """
    Where one environment goes up.

    `lease` names it, unique on the machine. `directory` is private to it and gone once it is down. `workspace` and the
    checkouts of the applications are where declared files are looked for, in that order. `tell` is for what takes its
    time: whoever follows the run hears a sentence; any thread may call it. `isolation` is how it is to be kept apart:
    a tier of `provisioning.namespaces`, `required` for the highest, None for the best there is. `copies` asks for the
    means to reset the services and to copy them, which costs those that have such means some time at their start.
    `faults` asks for the means to stop, pause, kill, refuse and delay them, which puts a proxy before their ports.
    `records` are those of the test data, by entity, where a service refers to one. `data` is declared data with the
    destinations that are in its services; `plugins` is for the core, which loads these from where the run's come from.
    """

    lease: str
    directory: Path
    workspace: Path
    checkouts: Mapping[str, Path] = field(factory=dict[str, Path])
    tell: Callable[[str], None] = field(default=_nobody, eq=False, repr=False)
    isolation: str | None = None
    copies: bool = False
    faults: bool = False
    records: Mapping[str, Sequence[Record]] = field(factory=dict[str, "Sequence[Record]"], repr=False)
    data: TestData | None = field(default=None, repr=False)
    plugins: object = field(default=None, eq=False, repr=False)


@frozen(kw_only=True)
class Provisioned:
    """
    An environment that is up.

    `variables` is what a test needs to reach every service (`PAYMENT_DB_HOST`); `unavailable` says why a service was
    left down; `logs` are the files that the services write. `isolation` is how it is kept apart from others, `origin`
    whether it is new or was used before, and why.

    `clone` is the environment with whatever it can copy of it in place of that; a service whose endpoint is the same is
    shared with the others. `renew` makes all of it as it was when it came up and verifies that, starts anew what cannot
    be reset, and answers what it is then. `inject` does something to a service and answers what undoes it, where the
    site asks for faults. They raise ProvisionError, and are None where they cannot be done. `health` looks at the
    services, for a second at most, and says what is wrong with each that is not well: `was ended by SIGKILL`.
    """

    environment: str
    endpoints: Mapping[str, Endpoint] = field(factory=dict[str, Endpoint])
    variables: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    unavailable: Mapping[str, str] = field(factory=dict[str, str])
    logs: Mapping[str, Path] = field(factory=dict[str, Path])
    warnings: tuple[str, ...] = ()
    isolation: str = ""
    origin: str = ""
    clone: Clone | None = field(default=None, eq=False, repr=False)
    renew: Callable[[], Provisioned] | None = field(default=None, eq=False, repr=False)
    inject: Inject | None = field(default=None, eq=False, repr=False)
    health: Callable[[], Mapping[str, str]] | None = field(default=None, eq=False, repr=False)


Clone: TypeAlias = Callable[[By], AbstractContextManager[Provisioned]]
"""Makes a copy of an environment that is up, gone on exit; from any thread."""

FAULTS = ("stop", "pause", "kill", "refuse", "delay")
"""What can be done to a service on purpose, and undone."""

Inject: TypeAlias = Callable[[str, str, float], Callable[[], None]]
"""
One of FAULTS, a service, and the seconds of a delay: answers what undoes it, from any thread.

Undone, the service is ready again, and where it was; to undo it twice, or when the environment is gone, does nothing.
ProvisionError where there is no such fault or service, or it cannot be done or undone.
"""
