"""What an interpreter is and has installed, named without starting it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from testflow_core.builtin.runners.surroundings import named_interpreter

if TYPE_CHECKING:
    from testflow_core.model import Application

_LIBRARIES = "lib*/[p]y*3*"
_INSTALLED = ("*-packages/*.dist-info", "*-packages/*.egg-info")


def interpreter_conditions(application: Application) -> str:
    """
    The version of the interpreter that the application's tests run in, and a hash of its packages' names and versions.

    Both are read from the names in its folder of libraries; empty where the checkout is not there.
    """
    if application.path is None:
        return ""
    python = named_interpreter(application.path, application.python) or Path(sys.executable)
    # The link of a virtual environment leads to another one's libraries.
    place = python.parent.parent if (python.parent.parent / "pyvenv.cfg").is_file() else python.resolve().parent.parent
    libraries = sorted({each.resolve() for each in place.glob(_LIBRARIES) if each.is_dir()})
    packages = sorted({each.name for library in libraries for kind in _INSTALLED for each in library.glob(kind)})
    digest = hashlib.sha256("\n".join(packages).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    versions = " ".join(dict.fromkeys(each.name for each in libraries)) or python.resolve().name
    return f"{versions} with {len(packages)} packages ({digest})"
