"""What some batches have of an environment for themselves: made for the first of them, gone after the last."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from testflow_core.model import By, Environment, PlannedBatch, Provisioned, Scope
from testflow_core.provisioning import wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from testflow_core.execution.absence import Absence
    from testflow_core.model import Loaded, Plan

Ways: TypeAlias = "Callable[[Environment, By, ExitStack], Provisioned | Absence]"
"""Makes what a unit has for itself, gone when the stack is closed, or says why it cannot."""

CopyData: TypeAlias = "Callable[[ExitStack], Loaded | Absence | None]"
"""Copies the test data for a unit, gone when the stack is closed; None where all share it."""


@frozen(kw_only=True)
class Unit:
    """Batches that share what they have: in one environment (or none) and variant, by one way, under one name."""

    name: str
    environment: str
    variant: str
    by: By


def environment_of(batch: PlannedBatch, environments: Iterable[Environment]) -> Environment | None:
    """The environment that a batch runs in, None where it needs none."""
    wanted = batch.terms.environment
    fitting = (each for each in environments if wanted in {True, each.name} and each.variant == batch.variant)
    # Who names none means the only one: a plan with others is refused.
    return next(fitting, None)


def by_server(batch: PlannedBatch) -> bool:
    """Whether a batch runs in an environment of its own, and not in the shared one nor in a copy of a part of it."""
    return _by(batch) is By.SERVER


def by_copy(batch: PlannedBatch) -> bool:
    """Whether a batch runs in the shared environment, with copies of a part of it."""
    return _by(batch) not in {None, By.SERVER}


class Apart:
    """What the units of a plan have for themselves, used by one thread; `secrets` are those of all that there was."""

    def __init__(self, plan: Plan, make: Ways, copy: CopyData = lambda _: None) -> None:
        self._environments = plan.environments
        self._make = make
        self._copy = copy
        self._data: dict[Unit, tuple[ExitStack, Loaded | Absence | None]] = {}
        self._left: dict[Unit, set[str]] = {}
        for batch in plan.batches:
            unit = self._unit(batch)
            if unit is not None:
                self._left.setdefault(unit, set()).add(batch.id)
        self.secrets: tuple[str, ...] = ()
        self._there: dict[Unit, tuple[ExitStack, Provisioned | Absence]] = {}

    def of(self, batch: PlannedBatch) -> Provisioned | Absence | None:
        """What a batch has for itself, made where it is not there yet; None where it shares all with others."""
        unit = self._unit(batch)
        environment = environment_of(batch, self._environments)
        if unit is None or environment is None:
            return None
        if unit not in self._there:
            with ExitStack() as exits:
                own = self._make(environment, unit.by, exits)
                self._there[unit] = exits.pop_all(), own
            if isinstance(own, Provisioned):
                self.secrets = tuple(dict.fromkeys((*self.secrets, *wiring.secrets(own.endpoints))))
        return self._there[unit][1]

    def data_of(self, batch: PlannedBatch) -> Loaded | Absence | None:
        """The data that a batch has for itself, copied where it is not there yet; None where it shares that of all."""
        unit = self._unit(batch)
        if unit is None or not batch.terms.data:
            return None
        if unit not in self._data:
            with ExitStack() as exits:
                own = self._copy(exits)
                self._data[unit] = exits.pop_all(), own
        return self._data[unit][1]

    def again(self, batch: PlannedBatch) -> None:
        """A batch runs once more: where each test has its own, it is not what the last attempt has left."""
        unit = self._unit(batch)
        isolation = batch.terms.isolation
        if unit is not None and isolation is not None and isolation.scope is Scope.TEST and batch.flow is None:
            self._leave(unit)

    def ended(self, batch: PlannedBatch) -> None:
        """Nothing of a batch is left to do."""
        unit = self._unit(batch)
        if unit is not None:
            self._left[unit].discard(batch.id)
            if not self._left[unit]:
                self._leave(unit)

    def close(self) -> None:
        """Leave all that is there."""
        with ExitStack() as exits:
            for own, _ in (*self._there.values(), *self._data.values()):
                exits.callback(own.close)
            self._there.clear()
            self._data.clear()

    def _leave(self, unit: Unit) -> None:
        for there in (self._there, self._data):
            if unit in there:
                there.pop(unit)[0].close()

    def _unit(self, batch: PlannedBatch) -> Unit | None:
        by = _by(batch)
        if by is None:
            return None
        environment = environment_of(batch, self._environments)
        name = environment.name if environment is not None else ""
        return Unit(name=batch.unit, environment=name, variant=batch.variant, by=by)


def _by(batch: PlannedBatch) -> By | None:
    isolation = batch.terms.isolation
    return isolation.by if isolation is not None and batch.unit else None
