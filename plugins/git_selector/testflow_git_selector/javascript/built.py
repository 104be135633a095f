"""Scripts that are made of others before tests run: what is in folders that git is told to ignore, and in `dist`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from posixpath import dirname
from typing import TYPE_CHECKING

from testflow_git_selector.javascript.resolution import folders_above

if TYPE_CHECKING:
    from testflow_git_selector.javascript.manifests import Content

_ALWAYS = frozenset({"dist"})
"""Some commit what they build, for those who install the repository itself."""

Outputs = Mapping[str, frozenset[str]]
"""The names of what is built, by the folder below which they are."""


def outputs(files: Iterable[str], content: Content) -> Outputs:
    """By folder, what `.gitignore` names there without a wildcard."""
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset, {"": _ALWAYS})
    for file in files:
        if file.rpartition("/")[2] == ".gitignore":
            lines = (content(file) or b"").decode("utf-8", errors="replace").splitlines()
            names = {line.strip().rstrip("/").rpartition("/")[2] for line in lines if not line.startswith(("#", "!"))}
            found[dirname(file)] |= frozenset(names - {""})
    return found


def source_of(file: str, built: Outputs) -> str | None:
    """The folder whose scripts a built one is made of: that which `dist` is in; None where it is made by hand."""
    parts = file.split("/")
    for folder in folders_above(file):
        depth = len(folder.split("/")) if folder else 0
        for at in range(depth, len(parts)):
            if parts[at] in built.get(folder, ()):
                return "/".join(parts[:at])
    return None
