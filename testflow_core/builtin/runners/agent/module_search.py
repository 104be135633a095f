"""Where Python looks for a module: the paths below the checkout at which one of its name would be found."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from .shard import MODULE, WHOLE

if TYPE_CHECKING:
    from types import FrameType
    from typing import Iterable, Tuple

    from .own_files import Places
    from .shard import Entry

    Folders = Tuple[str, ...]

STANDARD = frozenset(getattr(sys, "stdlib_module_names", sys.builtin_module_names))
"""Names that are looked for all the time: a file of such a name in a folder of the path concerns everybody."""

ON_THE_WAY = ("/importlib/__init__.py", "/importlib/util.py")


class ModuleSearch:
    """Knows which folders of a search are the application's own."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._known: dict[tuple[str, ...], Folders] = {}

    def bases(self, module: str, path: Iterable[object] | None) -> tuple[str, ...]:
        """The places without an ending at which a module would be, on a package's path or on Python's own."""
        _, _, last = module.rpartition(".")
        if path is None and last in STANDARD:
            return ()
        return tuple(folder + last for folder in self._folders(sys.path if path is None else path))

    def whole_path(self) -> Iterable[Entry]:
        """That the folders of Python's own path are looked through for whatever is imported."""
        return [(MODULE, folder + WHOLE, 0, "") for folder in self._folders(sys.path)]

    def _folders(self, path: Iterable[object]) -> Folders:
        key = tuple(each for each in path if isinstance(each, str))
        found = self._known.get(key)
        if found is None:
            # A folder has no name of its own where it is the checkout.
            inside = [self._places.place(os.path.join(folder, "x")) for folder in key]
            found = tuple(dict.fromkeys(each[:-1] for each in inside if each))
            # A relative folder is another once the working directory is.
            if all(os.path.isabs(each) for each in key):
                self._known[key] = found
        return found


def asker_of(frame: FrameType) -> FrameType | None:
    """Who wants a module: the import system left out."""
    asker: FrameType | None = frame
    while asker is not None:
        name = asker.f_code.co_filename
        if not (name.startswith("<frozen importlib") or name.endswith(ON_THE_WAY)):
            return asker
        asker = asker.f_back
    return None


def is_installed(frame: FrameType | None) -> bool:
    """
    Whether an installed package wants it, and no test: it is imported once, and what it looks for belongs to all.

    Pytest wants what tests ask it for.
    """
    name = frame.f_code.co_filename if frame is not None else ""
    return "-packages/" in name and "/_pytest/" not in name
