"""Faults on purpose: a service of an environment stops, hangs or is not to be reached until that is undone."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from attrs import evolve

from testflow_core.errors import ProvisionError
from testflow_core.model import FAULTS
from testflow_core.provisioning.fault_gates import Gates, moved
from testflow_core.provisioning.launch import Started
from testflow_core.specs import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testflow_core.model import By, Endpoint
    from testflow_core.provisioning.launch import Running

    Clone: TypeAlias = Callable[[By], AbstractContextManager[Endpoint]]


@runtime_checkable
class Disturbed(Started, Protocol):
    """What can be ended and started again, and paused: a local process, a container."""

    def halt(self, grace: float, number: signal.Signals, /) -> None:
        """End it as `end` does, in such a way that it can be started again."""
        ...

    def pause(self) -> None:
        """Nothing of it runs until `resume`, or its end."""
        ...

    def resume(self) -> None:
        """Let it run on."""
        ...


class _Mark:
    """One fault that has been injected and not undone."""

    def __init__(self, fault: str) -> None:
        self.fault = fault


class Faults:
    """
    What can be done to the services of one environment; safe to use from several threads.

    `running` are its services as they run at the moment: one that was started again takes the place of what it was.
    """

    def __init__(self, gates: Gates, running: dict[str, Running]) -> None:
        self._gates = gates
        self._running = running
        self._ready: dict[str, Callable[[Running, int], None]] = {}
        self._logs: dict[str, Path] = {}
        self._active: dict[str, _Mark] = {}
        self._lock = threading.RLock()
        self._over = False

    def take(self, name: str, ready: Callable[[Running, int], None], log: Path) -> None:
        """
        A service is up: whoever is told of it is told of other ports.

        `ready` waits until it is once more, whatever the first so many bytes of its log said.
        """
        running = self._running[name]
        shown = self._gates.stand_before(name, running.endpoint)
        ports = dict(zip(running.endpoint.ports.values(), shown.ports.values(), strict=True))
        self._logs[name] = log
        self._ready[name] = lambda again, since: ready(evolve(again, endpoint=running.endpoint), since)
        clone = None if running.clone is None else _moved_copies(running.clone, ports)
        self._running[name] = evolve(running, endpoint=shown, clone=clone)

    def inject(self, fault: str, service: str, seconds: float) -> Callable[[], None]:
        """
        Do something to a service, and answer what undoes it: then it runs, is ready, and where it was.

        `seconds` are those of a delay. ProvisionError where there is no such fault or service, or it has one already.
        """
        if fault not in FAULTS:
            raise ProvisionError(unknown_name("fault", fault, FAULTS))
        if service not in self._ready:
            raise ProvisionError(unknown_name("service", service, self._ready))
        if fault == "delay" and not seconds > 0:
            raise ProvisionError(f"a delay of {service} needs `seconds` above 0, got {seconds:g}")
        if fault in {"refuse", "delay"} and not self._running[service].endpoint.ports:
            raise ProvisionError(f"the service {service} has no port at which to {fault}", service=service)
        with self._lock:
            if self._over:
                raise ProvisionError(f"the environment of {service} is going down", service=service)
            if service in self._active:
                there = self._active[service].fault
                raise ProvisionError(f"{service} has the fault {there!r} already; undo it first", service=service)
            undo = self._begin(fault, service, seconds)
            mark = self._active[service] = _Mark(fault)
        return lambda: self._undo(service, mark, undo)

    @property
    def active(self) -> dict[str, str]:
        """What was done on purpose to services, by their names, and is not undone."""
        with self._lock:
            return {
                service: f"has the fault {mark.fault!r}, as was asked for" for service, mark in self._active.items()
            }

    def close(self) -> None:
        """The environment goes down: what is paused runs on, to hear of its end, and nothing is started any more."""
        with self._lock:
            self._over = True
            for service, mark in self._active.items():
                if mark.fault == "pause":
                    self._disturbed(service).resume()
            self._active.clear()

    def _begin(self, fault: str, service: str, seconds: float) -> Callable[[], None]:
        if fault == "refuse":
            self._gates.shut(service, cut=True)
            return lambda: self._gates.open(service)
        if fault == "delay":
            self._gates.delay(service, seconds)
            return lambda: self._gates.delay(service, 0.0)
        process = self._disturbed(service)
        if fault == "pause":
            process.pause()
            return process.resume
        running = self._running[service]
        again = running.again
        if again is None:
            raise ProvisionError(f"the service {service} cannot be started again by its provisioner", service=service)
        # Who connects is to be refused as there, where the service itself listens.
        self._gates.shut(service)
        if fault == "kill":
            process.halt(0, signal.SIGKILL)
        else:
            process.halt(running.grace, running.end_signal)
        return lambda: self._start(service, again)

    def _start(self, service: str, again: Callable[[], Started]) -> None:
        since = self._logs[service].stat().st_size
        self._running[service] = evolve(self._running[service], process=again())
        self._ready[service](self._running[service], since)
        self._gates.open(service)

    def _undo(self, service: str, mark: _Mark, undo: Callable[[], None]) -> None:
        with self._lock:
            # Once is enough, and the service may have another fault by now.
            if self._active.get(service) is mark:
                del self._active[service]
                undo()

    def _disturbed(self, service: str) -> Disturbed:
        process = self._running[service].process
        if not isinstance(process, Disturbed):
            raise ProvisionError(f"the service {service} cannot be paused or ended by its provisioner", service=service)
        return process


def _moved_copies(clone: Clone, ports: dict[int, int]) -> Clone:
    @contextmanager
    def copy(by: By) -> Generator[Endpoint]:
        with clone(by) as own:
            yield moved(own, ports)

    return copy
