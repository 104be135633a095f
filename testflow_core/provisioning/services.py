"""Environments made of services: a plugin starts one service, the order, the wiring and the end of all are here."""

from __future__ import annotations

import re
import shutil
from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, ClassVar, TypeVar

from attrs import evolve

from testflow_core import graph
from testflow_core.errors import Problem, ProvisionError, SpecError, UnknownReferenceError
from testflow_core.interfaces import Provisioner
from testflow_core.model import Provisioned
from testflow_core.provisioning import copies, health, isolation, readiness, wiring
from testflow_core.provisioning.fault_gates import Gates
from testflow_core.provisioning.faults import Faults
from testflow_core.provisioning.launch import Place
from testflow_core.provisioning.leases import PortLeases
from testflow_core.provisioning.namespaces import SUBREAPER
from testflow_core.provisioning.placing import Placing
from testflow_core.provisioning.supervisor import Supervisor
from testflow_core.specs import key_path, structure, unknown_name

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testflow_core.model import Endpoint, Environment, Service, Site
    from testflow_core.provisioning.launch import Running

T = TypeVar("T")

_AT_ONCE = 8


def configuration(service: Service, cls: type[T]) -> T:
    """The `config` of a service as an instance of the attrs class `cls`; SpecError with every mistake and its path."""
    return structure(service.config, cls, f"{declared_at(service)}.config")


def declared_at(service: Service) -> str:
    """The path of a service in its environment's declaration, `$.services.db`."""
    return key_path("$.services", service.name)


class ServiceProvisioner(Provisioner):
    """
    A provisioner whose plugin says which services it can start, and starts one.

    `isolated_by` is what keeps its services apart where they are no processes of ours: `containers`.
    """

    isolated_by: ClassVar[str] = ""
    places_data: ClassVar[bool] = True

    @abstractmethod
    def service_types(self) -> Mapping[str, type[object]]:
        """The service types it knows, each with the attrs class of its `config`."""

    @abstractmethod
    def refuses_service(self, service: Service) -> str | None:
        """Why it cannot start this service here and what would be needed, or None."""

    @abstractmethod
    def start(self, service: Service, place: Place) -> Running:
        """The service, started; ProvisionError, OSError or UnknownReferenceError where it cannot be."""

    def around(self, environment: Environment, site: Site, supervisor: Supervisor) -> AbstractContextManager[object]:  # noqa: ARG002 (for plugins to override)
        """What an environment stands on: entered before its first service starts, left once all have ended."""
        return nullcontext()

    def inventory(self, site: Site) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG002 (for plugins to override)
        """What there is of an environment beside processes, ports and files, by its kind; nothing unless overridden."""
        return {}

    def mistakes(self, service: Service) -> Iterable[Problem]:  # noqa: ARG002 (for plugins to override)
        """Mistakes in the declaration of a service beyond its type and its `config`; none unless overridden."""
        return ()

    def refuses(self, environment: Environment) -> str | None:
        """Every reason of every service that cannot be started here, or None."""
        known = self.service_types()
        services = [each for each in environment.services.values() if each.type in known]
        reasons = [reason for each in services if (reason := self.refuses_service(each)) is not None]
        return "; ".join(reasons) or None

    def problems(self, environment: Environment, /) -> Iterator[Problem]:
        """Every mistake of the environment's declaration that can be told before anything is started."""
        known = self.service_types()
        for name, service in environment.services.items():
            path = key_path("$.services", name)
            if service.type not in known:
                yield Problem(f"{path}.type", unknown_name("service type", service.type, known))
                continue
            try:
                configuration(service, known[service.type])
            except SpecError as error:
                yield from error.problems
            else:
                yield from self.mistakes(service)
            yield from _pattern_problems(service, path)
        yield from wiring.problems(environment)

    @contextmanager
    def provision(self, environment: Environment, site: Site) -> Generator[Provisioned]:
        """The environment, up on entry (or ProvisionError with the logs) and gone on exit, its directory too."""
        down = wiring.unavailable(environment)
        needs = {name: needed for name, needed in wiring.dependencies(environment).items() if name not in down}
        with ExitStack() as stack:
            ports = stack.enter_context(PortLeases(site.directory))
            # Left after the supervisor: once that has killed everything, nobody in the pool waits for anything.
            pool = stack.enter_context(ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="testflow-start"))
            tier = SUBREAPER if self.isolated_by else isolation.wanted(site.isolation)
            supervisor = stack.enter_context(Supervisor(remove=[site.directory], tier=tier))
            isolated = self.isolated_by or isolation.reached(supervisor, site.isolation)
            stack.enter_context(self.around(environment, site, supervisor))
            gates = stack.enter_context(Gates(supervisor, ports, site.directory)) if site.faults else None
            ascent = _Ascent(self, environment, site, supervisor, ports, gates)
            stack.callback(ascent.descend)
            try:
                for wave in graph.waves(needs):
                    ascent.climb(wave, needs, pool)
                ascent.look_back()
            except ProvisionError as error:
                raise ascent.told(error) from None
            yield evolve(
                ascent.arrive(down),
                isolation=isolated,
                renew=lambda: ascent.renew(needs, pool, down),
                health=lambda: ascent.health(pool),
            )


