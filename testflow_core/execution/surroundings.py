"""What a run learns of its environments, for its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.execution.provisioners import told_once
from testflow_core.provisioning import wiring

if TYPE_CHECKING:
    from collections.abc import Callable

    from testflow_core.model import Certificate, Environment, Provisioned


class Surroundings:
    """
    Whatever is to be told of environments, collected while they come and go.

    `hide` hears of every secret as soon as it is known.
    """

    def __init__(self, hide: Callable[[tuple[str, ...]], None]) -> None:
        self.warnings: list[str] = []
        self.kept: list[str] = []
        self.certificates: list[Certificate] = []
        self._hide = hide
        self._isolation: dict[str, str] = {}
        self._origin: dict[str, str] = {}

    @property
    def isolation(self) -> str:
        """How they were kept apart: said once where it is the same for all."""
        return told_once(self._isolation)

    @property
    def origin(self) -> str:
        """Whether they were new, and why: said once where it is the same for all."""
        return told_once(self._origin)

    def up(self, environment: Environment, there: Provisioned, where: str = "") -> None:
        """An environment has come up; `where` begins its warnings, which are not said twice."""
        down = [f"{service} stays down: {reason}" for service, reason in there.unavailable.items()]
        said = (f"{where}{warning}" for warning in (*there.warnings, *down))
        self.warnings += [warning for warning in said if warning not in self.warnings]
        self._isolation[environment.label] = there.isolation
        self._origin[environment.label] = there.origin
        self._hide(wiring.secrets(there.endpoints))

    def own_up(self, environment: Environment, there: Provisioned) -> None:
        """One has come up for some batches alone: there may be many of them, and each would say the same."""
        self.up(environment, there, f"{environment.label}: " if environment.variant else "")
