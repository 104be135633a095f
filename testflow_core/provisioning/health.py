"""Whether services can be used: awaited when they start, looked at again when a test has failed."""

from __future__ import annotations

from concurrent.futures import wait
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import readiness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Executor

    from testflow_core.provisioning.launch import Place, Running

LIMIT = 1.0
"""Seconds that a look at the services of an environment takes at most."""
_MOMENT = 0.1


@runtime_checkable
class TellsWhy(Protocol):
    """A process or container of which more may be known than its exit status."""

    def why(self) -> str:
        """What is known of its end besides: `the engine says that it was out of memory`; empty where nothing is."""
        ...


def wait_until_ready(name: str, running: Running, place: Place, since: int) -> None:
    """Until a service is ready, whatever the first `since` bytes of its log said; ProvisionError where it is not."""
    probes = [*running.probes, *_declared(running)]
    if running.readiness.exec:
        argv = [place.resolve(word, running.endpoint) for word in running.readiness.exec]
        probes.append(readiness.exec_probe(place.supervisor, argv, cwd=running.cwd, env=running.env))
    if running.readiness.log is not None:
        probes.append(readiness.log_probe(place.log, running.readiness.log, since))
    limit = running.readiness.timeout
    readiness.wait_until_ready(name, running.process, probes, limit=limit, log=place.log)


def ailing(running: Mapping[str, Running], pool: Executor) -> Mapping[str, str]:
    """What is wrong with each service that is not well, found within a second; all of them are looked at at once."""
    looks = {name: pool.submit(_state, each) for name, each in running.items()}
    wait(looks.values(), LIMIT)
    found = {name: look.result() if look.done() else "does not answer" for name, look in looks.items()}
    return {name: said for name, said in found.items() if said}


def _state(running: Running) -> str:
    process = running.process
    try:
        missing = None if process.returncode is not None else _missing(running)
        # Who does not answer may have ended just now.
        ended = process.wait(_MOMENT) if missing is not None else process.returncode
    except (ProvisionError, OSError) as error:
        return f"cannot be looked at: {error}"
    # A service without ports that has ended well is done with its work.
    if ended is None or (ended == 0 and not running.endpoint.ports):
        return f"is not well: {missing}" if missing is not None else ""
    why = process.why() if isinstance(process, TellsWhy) else ""
    return f"{readiness.describe_exit(ended)}{why and f': {why}'}"


def _missing(running: Running) -> str | None:
    probes = (*running.probes, *_declared(running))
    return next((missing for probe in probes if (missing := probe(LIMIT / 2)) is not None), None)


def _declared(running: Running) -> Iterator[readiness.Probe]:
    """The port or page that the declaration asks for: what can be looked at in no time, and again."""
    declared, endpoint = running.readiness, running.endpoint
    port = endpoint.port
    nothing_named = not (running.probes or declared.exec) and declared.http is None and declared.log is None
    if port is not None and nothing_named:
        yield readiness.port_probe(endpoint.host, port)
    if port is not None and declared.http is not None:
        yield readiness.http_probe(endpoint.host, port, declared.http)
