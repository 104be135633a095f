"""What people have said of a cause of failures."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Override:
    """
    The team and the category that failures of a cause get from now on; empty where people said nothing of it.

    `cluster` is the id of the cluster, or a fingerprint that stands for it; `since` is when that was said, in seconds
    since the epoch.
    """

    cluster: str
    team: str = ""
    category: str = ""
    reason: str = ""
    since: float = 0.0
