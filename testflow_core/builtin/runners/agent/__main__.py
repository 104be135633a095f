"""The agent's start: `PYTHON agent/__main__.py FRAMEWORK WORD ...`, with the socket of its seats as standard input.

Until the interpreter is known to be new enough, everything here must be read by Python 3.6 too.
"""

import importlib
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - the same spelling as sys.path[0]
NAME = "_testflow_agent"
OLDEST = (3, 8)


def load() -> None:
    """Import the agent as a package by a name of its own: nothing of it may stand in the way of the application."""
    from importlib import util  # noqa: PLC0415 - what is refused must not fail here

    start = os.path.join(FOLDER, "__init__.py")  # noqa: PTH118 - as above
    spec = util.spec_from_file_location(NAME, start, submodule_search_locations=[FOLDER])
    if spec is None or spec.loader is None:
        raise ImportError(f"the agent at {FOLDER} cannot be loaded")
    package = util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)


def main() -> None:
    """Serve until nobody is there any more; where this interpreter cannot, say why."""
    if sys.path and sys.path[0] == FOLDER:
        del sys.path[0]
    load()
    control = importlib.import_module(NAME + ".control").Control()
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        control.refuse(f"{sys.executable} is Python {found}; its tests need Python 3.8 or later")
        return
    importlib.import_module(NAME + ".server").main(control)


if __name__ == "__main__":
    main()