class _Ascent:
    """One environment on its way up, and down again."""

    def __init__(
        self,
        provisioner: ServiceProvisioner,
        environment: Environment,
        site: Site,
        supervisor: Supervisor,
        ports: PortLeases,
        gates: Gates | None,
    ) -> None:
        self._provisioner = provisioner
        self._environment = environment
        self._site = site
        self._supervisor = supervisor
        self._ports = ports
        self._peers: dict[str, Endpoint] = {}
        self._logs: dict[str, Path] = {}
        self._running: dict[str, Running] = {}
        self._placing = Placing(site)
        self._faults = None if gates is None else Faults(gates, self._running)

    def climb(self, wave: Sequence[str], needs: Mapping[str, Sequence[str]], pool: ThreadPoolExecutor) -> None:
        """Bring up services that do not need each other; ProvisionError for the first that fails."""
        places = {name: self._place(name, needs[name]) for name in wave}
        if len(wave) == 1:
            self._bring_up(wave[0], places[wave[0]])
        else:
            starts = [pool.submit(self._bring_up, name, place) for name, place in places.items()]
            for start in as_completed(starts):
                start.result()
        for name in wave:
            running = self._running[name]
            self._peers[name] = running.peer or running.endpoint

    def look_back(self) -> None:
        """ProvisionError where a service has failed since it was ready; one that is done with its work has not."""
        for name, running in self._running.items():
            code = running.process.returncode
            if code:
                what = f"{readiness.describe_exit(code)} before the environment was up"
                raise readiness.failure(name, what, self._logs[name])

    def renew(
        self, needs: Mapping[str, Sequence[str]], pool: ThreadPoolExecutor, down: Mapping[str, str]
    ) -> Provisioned:
        """Everything as it was when it came up: services that cannot be reset, and who needs them, start anew."""
        waves = graph.waves(needs)
        lasting: list[str] = []
        for name in (name for wave in waves for name in wave):
            if self._running[name].reset is not None and all(each in lasting for each in needs[name]):
                lasting.append(name)
        for name in [each for each in reversed(tuple(self._running)) if each not in lasting]:
            self._take_down(name)
        self.look_back()
        for reset in filter(None, (self._running[name].reset for name in lasting)):
            reset()
        for wave in waves:
            self.climb([name for name in wave if name not in lasting], needs, pool)
        self.look_back()
        return self.arrive(down)

    def health(self, pool: ThreadPoolExecutor) -> Mapping[str, str]:
        """What is wrong with each service that is not well."""
        asked_for = {} if self._faults is None else self._faults.active
        return {**health.ailing(dict(self._running), pool), **asked_for}

    def descend(self) -> None:
        """End every service, the last one first."""
        if self._faults is not None:
            self._faults.close()
        for name, running in reversed(tuple(self._running.items())):
            self._placing.down(name)
            running.process.end(running.grace, running.end_signal)

    def arrive(self, down: Mapping[str, str]) -> Provisioned:
        """What those who use the environment may know of it."""
        endpoints = {name: self._running[name].endpoint for name in self._peers}
        up = Provisioned(
            inject=None if self._faults is None else self._faults.inject,
            environment=self._environment.name,
            endpoints=endpoints,
            variables={**wiring.variables(endpoints), **self._placing.variables},
            unavailable=down,
            logs=dict(self._logs),
            warnings=tuple(warning for name in endpoints for warning in self._running[name].warnings),
        )
        return copies.with_copies(up, self._running)

    def told(self, error: ProvisionError) -> ProvisionError:
        """The error with the last of every log, and without the secrets of what had come up."""
        secrets = wiring.secrets({name: running.endpoint for name, running in self._running.items()})
        logs = {**{name: readiness.tail(log) for name, log in self._logs.items()}, **error.logs}
        shown = {name: wiring.redacted(log, secrets) for name, log in logs.items()}
        return ProvisionError(wiring.redacted(error.message, secrets), service=error.service, logs=shown)

    def _take_down(self, name: str) -> None:
        running = self._running.pop(name)
        self._placing.down(name)
        running.process.end(running.grace, running.end_signal)
        for port in running.endpoint.ports.values():
            self._ports.release(port)
        del self._peers[name]
        shutil.rmtree(self._logs[name].with_suffix(""))

    def _place(self, name: str, needs: Sequence[str]) -> Place:
        order = list(self._environment.services).index(name)
        # The number keeps apart what is equal without its odd characters; sockets need a short path.
        short = f"{order}-{re.sub(r'[^A-Za-z0-9_-]', '_', name)[:32]}"
        directory = self._site.directory / short
        directory.mkdir(mode=0o700)
        log = self._site.directory / f"{short}.log"
        log.touch(mode=0o600)
        self._logs[name] = log
        return Place(
            site=self._site,
            directory=directory,
            log=log,
            supervisor=self._supervisor,
            ports=self._ports,
            endpoints=dict(self._peers),
            variables=wiring.variables({each: self._peers[each] for each in needs}),
        )

    def _bring_up(self, name: str, place: Place) -> None:
        service = self._environment.services[name]
        try:
            running = self._provisioner.start(service, place)
            self._running[name] = running
            health.wait_until_ready(name, running, place, 0)
            if running.prepare is not None:
                running.prepare()
            self._placing.up(name, running.endpoint)
            if running.keep is not None:
                running.keep()
            if self._faults is not None:
                self._faults.take(
                    name, lambda again, since: health.wait_until_ready(name, again, place, since), place.log
                )
        except ProvisionError as error:
            if error.service is not None:
                raise
            raise ProvisionError(error.message, service=name, logs={name: readiness.tail(place.log)}) from error
        except (OSError, ValueError, UnknownReferenceError) as error:
            raise readiness.failure(name, f"cannot be started: {error}", place.log) from error


def _pattern_problems(service: Service, path: str) -> Iterator[Problem]:
    declared = service.readiness
    if declared is None or declared.log is None:
        return
    try:
        re.compile(declared.log)
    except re.error as error:
        yield Problem(f"{path}.readiness.log", f"{declared.log!r} is no regular expression: {error}")
