"""What workers had noted of a run that was cut off."""

from __future__ import annotations

import fcntl
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.builtin.runners.agent_session import SPOOL, outcome_of
from testflow_core.errors import HistoryError
from testflow_core.model import Outcome, Status, TestCase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from testflow_core.builtin.runners.agent_seat import Event

PATIENCE = 30.0
"""Seconds in which the workers of whoever was killed must have ended: nothing but the kernel ends them."""

CUT_OFF = "it was running when the run was cut off"


def noted(directory: Path) -> Iterator[Outcome]:
    """The outcomes in all spools of a directory, and an interrupted one for each test that had not ended."""
    for spool in sorted(directory.glob(f"{SPOOL}*")):
        with spool.open("rb") as stream:
            _await_silence(stream, spool)
            yield from _outcomes(stream)


def _await_silence(stream: IO[bytes], spool: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise HistoryError(f"somebody still writes to {spool}; end the processes that have it open") from None
            time.sleep(0.01)
        else:
            return


def _outcomes(stream: IO[bytes]) -> Iterator[Outcome]:
    order: Event = {}
    begun: dict[TestCase, Outcome] = {}
    ran_in: dict[TestCase, Event] = {}
    for line in stream:
        event: Event = {}
        # A worker that was killed may have left half a line.
        with suppress(ValueError):
            event = json.loads(line) if line.startswith(b"{") else {}
        kind = event.get("event")
        if kind == "order":
            order = event
        elif kind == "started" and order:
            told = outcome_of({**event, "status": Status.INTERRUPTED, "duration": 0.0, "started": 0.0}, order)
            begun[told.test] = evolve(told, reason=CUT_OFF, message=CUT_OFF)
        elif kind in {"ended", "late"} and order:
            told = outcome_of(event, order)
            begun.pop(told.test, None)
            # What is told late is of the order that the test ran in, not of the one that brought it to light.
            ran_in[told.test] = ran_in.get(told.test, order) if kind == "late" else order
            yield outcome_of(event, ran_in[told.test])
    yield from begun.values()
