"""How long a service that is busy or down is waited for: as it asks, with backoff, and with an end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from testflow_core.errors import DeliveryError
from testflow_core.wording import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

A = TypeVar("A")

TOO_MANY, FORBIDDEN = 429, 403
PASSING = frozenset({500, 502, 503, 504})
"""What gateways and services answer while something is wrong that passes."""

UNTOLD = 60.0
"""Seconds to wait after a rate limit that says nothing of its end: GitHub asks for a minute at least."""


class RequestFailedError(DeliveryError):
    """
    A request that was refused with `status`, or got no answer (None); the message names no secret.

    `headers` are the answer's, their names in lower case.
    """

    def __init__(self, message: str, *, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}

    @property
    def limited(self) -> bool:
        """Whether a rate limit refused it: nothing was done."""
        if self.status == TOO_MANY:
            return True
        told = "retry-after" in self.headers or self.headers.get("x-ratelimit-remaining") == "0"
        return self.status == FORBIDDEN and (told or "rate limit" in str(self).lower())

    @property
    def passing(self) -> bool:
        """Whether the same request may be answered later."""
        return self.limited or self.status is None or self.status in PASSING

    @property
    def hopeless(self) -> bool:
        """Whether every other request would fail, too: the service is down or does not let us in."""
        return self.passing or self.status in {401, FORBIDDEN}


@frozen(kw_only=True)
class Patience:
    """
    At most `attempts` at a request, each after what the service asks for, else after `backoff`, doubled each time.

    A delivery waits no longer than `longest` at a time and `total` altogether; the rest is then left for later. Between
    two changes it lets `pace` pass: GitHub asks for a second.
    """

    attempts: int = 4
    backoff: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(seconds=60)
    total: timedelta = timedelta(minutes=3)
    pace: timedelta = timedelta(seconds=1)

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        time.sleep(seconds)

    def now(self) -> float:
        """What time it is, in seconds since the epoch."""
        return time.time()


class Waiting:
    """The patience of one delivery, some of which may be used up."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._left = patience.total.total_seconds()

    def ask(
        self, request: Callable[[], A], *, repeatable: bool = True, done: Callable[[], A | None] | None = None
    ) -> A:
        """
        What a request answers, tried again as long as there is hope.

        One that is not `repeatable` is tried again only where it was refused, and nothing was done. `done` finds out
        whether a request that got no answer was carried out all the same.
        """
        attempt = 1
        while True:
            try:
                return request()
            except RequestFailedError as failed:
                unclear = failed.passing and not failed.limited
                if unclear and not repeatable and done is None:
                    raise
                self._wait(failed, attempt)
                if unclear and done is not None and (found := done()) is not None:
                    return found
            attempt += 1

    def pace(self) -> None:
        """Let some time pass between two changes."""
        self._patience.sleep(self._patience.pace.total_seconds())

    def _wait(self, failed: RequestFailedError, attempt: int) -> None:
        if not failed.passing or attempt >= self._patience.attempts:
            raise failed
        seconds = asked_for(failed, self._patience.now())
        if seconds is None:
            doubled = self._patience.backoff.total_seconds() * 2 ** (attempt - 1)
            seconds = max(UNTOLD, doubled) if failed.limited else doubled
        if seconds > min(self._left, self._patience.longest.total_seconds()):
            raise RequestFailedError(
                f"{failed}; it asks to come again in {duration(seconds)}, which is longer than a report waits",
                status=failed.status,
                headers=failed.headers,
            ) from failed
        self._left -= seconds
        self._patience.sleep(seconds)


def asked_for(failed: RequestFailedError, now: float) -> float | None:
    """
    The seconds that an answer asks to wait, None where it does not say.

    Retry-After is seconds or a date (RFC 9110); X-RateLimit-Reset is seconds since the epoch, or ISO 8601 from Jira.
    """
    after = failed.headers.get("retry-after")
    if after is not None:
        return _seconds_until(after, now, relative=True)
    reset = failed.headers.get("x-ratelimit-reset")
    if reset is not None and failed.limited and failed.headers.get("x-ratelimit-remaining", "0") == "0":
        until = _seconds_until(reset, now, relative=False)
        # It says the second, not when in it.
        return None if until is None else until + 1
    return None


def _seconds_until(text: str, now: float, *, relative: bool) -> float | None:
    if text.strip().isdecimal():
        return float(text) if relative else max(0.0, float(text) - now)
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text)
        except ValueError:
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now)
    return None
