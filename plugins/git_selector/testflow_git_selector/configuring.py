"""Which files say how tests are run, or what is installed for them: no test need open one to be concerned by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from testflow_git_selector.checkout_files import content_of

if TYPE_CHECKING:
    from pathlib import Path

LOOKED_FOR = re.compile(
    r"conftest\.py|\.?pytest\.(?:ini|toml)|pyproject\.toml|setup\.cfg|tox\.ini|(?:requirements|constraints)[\w.-]*"
    r"|(?:uv|poetry|pdm|pixi)\.lock|Pipfile(?:\.lock)?|\.(?:python|node)-version|\.nvmrc|\.tool-versions|\.env[\w.-]*"
    r"|package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|pnpm-workspace\.yaml|bun\.lockb?"
    r"|\.(?:npm|yarn|pnpm|mocha|babel|swc|browserslist|tap|nyc|c8)[\w.-]*|deno\.(?:jsonc?|lock)|nx\.json|turbo\.jsonc?"
    r"|[tj]sconfig[\w.-]*\.json"
    r"|(?:babel|jest|vite|vitest|mocha|karma|ava|playwright|cypress|wdio)[\w.-]*\.(?:[cm]?[jt]s|jsonc?)"
)
"""Names of configurations and lock files that tools look for in the folders above, too."""

INSTALLS = frozenset({"setup.py", "noxfile.py"})
"""Files of Python that say what is installed: who names one does not import it."""

_CONFIGURING = re.compile(
    r"[\w.-]*(?:requirements|constraints)[\w.-]*(?<!\.py)|[\w.-]+\.(?:toml|ini|cfg|lock|pth)"
    r"|(?:conda[\w-]*|environment[\w-]*)\.ya?ml|\.coveragerc|(?i:[\w.-]*dockerfile[\w.-]*|containerfile|(?:gnu)?makefile)"
    r"|(?:docker-)?compose[\w.-]*\.ya?ml|\.envrc|\.?mise[\w.-]*|runtime\.txt"
)

_INSTALLING = (".dist-info", ".egg-info", ".egg", ".egg-link")
"""What a folder of Python's path is looked through for by pytest and others, who then load plugins."""

_LISTS = (".txt", ".in", ".pip")
_REQUIREMENT = re.compile(
    r"[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\])?\s*(?:[=<>!~]=.*|[<>].*|@.*)|(?:-[rce]|--[a-z-]+)[\s=].*"
)


def configures(checkout: Path, path: str) -> bool:
    """Whether a file may say how tests are run, or what is installed: that is read before any test begins."""
    if path.startswith("../"):
        return True
    *folders, name = path.split("/")
    if name != "conftest.py" and not name.endswith(".py") and LOOKED_FOR.fullmatch(name):
        return True
    if name in INSTALLS or _CONFIGURING.fullmatch(name) or any(each.endswith(_INSTALLING) for each in (*folders, name)):
        return True
    return name.endswith(_LISTS) and _is_of_requirements(checkout / path)


def _is_of_requirements(path: Path) -> bool:
    """Whether a text has lines as pip has them, which another file may include: one requires something at least."""
    lines = (content_of(path) or b"").decode("utf-8", errors="replace").splitlines()
    told = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return any(_REQUIREMENT.fullmatch(line) for line in told) and all(
        _REQUIREMENT.fullmatch(line) or re.fullmatch(r"[A-Za-z0-9][^\s]*(?:\s*[;\\#].*)?", line) for line in told
    )
