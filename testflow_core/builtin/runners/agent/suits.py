"""Whether a worker that is there can take an order, or another one must be started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .configuration import above, configuration

if TYPE_CHECKING:
    from typing import Mapping

    from .ledger import Piece
    from .wire import Event

OWN = ("TESTFLOW_OUTPUTS",)
"""Variables that each order has of its own, and that say nothing to whoever sets something up for a session."""

EARLY = (b"pytest_addoption", b"pytest_plugins", b"pytest_load_initial", b"pytest_cmdline")
"""What pytest takes from a conftest.py only if it is there from the start."""

CONFTEST = "conftest.py"


class Suits:
    """What a worker was started for."""

    def __init__(self, order: Event, piece: Piece) -> None:
        self._kind = _kind(order)
        self.add(piece)

    def add(self, piece: Piece) -> None:
        """Its session has been given these files."""

    def fits(self, order: Event, piece: Piece) -> bool:  # noqa: ARG002 - it matters to pytest
        """Whether its session can run an order as a new one would."""
        return _kind(order) == self._kind and not order["inputs"] and not order["plain"]


class PytestSuits(Suits):
    """
    The same for a session of pytest.

    It has one configuration, cannot have two modules of one name, and does not learn some hooks late.
    """

    def __init__(self, order: Event, piece: Piece) -> None:
        self._checkout: str = order["checkout"]
        self._folders: set[str] = set()
        self._early: dict[str, bool] = {}
        self._names: dict[str, str] = {}
        self._configuration = _configuration(order["checkout"], piece[0][0]) if piece else ""
        super().__init__(order, piece)

    def add(self, piece: Piece) -> None:
        """Its session has read every conftest.py on the way to these files."""
        for file, _ in piece:
            self._folders.update(_above(file))
            folder, _, name = file.rpartition("/")
            self._names[name] = folder

    def fits(self, order: Event, piece: Piece) -> bool:
        """Whether its session can run an order as a new one would."""
        return super().fits(order, piece) and not any(
            _configuration(self._checkout, file) != self._configuration
            or self._clashes(file)
            or any(self._wants_a_start(folder) for folder in _above(file))
            for file, _ in piece
        )

    def _clashes(self, file: str) -> bool:
        return clash(self._checkout, file, self._names)

    def _wants_a_start(self, folder: str) -> bool:
        if folder in self._folders:
            return False
        if folder not in self._early:
            self._early[folder] = _early(os.path.join(self._checkout, folder, CONFTEST))  # noqa: PTH118 - hot
        return self._early[folder]


def apart(checkout: str, piece: Piece) -> list[Piece]:
    """The piece, in parts where two of its files cannot be in one session: by configuration, and by module name."""
    parts: list[Piece] = []
    kinds: list[tuple[str, dict[str, str]]] = []
    for file, wanted in piece:
        mine = _configuration(checkout, file)
        fitting = (at for at, (other, known) in enumerate(kinds) if other == mine and not clash(checkout, file, known))
        at = next(fitting, len(parts))
        if at == len(parts):
            parts.append([])
            kinds.append((mine, {}))
        parts[at].append((file, wanted))
        folder, _, name = file.rpartition("/")
        kinds[at][1][name] = folder
    return parts


def clash(checkout: str, file: str, known: Mapping[str, str]) -> bool:
    """Whether another file is imported by the name of this one; `known` are folders by file name."""
    folder, _, name = file.rpartition("/")
    if known.get(name, folder) == folder:
        return False
    return not os.path.exists(os.path.join(checkout, folder, "__init__.py"))  # noqa: PTH110, PTH118 - hot


def _kind(order: Event) -> tuple[object, ...]:
    variables = {name: value for name, value in order["variables"].items() if name not in OWN}
    return order["checkout"], order["session"], bool(order["inputs"]), order["plain"], variables


def _above(file: str) -> list[str]:
    return above(file.rpartition("/")[0])


def _configuration(checkout: str, file: str) -> str:
    return configuration(checkout, file.rpartition("/")[0])


def _early(conftest: str) -> bool:
    try:
        with open(conftest, "rb") as stream:  # noqa: PTH123 - as above
            text = stream.read()
    except OSError:
        return False
    return any(word in text for word in EARLY)
