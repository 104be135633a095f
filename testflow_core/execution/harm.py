"""What is done on purpose to the services of batches while they run."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_core.model import Provisioned

if TYPE_CHECKING:
    from collections.abc import Callable

    from testflow_core.model import Fault, Inject, PlannedBatch


def ability(up: Provisioned) -> Inject:
    """What injects faults into an environment; ProvisionError where there is nothing that could."""
    if up.inject is None:
        raise ProvisionError(
            f"nothing can be done to the services of the environment {up.environment!r}: either it is not declared with"
            " `faults=True`, or its provisioner has no means for that; those named `process` and `docker` have"
        )
    return up.inject


def undone(undo: Callable[[], None], fault: Fault) -> str | None:
    """Undo a fault: why that failed, or None."""
    try:
        undo()
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises costs no result of the run
        return f"the fault {text(fault)} could not be undone: {_said(error)}"
    return None


def text(fault: Fault) -> str:
    """A fault as it is told of."""
    return f"`{fault.kind}` of {fault.service!r}"


class Harm:
    """The faults of the batches that run, used by one thread; `warn` hears of what cannot be undone."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._there: dict[str, ExitStack] = {}

    def begin(self, batch: PlannedBatch, up: object) -> str | None:
        """Do what a batch asks for in its environment, all of it or nothing; why it cannot, or None."""
        if not batch.faults or not isinstance(up, Provisioned):
            return None
        with ExitStack() as undoing:
            for fault in batch.faults:
                try:
                    undo = ability(up)(fault.kind, fault.service, fault.seconds)
                except Exception as error:  # noqa: BLE001 - whatever a plugin raises is an error of these tests alone
                    return f"the fault {text(fault)} could not be injected: {_said(error)}"
                undoing.callback(self._undo, undo, fault)
            self._there[batch.id] = undoing.pop_all()
        return None

    def end(self, batch: str) -> None:
        """Undo what was done for a batch, the last first."""
        if batch in self._there:
            self._there.pop(batch).close()

    def _undo(self, undo: Callable[[], None], fault: Fault) -> None:
        trouble = undone(undo, fault)
        if trouble is not None:
            self._warn(trouble)

    def close(self) -> None:
        """Undo all that is there, as where a run is broken off."""
        for batch in tuple(self._there):
            self.end(batch)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, ProvisionError) else f"the provisioner raised {error!r}"
