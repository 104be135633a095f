"""When a run stops before all of it is done."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen


@frozen(kw_only=True)
class Limits:
    """A run stops once so many tests have failed, or so much time has passed since it was asked for."""

    max_failures: int | None = None
    max_duration: timedelta | None = None
