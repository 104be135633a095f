"""What services write and when, so that of a test that failed it can be told what they said meanwhile."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from attrs import define, evolve, field, frozen

from testflow_core.model import FailureContext, Provisioned, ServiceState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.model import Outcome

LOG_LIMIT = 4 * 1024
"""Bytes of one service's log that are told of one failure: the last."""
FULLY_TOLD = 1_000
"""Failures of one run of which the logs are told: where all tests fail, they all say the same."""
INTERVAL = 0.02
"""Seconds between two looks at how long the logs are: what was written so shortly before a test is told of it, too."""
SLACK = 0.03
"""Seconds after the end of a test in which a service still writes of it; longer than the interval."""
_LONGEST_SECRET = 256
HOLDS = 10
"""So many times as long as it took to ask, an answer on the health of services holds."""


@define
class _Growth:
    """How long a log was and when, in seconds since the epoch; moments at which it had not grown are left out."""

    path: Path
    moments: list[float] = field(factory=list[float])
    sizes: list[int] = field(factory=list[int])
    lock: threading.Lock = field(factory=threading.Lock)

    def look(self) -> bool:
        """Note how long it is now; whether it is there."""
        with self.lock, suppress(OSError):
            size = self.path.stat().st_size
            if not self.sizes or size != self.sizes[-1]:
                self.moments.append(time.time())
                self.sizes.append(size)
            return True
        return False

    def written(self, since: float, until: float) -> str:
        """The last of what was written between two moments, the line before it left out that is not whole."""
        self.look()
        begin, end = self._at(since), self._at(until)
        with suppress(OSError), self.path.open("rb") as stream:
            start = max(begin, end - LOG_LIMIT)
            stream.seek(start)
            said = stream.read(end - start)
            if start > begin:
                # A line that is cut may begin with a part of a password, which nobody would find any more.
                said = said.partition(b"\n")[2] or said[_LONGEST_SECRET:]
                return f"[{start - begin} bytes left out]\n{said.decode(errors='replace')}"
            return said.decode(errors="replace")
        return ""

    def _at(self, moment: float) -> int:
        with self.lock:
            known = bisect_right(self.moments, moment)
            return self.sizes[known - 1] if known else 0


@frozen
class _Health:
    """What ailed the services of an environment, asked at one moment, taken to hold until another."""

    up: Provisioned
    said: Mapping[str, str]
    since: float
    until: float


class Witness:
    """
    Watches the logs of environments from when it first sees them; to be used in a `with` statement.

    A thread of its own looks how long they are: nothing is done for a test that passes.
    """

    def __init__(self) -> None:
        self._growths: dict[Path, _Growth] = {}
        self._health: dict[str, _Health] = {}
        self._told = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def see(self, up: object) -> None:
        """Watch the logs of an environment from now on, if it is one that is up."""
        if not isinstance(up, Provisioned):
            return
        for path in up.logs.values():
            if path not in self._growths:
                growth = self._growths[path] = _Growth(path)
                growth.look()
        if self._growths and self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="testflow-witness", daemon=True)
            self._thread.start()

    def told(self, outcome: Outcome, up: object) -> Outcome:
        """The outcome of a test that failed, with what the services of its environment said and what ails them."""
        if not isinstance(up, Provisioned):
            return outcome
        services = tuple(self._services(outcome, up))
        if not services:
            return outcome
        return evolve(outcome, context=evolve(outcome.context or FailureContext(), services=services))

    def _services(self, outcome: Outcome, up: Provisioned) -> Iterator[ServiceState]:
        self._told += 1
        logs = {name: self._written(path, outcome) for name, path in up.logs.items()}
        ailing = self._ailing(outcome, up)
        for name in dict.fromkeys((*up.endpoints, *up.logs)):
            if ailing.get(name) or logs.get(name):
                yield ServiceState(service=name, health=ailing.get(name, ""), log=logs.get(name, ""))

    def _written(self, path: Path, outcome: Outcome) -> str:
        growth = self._growths.get(path)
        # Of a test that was never begun nothing was written.
        if growth is None or not outcome.started or self._told > FULLY_TOLD:
            return ""
        return growth.written(outcome.started, outcome.started + (outcome.span or outcome.duration) + SLACK)

    def _ailing(self, outcome: Outcome, up: Provisioned) -> Mapping[str, str]:
        known = self._health.get(up.environment)
        ended = min(outcome.started + outcome.duration, time.time())
        if known is None or known.up is not up or max(known.since, known.until) < ended:
            since = time.time()
            said = _asked(up)
            known = _Health(up, said, since, since + HOLDS * (time.time() - since))
            self._health[up.environment] = known
        return known.said

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL):
            for growth in tuple(self._growths.values()):
                if not growth.look():
                    # With its environment. None comes back: the folder of each has a name of its own.
                    self._growths.pop(growth.path, None)


def _asked(up: Provisioned) -> Mapping[str, str]:
    try:
        return up.health() if up.health is not None else {}
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises costs no result of the run
        return dict.fromkeys(up.endpoints, f"cannot be looked at: {error!r}")
