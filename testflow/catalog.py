"""The applications under test, by name."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from testflow_core import specs
from testflow_core.errors import Problem, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.model import Application


class Applications:
    """A catalog of applications; the one behind `register_application` is what an engine takes by default."""

    def __init__(self, declarations: Mapping[str, Mapping[str, object]] | None = None) -> None:
        self._applications: dict[str, Application] = {}
        for name, declaration in (declarations or {}).items():
            self.register(name, declaration)

    def register(self, name: str, declaration: Mapping[str, object]) -> None:
        """
        Add an application: `repository` or `path`, `test_command`, `changed_files`, ... SpecError with every mistake.

        One of the same name is replaced, with a warning where the two differ.
        """
        if not isinstance(name, str) or not name.strip() or "::" in name:  # pyright: ignore[reportUnnecessaryIsInstance] - scripts are not type-checked
            raise SpecError([Problem("$.applications", f"an application needs a name without '::', got {name!r}")])
        application = specs.application(name, declaration)
        if self._applications.get(name, application) != application:
            message = f"the application {name!r} is registered again with other values; the new ones hold"
            warnings.warn(message, UserWarning, stacklevel=2)
        self._applications[name] = application

    @property
    def values(self) -> Mapping[str, Application]:
        """What was registered, in the order it was."""
        return dict(self._applications)


CATALOG = Applications()
"""The one piece of state of a process; `Engine(applications=...)` takes another in its place."""

register_application = CATALOG.register
