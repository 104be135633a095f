"""An environment that is up, to be copied."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.provisioning import placing, wiring

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from testflow_core.model import By, Provisioned
    from testflow_core.provisioning.launch import Running


def with_copies(up: Provisioned, running: Mapping[str, Running]) -> Provisioned:
    """The environment with the means to copy it, as far as its services have them."""
    clones = {name: each.clone for name, each in running.items() if each.clone is not None}

    @contextmanager
    def clone(by: By) -> Generator[Provisioned]:
        with ExitStack() as exits:
            own = {name: exits.enter_context(one(by)) for name, one in clones.items()}
            endpoints = {**up.endpoints, **own}
            told = wiring.variables(up.endpoints)
            others = {name: value for name, value in up.variables.items() if name not in told}
            variables = {**wiring.variables(endpoints), **placing.moved(others, up.endpoints, endpoints)}
            yield evolve(up, endpoints=endpoints, variables=variables)

    return evolve(up, clone=clone if clones else None)
