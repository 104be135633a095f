"""The process that holds an environment for longer than one run, until nobody has asked for it for a while."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.errors import ProvisionError
from testflow_core.interfaces import PROVISIONER
from testflow_core.model import By, Environment, Json, Record, Site, TestData
from testflow_core.provisioning import lease_files
from testflow_core.provisioning.exchange import Line
from testflow_core.provisioning.leases import private_directory
from testflow_core.provisioning.listings import LISTING, LOCK, SOCKET, Listing
from testflow_core.registry import plugin_set
from testflow_core.specs.manifest import from_json, to_json

if TYPE_CHECKING:
    from testflow_core.model import Provisioned


@frozen(kw_only=True)
class Order:
    """
    An environment to hold, as plain data.

    `identity` is what it is made from, `wait` how many seconds it waits for the next to use it: none where nobody but
    the first may.
    """

    environment: Environment
    provisioner: str
    workspace: Path
    checkouts: Mapping[str, Path]
    isolation: str | None
    records: Mapping[str, tuple[Record, ...]]
    identity: Mapping[str, str]
    wait: float
    data: TestData | None = None


class Keeper:
    """An environment, and whoever uses it: one after the other."""

    def __init__(self, exits: ExitStack, line: Line) -> None:
        self._exits = exits
        self._line = line
        self._up: Provisioned | None = None
        self._wait = 0.0
        self._first = ExitStack()
        self._looked_at = False
        self._copies: dict[int, ExitStack] = {}
        self._verbs = {
            "provision": self._provision,
            "check out": self._check_out,
            "clone": self._clone,
            "drop": self._drop,
            "health": self._health,
            "keep": self._keep,
            "end": self._end,
        }

    def hold(self) -> None:
        """Serve the one who asked for it, then all others, until it is over."""
        self._line.serve(self._verbs)
        self._first.close()
        while self._up is not None and self._renewed():
            client = self._next()
            if client is None:
                return
            with Line(client) as line:
                line.serve(self._verbs)

    def _provision(self, order: Json) -> Json:
        self._order = from_json(order, Order)
        asked = self._order
        lease = self._exits.enter_context(private_directory())
        self._directory = lease.directory
        # Before others can read of it: the first to use it is whoever asked for it.
        self._first.callback(os.close, lease_files.create(self._directory / LOCK))
        self._listener = self._exits.enter_context(socket.socket(socket.AF_UNIX))
        try:
            self._listener.bind(str(self._directory / SOCKET))
        except OSError as error:
            where = f"an environment cannot be kept in {self._directory}: {error}"
            raise ProvisionError(f"{where}; name a directory with a shorter path by TMPDIR") from error
        self._listener.listen()
        site = Site(
            lease=lease.name,
            directory=lease.directory,
            workspace=asked.workspace,
            checkouts=asked.checkouts,
            tell=self._line.tell,
            isolation=asked.isolation,
            copies=True,
            records=asked.records,
            data=asked.data,
        )
        provisioner = plugin_set("installed").load(PROVISIONER, asked.provisioner)
        self._up = self._exits.enter_context(provisioner.provision(asked.environment, site))
        self._wait = asked.wait
        self._list(looked_at=False)
        return self._check_out()

    def _check_out(self) -> Json:
        copied = self._up is not None and self._up.clone is not None
        return {"directory": str(self._directory), "copied": copied, "provisioned": to_json(self._up)}

    def _clone(self, by: str) -> Json:
        # Only asked where it was told that there is something to copy.
        assert self._up is not None  # noqa: S101
        assert self._up.clone is not None  # noqa: S101
        with ExitStack() as exits:
            copy = exits.enter_context(self._up.clone(By(by)))
            number = len(self._copies)
            self._copies[number] = exits.pop_all()
        return {"number": number, "provisioned": to_json(copy)}

    def _drop(self, number: int) -> Json:
        self._copies[number].close()
        return None

    def _health(self) -> Json:
        return dict(self._up.health()) if self._up is not None and self._up.health is not None else {}

    def _keep(self, seconds: float) -> Json:
        """Keep it as it is, for people to look at."""
        self._wait = seconds
        self._list(looked_at=True)
        return None

    def _end(self) -> Json:
        self._up = None
        self._exits.close()
        return None

    def _renewed(self) -> bool:
        """Whether it is as new, for the next; as it is, where it is kept to be looked at."""
        if self._looked_at:
            return True
        if self._up is None or self._up.renew is None or not self._wait:
            return False
        for log in self._up.logs.values():
            with suppress(OSError):
                os.truncate(log, 0)
        try:
            # Whoever was killed has dropped none of his.
            for copy in self._copies.values():
                copy.close()
            self._copies.clear()
            up, renew = self._up, self._up.renew
            self._up = evolve(renew(), renew=renew, isolation=up.isolation, health=up.health)
        except Exception:  # noqa: BLE001 - whatever it is, this environment is not to be trusted any more
            return False
        return True

    def _next(self) -> socket.socket | None:
        """Who wants to use it; None once nobody has for long enough."""
        until = time.monotonic() + self._wait
        while True:
            self._listener.settimeout(max(until - time.monotonic(), 1.0))
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                client.settimeout(None)
                return client
            # Whoever holds the lock has found it, and is about to ask.
            if self._looked_at or lease_files.acquire(self._directory / LOCK) is not None:
                return None

    def _list(self, *, looked_at: bool) -> None:
        self._looked_at = looked_at
        order = self._order
        listing = Listing(
            environment=order.environment.label,
            provisioner=order.provisioner,
            workspace=order.workspace,
            identity=order.identity,
            since=time.time(),
            looked_at=looked_at,
        )
        part = self._directory / f"{LISTING}.part"
        part.write_text(json.dumps(to_json(listing)), encoding="utf-8")
        part.rename(self._directory / LISTING)


def main(descriptor: int) -> None:
    """Hold what the process at the other end of a socket asks for, as a child of nobody who would wait for us."""
    if os.fork():
        os._exit(0)
    os.set_inheritable(descriptor, False)  # noqa: FBT003 (takes no keyword)
    with ExitStack() as exits, Line(socket.socket(fileno=descriptor)) as line:
        Keeper(exits, line).hold()


if __name__ == "__main__":
    main(int(sys.argv[1]))
