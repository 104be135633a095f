"""Faults as they are written in a step: what is done as the key, the service as its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.model import FAULTS, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen(kw_only=True)
class FaultSpec:
    """One fault as written: `{"pause": "db"}`, `{"delay": "db", "seconds": 0.5}`."""

    stop: str | None = None
    pause: str | None = None
    kill: str | None = None
    refuse: str | None = None
    delay: str | None = None
    seconds: float | None = None

    @property
    def named(self) -> dict[str, str]:
        """The services by what is done to them; a valid one has a single entry."""
        found = {kind: getattr(self, kind) for kind in FAULTS}
        return {kind: service for kind, service in found.items() if service is not None}


def mistakes(value: FaultSpec) -> Iterator[tuple[str, str]]:
    """What is wrong with it beyond the types of its fields, each with the field, empty for the whole."""
    if len(value.named) != 1:
        known = ", ".join(FAULTS)
        yield "", f"say one thing that is done to one service, got {len(value.named)} (known: {known})"
    if value.delay is not None and (value.seconds is None or not 0 < value.seconds < float("inf")):
        yield "seconds", f"a delay takes a number of seconds above 0, got {value.seconds}"
    if value.delay is None and value.seconds is not None:
        yield "seconds", "is for `delay` only; other faults are there while the step runs"


def fault(value: FaultSpec) -> Fault:
    """What a valid one means."""
    ((kind, service),) = value.named.items()
    return Fault(kind=kind, service=service, seconds=value.seconds or 0.0)
