"""What services are called on their network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

APPLICATION = "testflow.application"
"""The label of an image that was built from an application's checkout: the application's name."""

_ODD = re.compile(r"[^A-Za-z0-9_.-]+")
_LIMIT = 63


def host_names(services: Iterable[str]) -> dict[str, str]:
    """Service to host name: its own, without the characters that no host name may have; each once."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for service in services:
        name = slug(service)
        number = 2
        while name.lower() in taken:
            ending = f"-{number}"
            name = slug(service)[: _LIMIT - len(ending)] + ending
            number += 1
        taken.add(name.lower())
        found[service] = name
    return found


def slug(text: str) -> str:
    """A text as a host name or as part of an image's name."""
    return _ODD.sub("-", text).strip("-._")[:_LIMIT].rstrip("-._") or "service"
