"""Which files are the application's own: below its checkout, in no virtual environment, and in no cache."""

from __future__ import annotations

import os

PASSED_BY = {
    ".git",
    ".hg",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    "site-packages",
    "node_modules",
}
IN_THE_MAKING = "pytest-cache-files-"
"""How pytest calls a cache that it has not put in place yet: it comes and goes beside the tests."""

OWN = os.path.dirname(os.path.realpath(__file__)) + os.sep
KNOWN = 1 << 16


class Places:
    """Finds the place of a path among them."""

    def __init__(self, checkout: str) -> None:
        self.root = os.path.realpath(checkout)
        self._known: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self._environments: dict[str, bool] = {}

    def place(self, path: str) -> str:
        """The path relative to the checkout with `/` between its parts, empty where it is not the application's."""
        found = self._known.get(path)
        if found is None:
            if len(self._known) > KNOWN:
                self._known.clear()
            found = self._find(path)
            if os.path.isabs(path):
                self._known[path] = found
        return found

    def _find(self, path: str) -> str:
        if path.startswith("<") or "\0" in path:
            return ""
        real = self._real(path)
        if not real.startswith(self.root + os.sep) or real.startswith(OWN):
            return ""
        parts = real[len(self.root) + 1 :].split(os.sep)
        if not PASSED_BY.isdisjoint(parts) or real.endswith(".pyc") or parts[0].startswith(IN_THE_MAKING):
            return ""
        folders = (os.path.join(self.root, *parts[:depth]) for depth in range(1, len(parts)))
        return "" if any(self._is_environment(folder) for folder in folders) else "/".join(parts)

    def _real(self, path: str) -> str:
        """The real path; where a folder really is, is found out once, as there are many files in each."""
        folder, name = os.path.split(path)
        if not os.path.isabs(path) or name in {"", ".", ".."} or os.path.islink(path):
            return os.path.realpath(path)
        real = self._folders.get(folder)
        if real is None:
            if len(self._folders) > KNOWN:
                self._folders.clear()
            real = self._folders[folder] = os.path.realpath(folder)
        return os.path.join(real, name)

    def _is_environment(self, folder: str) -> bool:
        if folder not in self._environments:
            self._environments[folder] = os.access(os.path.join(folder, "pyvenv.cfg"), os.F_OK)
        return self._environments[folder]
