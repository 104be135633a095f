"""How long environments outlive their runs."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

IDLE_LIMIT = 4


@frozen(kw_only=True)
class Keeping:
    """
    What is wished of environments once their run is over; None where they go with it.

    `reuse` is how long one that nobody uses waits for the next run, `on_failure` how long that of a failed run can be
    looked at. Of those that wait, no more than `limit` are kept on this machine.
    """

    reuse: timedelta | None = None
    on_failure: timedelta | None = None
    limit: int = IDLE_LIMIT

    @property
    def wished(self) -> bool:
        """Whether anything is to be kept at all."""
        return self.reuse is not None or self.on_failure is not None
