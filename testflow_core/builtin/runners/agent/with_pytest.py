"""How the agent works with pytest, the application's own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from . import warmth
from .framework import Framework
from .orders import Orders
from .suits import PytestSuits, apart

if TYPE_CHECKING:
    from typing import Sequence

    from .child import Ends
    from .ledger import Piece
    from .plugin import TestflowPlugin
    from .wire import Event

OLDEST_PYTEST = 7


def unusable() -> str | None:
    """Why this interpreter can run no tests, or None once it has imported pytest."""
    install = f"install it: {sys.executable} -m pip install pytest"
    try:
        import pytest  # noqa: PLC0415 - the application's own; its absence is an answer
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        return f"no pytest in {sys.executable}; {install}"
    version = pytest.__version__
    if int(version.split(".")[0]) < OLDEST_PYTEST:
        return f"pytest {version} in {sys.executable} is too old; {OLDEST_PYTEST} or later: {install}"
    return None


def warm(arguments: Sequence[str]) -> None:
    """Import pytest, and the plugins that it would load."""
    warmth.import_pytest()
    warmth.import_plugins(arguments)


def run(order: Event, piece: Piece, ends: Ends) -> int:
    """Run the piece, and what comes in after it; the exit code of pytest."""
    # The server has imported these already, or said that it cannot.
    import pytest  # noqa: PLC0415

    from .collection import Task  # noqa: PLC0415
    from .fixtures import Offer  # noqa: PLC0415
    from .output import Output  # noqa: PLC0415
    from .plain import Plain, selection  # noqa: PLC0415
    from .plugin import TestflowPlugin  # noqa: PLC0415
    from .shift import Shift, paths  # noqa: PLC0415

    orders = Orders(ends)
    orders.take(order)
    os.chdir(order["checkout"])
    session = order["session"]
    if session["path_first"]:
        sys.path.insert(0, order["checkout"])
    words = selection(order, piece) if order["plain"] else paths(order, piece)
    arguments: list[str] = [*session["arguments"], "--continue-on-collection-errors", *words]
    program = os.path.join(os.path.dirname(pytest.__file__), "__main__.py")  # noqa: PTH118, PTH120 - as sys.argv has it
    sys.argv = [program if session["path_first"] else "pytest", *arguments]
    offered = Offer(order["inputs"], order["variables"])
    task = Task(order, piece)
    teller: Plain | TestflowPlugin
    if order["plain"]:
        plugins = [teller := Plain(orders, task, offered)]
    else:
        teller = TestflowPlugin(orders.spool, Output(ends.output), task, offered)
        plugins = [teller, Shift(teller, orders, words), *recorders(teller, order)]
    code = int(pytest.main(arguments, plugins=plugins))
    orders.end(code, teller.stopped)
    return code


def recorders(teller: TestflowPlugin, order: Event) -> list[object]:
    """What notes which functions and files tests touch, where that is wanted and nothing is in the way."""
    if not order.get("record") or not (order.get("dear", True) or hasattr(sys, "monitoring")):
        return []
    from .recording_plugin import Recording  # noqa: PLC0415 - with it come modules that nobody else needs

    recording = Recording(teller, order["checkout"], order["record"])
    return [recording] if recording.begin() else []


FRAMEWORK = Framework(unusable=unusable, warm=warm, apart=apart, suits=PytestSuits, run=run)
