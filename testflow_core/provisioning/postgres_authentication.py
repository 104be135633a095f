"""What a client answers when a PostgreSQL server asks who it is; standard library only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
import unicodedata
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_KIND = struct.Struct("!i")
_OK, _MD5, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 5, 10, 11, 12
_MECHANISM = b"SCRAM-SHA-256"
_NO_CHANNEL_BINDING = b"n,,"


def authenticator(user: str, password: str) -> Callable[[bytes], bytes | None]:
    """
    What answers each of a server's requests for authentication, None where nothing is to be answered.

    SCRAM-SHA-256 (RFC 5802 and 7677, https://www.postgresql.org/docs/current/sasl-authentication.html) and, for servers
    before 14, MD5; ProvisionError where it asks for something else.
    """
    conversation = _scram(password)

    def answer(request: bytes) -> bytes | None:
        (kind,) = _KIND.unpack_from(request)
        said = request[_KIND.size :]
        if kind in {_OK, _SASL_FINAL}:
            return None
        if kind == _MD5:
            return _md5(user, password, said)
        if kind == _SASL:
            first = next(conversation)
            return _MECHANISM + b"\0" + struct.pack("!i", len(first)) + first
        if kind == _SASL_CONTINUE:
            return conversation.send(said)
        raise ProvisionError(f"PostgreSQL asks for an authentication of kind {kind}, which is none of SCRAM and MD5")

    return answer


def _md5(user: str, password: str, salt: bytes) -> bytes:
    # What the server asks for, not what is thought safe: its own rule, for passwords that are made up.
    inner = hashlib.md5(f"{password}{user}".encode(), usedforsecurity=False).hexdigest()
    return b"md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest().encode() + b"\0"


def _scram(password: str) -> Generator[bytes, bytes, None]:
    """The client's two messages; the server's own proof says nothing of a server on this machine."""
    own = b"n=,r=" + b64encode(secrets.token_bytes(18))
    said = yield _NO_CHANNEL_BINDING + own
    # The first two hold `=` in their values.
    parts = dict(part.split(b"=", 1) for part in said.split(b","))
    # SASLprep for all that people type: compatible forms of letters and spaces are one.
    prepared = unicodedata.normalize("NFKC", password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", prepared, b64decode(parts[b"s"]), int(parts[b"i"]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    final = b"c=" + b64encode(_NO_CHANNEL_BINDING) + b",r=" + parts[b"r"]
    signature = hmac.digest(hashlib.sha256(key).digest(), b",".join((own, said, final)), "sha256")
    proof = bytes(one ^ other for one, other in zip(key, signature, strict=True))
    yield final + b",p=" + b64encode(proof)
