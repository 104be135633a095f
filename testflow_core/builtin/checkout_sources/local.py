"""The checkout source `local`: a directory that is already there."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.checkout_sources.trees import tree_of
from testflow_core.errors import ApplicationUnavailableError
from testflow_core.interfaces import CheckoutSource

if TYPE_CHECKING:
    from testflow_core.model import Application


@frozen(kw_only=True)
class LocalCheckouts(CheckoutSource):
    """Finds an application at its `path`, relative to the workspace, else in the workspace's folder of its name."""

    workspace: Path
    cache: Path

    def checkout(self, application: Application) -> Path:
        """The absolute directory; ApplicationUnavailableError says where it was looked for."""
        workspace = self.workspace.absolute()
        if application.path is not None:
            found = workspace / application.path
            if not _is_directory(found):
                message = f"{application.name}: path {str(application.path)!r} is no directory (looked at {found})"
                raise ApplicationUnavailableError(message)
            return found
        if not _stays_inside(application.name):
            message = f"{application.name}: such a name is no folder of the workspace; give the application a path"
            raise ApplicationUnavailableError(message)
        found = workspace / application.name
        if not _is_directory(found):
            message = (
                f"{application.name}: no checkout at {found}, and no path is declared; give the application a path"
            )
            raise ApplicationUnavailableError(message)
        return found

    def tree(self, checkout: Path) -> str:
        """What it has, by git."""
        return tree_of(checkout)


def _stays_inside(name: str) -> bool:
    parts = PurePath(name)
    return bool(parts.parts) and not parts.is_absolute() and ".." not in parts.parts


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name too long for the file system, a folder that may not be entered
        return False
