"""The interpreter and the environment variables of an application's tests."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.model import Bench

# What a test runner above us, or a testflow around us, tells its own tests.
OUTER = {
    "PYTEST_CURRENT_TEST",
    "PYTEST_VERSION",
    "PYTEST_XDIST_WORKER",
    "PYTEST_XDIST_WORKER_COUNT",
    "PYTEST_XDIST_TESTRUNUID",
    "NODE_TEST_CONTEXT",
    "TESTFLOW_INPUTS",
    "TESTFLOW_OUTPUTS",
    "TESTFLOW_DATA",
    "TESTFLOW_FILES",
    "TESTFLOW_SQLITE",
    "TESTFLOW_POSTGRES_URL",
    "TESTFLOW_JUNIT",
}
OUTER_UNDER_PYTEST = {"PYTEST_ADDOPTS", "PYTEST_PLUGINS"}


def own_interpreter(bench: Bench) -> Path | None:
    """The interpreter that the application names, or has in its `.venv`; None where it has none of its own."""
    return named_interpreter(bench.checkout, bench.python)


def named_interpreter(checkout: Path, python: str | None) -> Path | None:
    """The same of a checkout whose application says `python`, or nothing."""
    if python is None:
        candidate = checkout / ".venv" / "bin" / "python"
        return candidate.absolute() if candidate.exists() else None
    named = checkout / python
    if not named.exists() and os.sep not in python:
        found = shutil.which(python)
        return Path(found) if found else named.absolute()
    return named.absolute()


def interpreter(bench: Bench) -> Path:
    """The interpreter that the application's tests run in: its own, else ours."""
    return own_interpreter(bench) or Path(sys.executable)


def environment(python: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Our environment for tests in this interpreter, less what is meant for ourselves, and with these variables."""
    under_pytest = "PYTEST_CURRENT_TEST" in os.environ
    dropped = OUTER | OUTER_UNDER_PYTEST if under_pytest else OUTER
    ours = {name: value for name, value in os.environ.items() if name not in dropped}
    active = ours.get("VIRTUAL_ENV")
    if active and not python.is_relative_to(Path(active).absolute()):
        del ours["VIRTUAL_ENV"]
    return ours | dict(variables)


def command_environment(bench: Bench, variables: Mapping[str, str]) -> dict[str, str]:
    """The same for a command: the application's own interpreter comes first on PATH, what stands beside ours last."""
    own = own_interpreter(bench)
    found = environment(own or Path(sys.executable), variables)
    last = str(Path(sys.executable).absolute().parent)
    path = [part for part in found.get("PATH", os.defpath).split(os.pathsep) if part]
    if own is not None:
        path.insert(0, str(own.parent))
        if (own.parent.parent / "pyvenv.cfg").is_file():
            found["VIRTUAL_ENV"] = str(own.parent.parent)
    found["PATH"] = os.pathsep.join(path if last in path else [*path, last])
    return found
