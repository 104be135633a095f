"""What goes wrong between programs, for the fakes to play."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.model import Json
from testflow_core.testing.servers.loopback import Answer

if TYPE_CHECKING:
    from testflow_core.testing.servers.loopback import Request

_UNICORN = "<html><body><h1>No server is currently available to service your request.</h1></body></html>"
_SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def _nothing(_: float) -> Mapping[str, str]:
    return {}


@frozen(kw_only=True)
class Trouble:
    """
    Trouble for one request: of `method`, of a path with `part`, or any.

    It is answered with `status` and `body`, and headers that may depend on the time; no status is a connection that
    breaks. Where it is `late`, what was asked for has been done before.
    """

    status: int | None = None
    body: Json = None
    headers: Callable[[float], Mapping[str, str]] = field(default=_nothing)
    method: str = ""
    part: str = ""
    late: bool = False

    def fits(self, request: Request) -> bool:
        """Whether it is trouble for this request."""
        return self.method in {"", request.method} and self.part in request.path

    def answer(self, now: float) -> Answer | None:
        """What the client gets, None for a connection that breaks."""
        return None if self.status is None else Answer(status=self.status, body=self.body, headers=self.headers(now))


def unavailable(*, status: int = 503, method: str = "", part: str = "", late: bool = False) -> Trouble:
    """A page of HTML, as gateways answer while the service behind them is down."""
    return Trouble(status=status, body=_UNICORN, method=method, part=part, late=late)


def broken_connection(*, method: str = "", part: str = "", late: bool = False) -> Trouble:
    """A connection that is closed without an answer; `late` where what was asked for has been done."""
    return Trouble(method=method, part=part, late=late)


def too_many_requests(*, retry_after: float | str = 0, status: int = 429, method: str = "", part: str = "") -> Trouble:
    """A rate limit that says by Retry-After when to come again, in seconds or as a date."""
    body = {"message": _SECONDARY, "errorMessages": ["Rate limit exceeded."]}
    return Trouble(
        status=status, body=body, headers=lambda _: {"Retry-After": str(retry_after)}, method=method, part=part
    )


def used_up(*, seconds: float, status: int = 403, method: str = "", part: str = "") -> Trouble:
    """A quota that is used up, and is there again so many seconds later: X-RateLimit-Remaining and -Reset."""
    return Trouble(
        status=status,
        body={"message": "API rate limit exceeded for user ID 1."},
        headers=lambda now: {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(now + seconds))},
        method=method,
        part=part,
    )
