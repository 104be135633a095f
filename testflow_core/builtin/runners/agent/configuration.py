"""Which configuration pytest goes by when it is given a file: a session goes by one to its end."""

from __future__ import annotations

import os
from functools import lru_cache

ALWAYS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""What is a configuration of pytest even where it is empty."""

SECTIONS = (("pyproject.toml", b"[tool.pytest"), ("tox.ini", b"[pytest]"), ("setup.cfg", b"[tool:pytest]"))
"""What is one where it has this."""

ROOTS = ("pyproject.toml", "setup.py")
"""What makes a folder the root where nothing configures pytest: any of the first name before one of the next."""


@lru_cache(maxsize=1 << 14)
def configuration(checkout: str, folder: str) -> str:
    """
    The place in the checkout, from a folder on upwards, that decides; empty where nothing there does.

    Read without a parser, which old interpreters lack for TOML: to take a text for a configuration that is none costs a
    session and nothing else.
    """
    folders = above(folder)
    for each in folders:
        where = os.path.join(checkout, each)  # noqa: PTH118 - once per folder, hot where there are many
        for name in ALWAYS:
            if os.path.isfile(os.path.join(where, name)):  # noqa: PTH113, PTH118 - as above
                return f"{each}/{name}"
        for name, section in SECTIONS:
            if section in _content(os.path.join(where, name)):  # noqa: PTH118 - as above
                return f"{each}/{name}"
    found = (f"{each}/{name}" for name in ROOTS for each in folders)
    return next((place for place in found if os.path.isfile(os.path.join(checkout, place.lstrip("/")))), "")  # noqa: PTH113, PTH118 - as above


def above(folder: str) -> list[str]:
    """A folder and those that it is in, the nearest first; the checkout's own is empty."""
    folders = [folder] if folder else []
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        folders.append(folder)
    return [*folders, ""]


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - as above
            return stream.read()
    except OSError:
        return b""
