"""What is in the directory of an environment that is kept, for others to find it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import field, frozen

LISTING = "kept.json"
SOCKET = "kept.socket"
LOCK = "kept.lock"


@frozen(kw_only=True)
class Listing:
    """
    What others read of an environment that is kept, from a file in its directory.

    `since` is when it came up, in seconds since the epoch. `looked_at` is that it is kept as it is, for people.
    """

    environment: str
    provisioner: str
    workspace: Path
    identity: Mapping[str, str] = field(factory=dict[str, str])
    since: float = 0.0
    looked_at: bool = False
