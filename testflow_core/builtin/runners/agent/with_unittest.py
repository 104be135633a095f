"""How the agent works with unittest, which every interpreter has."""

from __future__ import annotations

import faulthandler
import importlib
import os
import sys
from typing import TYPE_CHECKING

from .framework import Framework
from .orders import Orders
from .suits import Suits

if TYPE_CHECKING:
    from typing import Sequence

    from .child import Ends
    from .ledger import Piece
    from .wire import Event


def warm(_arguments: Sequence[str]) -> None:
    """Import unittest, what most tests import of it, and what a worker needs."""
    for name in ("unittest.mock", "unittest.async_case"):
        importlib.import_module(name)
    for name in (".capture", ".unittest_shift"):
        importlib.import_module(name, __package__)


def together(_checkout: str, piece: Piece) -> list[Piece]:
    """All of it: unittest imports modules by their place."""
    return [piece]


def run(order: Event, piece: Piece, ends: Ends) -> int:
    """Run the piece, and what comes in after it; 1 where tests are left out."""
    from .capture import Capture  # noqa: PLC0415 - the server imports it where it is needed
    from .unittest_shift import Shift  # noqa: PLC0415
    from .unittest_telling import Telling  # noqa: PLC0415

    faulthandler.enable(file=ends.output)
    orders = Orders(ends)
    orders.take(order)
    os.chdir(order["checkout"])
    sys.path.insert(0, order["checkout"])
    sys.argv = ["python -m unittest", *order["session"]["words"]]
    shift = Shift(order["session"], orders, Telling(orders.spool, Capture(ends, order["directory"])))
    following: Event | None = order
    while following is not None and not shift.stopped:
        shift.work(following, piece if following is order else following["tests"])
        following = None if shift.stopped else orders.next()
    code = 1 if shift.stopped else 0
    orders.end(code, shift.stopped)
    return code


FRAMEWORK = Framework(
    unusable=lambda: None,
    warm=warm,
    apart=together,
    suits=Suits,
    run=run,
)
