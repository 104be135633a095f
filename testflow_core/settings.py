"""What every run of an engine has in common."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

from testflow_core.history import History
from testflow_core.interfaces import Reporter
from testflow_core.model import Keeping
from testflow_core.registry import Plugins


@frozen(kw_only=True)
class Settings:
    """
    What every run of an engine has in common.

    `workspace` is where applications and files are looked for, `state` where reports and clones are kept. `provisioner`
    is a name, or None for the first that refuses nothing; `isolation` is what `Site` says of it, `keeping` what is
    wished of environments after a run. `resources` are how many there are of what tests take, by name. `reporters` are
    names or reporters.
    """

    plugins: Plugins
    history: History
    workspace: Path
    state: Path
    workers: int = 1
    resources: Mapping[str, int] = field(factory=dict[str, int])
    provisioner: str | None = None
    isolation: str | None = None
    keeping: Keeping = field(factory=Keeping)
    reporters: tuple[str | Reporter, ...] = ()
