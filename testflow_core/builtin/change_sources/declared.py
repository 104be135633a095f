"""The change source `declared`: what the application's declaration says has changed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.interfaces import ChangeSource
from testflow_core.model import Change

if TYPE_CHECKING:
    from testflow_core.model import Application


@frozen(kw_only=True)
class DeclaredChanges(ChangeSource):
    """Answers `changed_files` of the application: none where it is empty, files None where it is not declared."""

    def changes(self, application: Application) -> Change:
        """The declared files without `./` and doubled slashes, each once, in the order they were declared in."""
        declared = application.changed_files
        if declared is None:
            return Change(application=application.name, files=None, reason="no changed_files are declared")
        files = tuple(dict.fromkeys(PurePosixPath(file).as_posix() for file in declared))
        return Change(application=application.name, files=files, reason="declared")
