"""An environment that is up, to be reset, and to be copied."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.provisioning import wiring

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from testflow_core.model import By, Provisioned
    from testflow_core.provisioning.launch import Running


def with_copies(up: Provisioned, running: Mapping[str, Running]) -> Provisioned:
    """The environment with the means to reset and to copy it, as far as its services have them."""
    resets = {name: each.reset for name, each in running.items() if each.reset is not None}
    clones = {name: each.clone for name, each in running.items() if each.clone is not None}

    def reset() -> tuple[str, ...]:
        for one in resets.values():
            one()
        return tuple(name for name in up.endpoints if name not in resets)

    @contextmanager
    def clone(by: By) -> Generator[Provisioned]:
        with ExitStack() as exits:
            own = {name: exits.enter_context(one(by)) for name, one in clones.items()}
            endpoints = {**up.endpoints, **own}
            yield evolve(up, endpoints=endpoints, variables=wiring.variables(endpoints))

    return evolve(up, reset=reset if resets else None, clone=clone if clones else None)
