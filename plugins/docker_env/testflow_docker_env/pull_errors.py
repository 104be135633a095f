"""Why an image cannot be pulled, and what to do about it: an engine tells the reason of its registry as it comes."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_HUB = "docker.io"
_SHOWN = 3
_NEAR = 0.5
_UNKNOWN = ("manifest unknown", "not found", "name unknown", "does not exist")
_LIMITED = ("toomanyrequests", "too many requests", "rate limit")
_DENIED = ("unauthorized", "authentication required", "no basic auth credentials", "access denied", "denied:")
_UNREACHED = (
    "no such host",
    "connection refused",
    "connection reset",
    "network is unreachable",
    "no route to host",
    "timeout",
    "deadline exceeded",
    "server misbehaving",
    "temporary failure in name resolution",
)


def remedy(name: str, reason: str, there: Sequence[str]) -> str | None:
    """What to do where an image cannot be pulled for this reason; `there` are the names that the engine has."""
    said = reason.lower()
    login = f"`docker login{_of(registry(name))}`, whose credentials are used here too"
    if any(words in said for words in _LIMITED):
        return f"the registry lets nobody pull as often as that; wait, or have more by {login}"
    if any(words in said for words in _UNREACHED):
        return f"the engine does not reach the registry {registry(name)}; see to its network and its proxy"
    advice: list[str] = []
    if any(words in said for words in _UNKNOWN):
        advice.append(f"see to the name and the tag{_near(name, there)}")
    if any(words in said for words in _DENIED):
        advice.append(f"if it is not for everybody, log in by {login}")
    return "; ".join(advice) or None


def registry(name: str) -> str:
    """The registry that an image's name means: what is before the first `/` if it looks like a host, else the hub."""
    host, slash, _ = name.partition("/")
    return host if slash and (host == "localhost" or "." in host or ":" in host) else _HUB


def _of(registry: str) -> str:
    return "" if registry == _HUB else f" {registry}"


def _near(name: str, there: Sequence[str]) -> str:
    repository = name.rpartition(":")[0]
    same = [each for each in there if repository and each.rpartition(":")[0] == repository]
    found = dict.fromkeys((*sorted(same), *get_close_matches(name, there, n=_SHOWN, cutoff=_NEAR)))
    return f"; the engine has {', '.join([*found][:_SHOWN])}" if found else ""
