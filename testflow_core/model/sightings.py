"""What earlier runs tell of a cause of failures."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Sightings:
    """
    The runs that had a cause: when the first and the last began, in seconds since the epoch, and how many there were.

    `also_red_on_main` says whether the latest run of the main branch that had one of the tests had the cause; None
    where there is no such run.
    """

    first: float | None = None
    last: float | None = None
    times: int = 0
    also_red_on_main: bool | None = None


@frozen(kw_only=True)
class KnownCause:
    """
    A cause that earlier runs had, in short; `masked` is what an analyzer compares it by.

    `first_seen` and `last_seen` are in seconds since the epoch, `times` counts the runs.
    """

    id: str
    category: str
    title: str
    masked: str = ""
    first_seen: float | None = None
    last_seen: float | None = None
    times: int = 0
