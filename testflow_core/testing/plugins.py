"""A set of plugins that touches nothing outside the process: the same fake for every name of an interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from testflow_core.interfaces import KINDS
from testflow_core.registry import Plugins
from testflow_core.testing.deciding import (
    MemoryAnalyzer,
    MemoryChanges,
    MemoryCheckouts,
    MemoryRouter,
    MemorySelector,
)
from testflow_core.testing.providing import MemoryData, MemoryDestination, MemoryProvisioner
from testflow_core.testing.running import MemoryExecutor, MemoryReporter, MemoryRunner

if TYPE_CHECKING:
    from testflow_core.interfaces import Kind

P = TypeVar("P")


class MemoryPlugins(Plugins):
    """
    Fakes behind every interface; those it is given take the place of the ones that play no failure.

    `Engine(plugins=MemoryPlugins(MemoryRunner(outcomes=...), MemoryProvisioner(failing=...)))`
    """

    outside = False

    def __init__(self, *fakes: object) -> None:
        defaults = (
            MemoryCheckouts(),
            MemoryChanges(),
            MemorySelector(),
            MemoryProvisioner(),
            MemoryData(),
            MemoryDestination(),
            MemoryRunner(),
            MemoryExecutor(),
            MemoryAnalyzer(),
            MemoryRouter(),
            MemoryReporter(),
        )
        self._fakes = {
            kind.group: next(fake for fake in (*fakes, *defaults) if isinstance(fake, kind.interface)) for kind in KINDS
        }

    def names(self, kind: Kind[P]) -> tuple[str, ...]:  # noqa: ARG002 - the contract's
        """One name; any other is answered too."""
        return ("memory",)

    def load(self, kind: Kind[P], name: str, /, **options: object) -> P:  # noqa: ARG002 - the contract's
        """The fake of that kind, whatever its name and options."""
        return cast("P", self._fakes[kind.group])
