"""Tokens as user-service would sign them."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable

import pytest


@pytest.fixture
def sign() -> Callable[[dict[str, object], str], str]:
    """A function from claims and a secret to the value of an Authorization header."""

    def encode(part: bytes) -> str:
        return urlsafe_b64encode(part).rstrip(b"=").decode()

    def sign(claims: dict[str, object], secret: str) -> str:
        header = encode(b'{"alg":"HS256","typ":"JWT"}')
        signed = f"{header}.{encode(json.dumps(claims).encode())}"
        signature = hmac.digest(secret.encode(), signed.encode(), "sha256")
        return f"Bearer {signed}.{encode(signature)}"

    return sign
