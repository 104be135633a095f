"""Verify the tokens that user-service issues: JWT, signed with HS256 (RFC 7519)."""

import hmac
import json
from base64 import urlsafe_b64decode
from uuid import UUID

from payment.errors import AuthenticationError

# The services share it when nobody sets TOKEN_SECRET, so that they work on a laptop.
DEVELOPMENT_SECRET = "development-only-secret-of-the-payments-example"


def verify(authorization: str | None, *, secret: str, now: float) -> UUID:
    """The user whom an Authorization header speaks for, at `now` in epoch seconds."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise AuthenticationError("a bearer token is needed")
    signed, _, signature = token.rpartition(".")
    # The header's "alg" is not asked: a token must never choose how it is checked.
    expected = hmac.digest(secret.encode(), signed.encode(), "sha256")
    try:
        if not hmac.compare_digest(_decode(signature), expected):
            raise AuthenticationError("Invalid token: the signature is not ours")
        claims = json.loads(_decode(signed.partition(".")[2]))
        user, expires = UUID(claims["sub"]), float(claims["exp"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AuthenticationError("Invalid token: it cannot be read") from error
    if expires <= now:
        raise AuthenticationError("Invalid token: it has expired")
    return user


def _decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
