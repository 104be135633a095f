"""Issue and verify tokens: JWT, signed with HS256 (RFC 7519)."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from users.errors import AuthenticationError

# The services share it when nobody sets TOKEN_SECRET, so that they work on a laptop.
DEVELOPMENT_SECRET = "development-only-secret-of-the-payments-example"


def issue(user: UUID, *, expires: int, secret: str) -> str:
    """A token that speaks for `user` until `expires`, in epoch seconds."""
    header = _encode({"alg": "HS256", "typ": "JWT"})
    signed = f"{header}.{_encode({'sub': str(user), 'exp': expires})}"
    return f"{signed}.{_base64(_signature(signed, secret))}"


def verify(authorization: str | None, *, secret: str, now: float) -> UUID:
    """The user whom an Authorization header speaks for, at `now` in epoch seconds."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise AuthenticationError("a bearer token is needed")
    signed, _, signature = token.rpartition(".")
    # Signing again gives the same text, so nothing of a token that is not ours is read.
    expected = _base64(_signature(signed, secret))
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise AuthenticationError("Invalid token: the signature is not ours")
    payload = signed.partition(".")[2]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if claims["exp"] <= now:
        raise AuthenticationError("Invalid token: it has expired")
    return UUID(claims["sub"])


def _encode(claims: dict[str, object]) -> str:
    return _base64(json.dumps(claims, separators=(",", ":")).encode())


def _signature(signed: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), signed.encode(), "sha256")


def _base64(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()
