"""The ports that are given out in place of those of services, so that connections can be refused and delayed."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from attrs import evolve

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from testflow_core.model import Endpoint
    from testflow_core.provisioning.leases import PortLeases
    from testflow_core.provisioning.supervised import Supervised
    from testflow_core.provisioning.supervisor import Supervisor

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from testflow_core.provisioning.fault_proxy import main; main()"
_INTERPRETER = (sys.executable, "-I", "-S")
_ROOT = str(Path(__file__).parents[2])


class Gates:
    """One proxy for all services of an environment; ProvisionError where it does not do what it is told."""

    def __init__(self, supervisor: Supervisor, ports: PortLeases, directory: Path) -> None:
        self._supervisor = supervisor
        self._ports = ports
        self._directory = directory
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        theirs, orders = os.pipe()
        answers, told = os.pipe()
        self._orders: IO[bytes] = os.fdopen(orders, "wb", 0)
        self._answers: IO[bytes] = os.fdopen(answers, "rb")
        try:
            with (self._directory / "faults.log").open("ab") as log:
                self._process: Supervised = self._supervisor.spawn(
                    [*_INTERPRETER, "-c", _PROGRAM, _ROOT],
                    cwd=self._directory,
                    env=os.environ,
                    stdin=theirs,
                    stdout=told,
                    stderr=log.fileno(),
                )
        finally:
            os.close(theirs)
            os.close(told)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._orders.close()
        # It ends by itself; what does not is ended.
        self._process.wait(5.0)
        self._process.end(0)
        self._answers.close()

    def stand_before(self, service: str, endpoint: Endpoint) -> Endpoint:
        """The endpoint as it is given out: the same at other ports."""
        ports = {real: self._ports.lease() for real in dict.fromkeys(endpoint.ports.values())}
        for real, port in ports.items():
            self._tell(verb="stand", service=service, port=port, behind=real)
        return moved(endpoint, ports)

    def shut(self, service: str, *, cut: bool = False) -> None:
        """Refuse what comes; `cut` resets what is open."""
        self._tell(verb="shut", service=service, cut=cut)

    def open(self, service: str) -> None:
        """Let through again what comes."""
        self._tell(verb="open", service=service)

    def delay(self, service: str, seconds: float) -> None:
        """Let answers come so much later; 0 for at once."""
        self._tell(verb="delay", service=service, seconds=seconds)

    def _tell(self, **order: object) -> None:
        with self._lock:
            try:
                self._orders.write(json.dumps(order).encode() + b"\n")
                answer = self._answers.readline()
            except BrokenPipeError:
                answer = b""
        trouble = json.loads(answer)["trouble"] if answer else "it has ended"
        if trouble:
            raise ProvisionError(f"the proxy before the service {order['service']} cannot {order['verb']}: {trouble}")


def moved(endpoint: Endpoint, ports: dict[int, int]) -> Endpoint:
    """An endpoint at other ports, by its own; its address too."""
    shown = {inside: ports.get(real, real) for inside, real in endpoint.ports.items()}
    url = endpoint.url
    parts = urlsplit(url or "")
    if parts.port in ports:
        place = parts.netloc.rpartition(":")[0]
        url = urlunsplit(parts._replace(netloc=f"{place}:{ports[parts.port]}"))
    return evolve(endpoint, ports=shown, url=url)
