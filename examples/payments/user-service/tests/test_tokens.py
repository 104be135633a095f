"""Which tokens are issued, and which are believed."""

from uuid import UUID

import pytest

from users.errors import AuthenticationError
from users.tokens import issue, verify

NOW = 1_700_000_000
USER = UUID("8f14e45f-ceea-467f-ab5d-0242ac120002")

# payment-service's tests hold the same token: the services agree while both pass.
CONTRACT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJzdWIiOiI4ZjE0ZTQ1Zi1jZWVhLTQ2N2YtYWI1ZC0wMjQyYWMxMjAwMDIiLCJleHAiOjE3MDAwMDM2MDB9"
    ".XJ1lrc8YoWVvUjO8rVSFhnZlArDzKvBUnD3EiSFilUs"
)


def test_token_is_what_payment_service_expects() -> None:
    """A token is written as payment-service reads it."""
    assert issue(USER, expires=NOW + 3600, secret="contract") == CONTRACT


def test_issued_token_speaks_for_its_user_until_it_ends() -> None:
    """A token is believed before the second that it names, and not from then on."""
    authorization = f"Bearer {issue(USER, expires=NOW, secret='secret')}"
    assert verify(authorization, secret="secret", now=NOW - 1) == USER
    with pytest.raises(AuthenticationError, match="Invalid token: it has expired"):
        verify(authorization, secret="secret", now=NOW)


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.ü",
        issue(USER, expires=NOW + 1, secret="another secret"),
        # The header claims that no signature is needed.
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiI4ZjE0ZTQ1ZiIsImV4cCI6OX0.",
    ],
    ids=["garbage", "no ascii", "another secret", "no signature"],
)
def test_token_that_is_not_ours_is_refused(token: str) -> None:
    """Only the shared secret makes a signature ours."""
    with pytest.raises(AuthenticationError, match="the signature is not ours"):
        verify(f"Bearer {token}", secret="secret", now=NOW)


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", CONTRACT])
def test_only_bearer_tokens_count(authorization: str | None) -> None:
    """Anything but a bearer token is asked to be one."""
    with pytest.raises(AuthenticationError, match="a bearer token is needed"):
        verify(authorization, secret="contract", now=NOW)
