"""What is read, missed, listed, started, looked for or connected to, in the context in which it is."""

from __future__ import annotations

import contextlib
import sys
import weakref
from typing import TYPE_CHECKING

from .contexts import Contexts
from .module_search import ModuleSearch, is_installed
from .shard import CONNECT, ENTER, WHOLE, Context

if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable, Iterable

    from .own_files import Places

TALKING = {"grpc._cython.cygrpc", "pycurl", "zmq.backend.cython._zmq"}
"""Modules that connect to others by no call of Python's, so that nobody tells."""


class Noticing(Contexts):
    """Notes what is not entered; `written` are files that were not there before somebody wrote them."""

    def __init__(self, places: Places, folder: str) -> None:
        super().__init__(places, folder)
        self._search = ModuleSearch(places)
        self._connections: list[Callable[[], Any]] = []
        self.written: set[str] = set()
        self.preloaded = self._note_loaded()
        for name in [each for each in list(sys.modules) if "." not in each]:
            self.search(name, None, None)

    def touch(self, kind: str, place: str, frame: FrameType | None) -> None:
        """Note that a file was read, missed, listed or started."""
        self.current(frame).entries.add(self._shard.number((kind, place, 0, "")))

    def talks(self, connection: object, frame: FrameType | None) -> None:
        """Note that something is connected to, and may be talked to as long as that is open."""
        self.touch(CONNECT, WHOLE, frame)
        with contextlib.suppress(TypeError):
            self._connections.append(weakref.ref(connection))

    def search(self, module: str, path: Iterable[object] | None, asker: FrameType | None) -> None:
        """Note that somebody has a module looked for, on a package's path or on Python's own."""
        if path is None:
            self.session.entries.update(map(self._shard.number, self._search.whole_path()))
        bases = self._search.bases(module, path)
        if bases:
            context = self.session if is_installed(asker) else self.current(asker)
            known = context.imports.get(module, ())
            context.imports[module] = bases if bases == known else tuple(dict.fromkeys(known + bases))

    def loaded(self, module: str, asker: FrameType | None) -> None:
        """Note that somebody asks for a module by a computed name: one that is there already is not imported."""
        context = self.current(asker)
        while module and context is not self.session:
            made = self._contexts.get(("import", self.file_of(sys.modules.get(module))))
            if made is not None:
                context.uses.add(made.number)
            module = module.rpartition(".")[0]

    def _note_loaded(self) -> bool:
        """Of modules that were imported before nobody knows what their import has entered; whether there are any."""
        found = False
        for name, module in list(sys.modules.items()):
            place = self.file_of(module)
            if place:
                made = self.context("import", place)
                made.names = (place, name)
                made.entries.add(self._shard.number((ENTER, place, 1, WHOLE)))
                found = True
        return found

    def file_of(self, module: object) -> str:
        """The place of a module's source; empty where it is not the application's."""
        file = getattr(module, "__file__", None)
        return self.places.place(file) if isinstance(file, str) and file.endswith(".py") else ""

    def talk_on(self, test: Context) -> None:
        """Note that a test may use what another has connected to, or what connects without telling anybody."""
        self._connections = [each for each in self._connections if _is_open(each())]
        if self._connections or not TALKING.isdisjoint(sys.modules):
            test.entries.add(self._shard.number((CONNECT, WHOLE, 0, "")))


def _is_open(connection: Any) -> bool:
    try:
        return connection is not None and connection.fileno() >= 0
    except Exception:  # noqa: BLE001 - of whatever a class of somebody's may do
        return False
