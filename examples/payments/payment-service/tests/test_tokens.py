"""Whose tokens are believed."""

from collections.abc import Callable
from uuid import UUID

import pytest

from payment.errors import AuthenticationError
from payment.tokens import verify

NOW = 1_700_000_000
USER = "8f14e45f-ceea-467f-ab5d-0242ac120002"

# user-service's tests hold the same token: the services agree while both pass.
CONTRACT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJzdWIiOiI4ZjE0ZTQ1Zi1jZWVhLTQ2N2YtYWI1ZC0wMjQyYWMxMjAwMDIiLCJleHAiOjE3MDAwMDM2MDB9"
    ".XJ1lrc8YoWVvUjO8rVSFhnZlArDzKvBUnD3EiSFilUs"
)

Sign = Callable[[dict[str, object], str], str]


def test_token_of_user_service_is_believed() -> None:
    """A token as user-service writes it names its user."""
    assert verify(f"Bearer {CONTRACT}", secret="contract", now=NOW) == UUID(USER)


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", CONTRACT])
def test_only_bearer_tokens_count(authorization: str | None) -> None:
    """Anything but a bearer token is asked to be one."""
    with pytest.raises(AuthenticationError, match="a bearer token is needed"):
        verify(authorization, secret="contract", now=NOW)


def test_expired_token_is_refused(sign: Sign) -> None:
    """A token ends at the second that it names."""
    token = sign({"sub": USER, "exp": NOW}, "secret")
    assert verify(token, secret="secret", now=NOW - 1) == UUID(USER)
    with pytest.raises(AuthenticationError, match="Invalid token: it has expired"):
        verify(token, secret="secret", now=NOW)


def test_token_signed_by_another_is_refused(sign: Sign) -> None:
    """Only the shared secret makes a signature ours."""
    token = sign({"sub": USER, "exp": NOW + 1}, "another secret")
    with pytest.raises(AuthenticationError, match="the signature is not ours"):
        verify(token, secret="secret", now=NOW)


@pytest.mark.parametrize(
    "claims", [{}, {"sub": USER}, {"sub": "me", "exp": NOW + 1}, {"sub": 7, "exp": 1}]
)
def test_token_without_a_user_or_an_end_is_refused(
    sign: Sign, claims: dict[str, object]
) -> None:
    """A signature is not enough: a token names a user and when it ends."""
    with pytest.raises(AuthenticationError, match="it cannot be read"):
        verify(sign(claims, "secret"), secret="secret", now=NOW)


@pytest.mark.parametrize("token", ["x", "a.b.c", "a.b.ü", ".."])
def test_garbage_is_refused(token: str) -> None:
    """What is no token at all is refused like a bad one."""
    with pytest.raises(AuthenticationError, match="Invalid token"):
        verify(f"Bearer {token}", secret="secret", now=NOW)
