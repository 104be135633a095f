"""What a provisioner is given to start a service, and what it gives back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from testflow_core import references
from testflow_core.model import By, Endpoint, Readiness, Site
from testflow_core.provisioning import records, wiring
from testflow_core.provisioning.leases import PortLeases
from testflow_core.provisioning.readiness import Probe
from testflow_core.provisioning.supervisor import Supervisor


@frozen(kw_only=True)
class Place:
    """
    Where one service is started, and with what.

    `directory` is its own and exists; `log` is the file it is to write to. `endpoints` are the services that are up
    already, where this one reaches them; `variables` tell of those that it needs.
    """

    site: Site
    directory: Path
    log: Path
    supervisor: Supervisor
    ports: PortLeases
    endpoints: Mapping[str, Endpoint] = field(factory=dict[str, Endpoint])
    variables: Mapping[str, str] = field(factory=dict[str, str], repr=False)

    def resolve(self, text: str, own: Endpoint) -> str:
        """The text with its references replaced; `{host}` and `{port}` are those of `own`. UnknownReferenceError."""
        mine = {key: value for key, value in wiring.values(own).items() if key in wiring.OWN}
        made = records.values(text, self.site.records)
        return references.resolve(text, {**wiring.reference_values(self.endpoints), **mine, **made})


class Started(Protocol):
    """What a service runs as: a local process, a container."""

    @property
    def returncode(self) -> int | None:
        """None while it runs, then its exit status, or the negative number of the signal that ended it."""
        ...

    def wait(self, timeout: float | None = None, /) -> int | None:
        """The return code as soon as it is known; None where `timeout` seconds pass before."""
        ...

    def end(self, grace: float, number: signal.Signals, /) -> None:
        """Ask it to end, and end it by force after `grace` seconds; nothing of it runs when this returns."""
        ...


@frozen(kw_only=True)
class Running:
    """
    A service that was started and may not be ready yet.

    `endpoint` is where it is reached from here, `peer` where the other services of the environment reach it, if that is
    another place.

    `probes` are its type's own checks, made beside those of `readiness`; the first port must accept a connection where
    there are neither. `prepare` is called once it is ready, before anybody may use it. `env` and `cwd` are those of the
    command that `readiness` may name. It is ended by `end_signal`, and by force after `grace` seconds.

    `keep` notes what the service is like once it is prepared and filled with test data. `reset` makes it so again, and
    verifies it. `clone` is another like it then, within the same server, gone on exit. They raise ProvisionError; a
    service has them only where `Site.copies` asks for them.
    `again` starts the service once more after its process has ended, at the same ports and with the same files.
    """

    endpoint: Endpoint
    process: Started
    cwd: Path
    peer: Endpoint | None = None
    env: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    readiness: Readiness = field(factory=Readiness)
    probes: tuple[Probe, ...] = ()
    prepare: Callable[[], None] | None = None
    end_signal: signal.Signals = signal.SIGTERM
    grace: float = 5.0
    warnings: tuple[str, ...] = ()
    keep: Callable[[], None] | None = None
    reset: Callable[[], None] | None = None
    clone: Callable[[By], AbstractContextManager[Endpoint]] | None = None
    again: Callable[[], Started] | None = None
