"""Who has registered, and with which password."""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import scrypt
from threading import Lock
from uuid import UUID, uuid4

from users.errors import AuthenticationError, EmailTakenError, ValidationError

# Only its shape: whether an address works is known once a mail has arrived.
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
PASSWORD_LENGTH = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Password:
    """What is kept of a password, so that it can be recognised and not read."""

    salt: bytes
    digest: bytes = field(repr=False)

    @classmethod
    def of(cls, text: str) -> "Password":
        """Keep a new password."""
        salt = secrets.token_bytes(16)
        return cls(salt=salt, digest=_digest(text, salt))

    def matches(self, text: str) -> bool:
        """Whether this is the password that was kept."""
        return hmac.compare_digest(self.digest, _digest(text, self.salt))


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A registered user."""

    id: UUID
    name: str
    email: str
    password: Password
    created_at: datetime


class Accounts:
    """Every account, for as long as the process lives; threads may share it."""

    def __init__(self) -> None:
        self._by_email: dict[str, Account] = {}
        self._by_id: dict[UUID, Account] = {}
        self._lock = Lock()
        self._nobody = Password.of(secrets.token_hex())

    def register(self, request: Mapping[str, object]) -> Account:
        """Open the account that `request` asks for."""
        name, email = required_text(request, "name"), required_text(request, "email")
        password = required_text(request, "password")
        if not EMAIL.fullmatch(email):
            raise ValidationError(f"email {email!r} is not an address")
        if len(password) < PASSWORD_LENGTH:
            raise ValidationError(f"password has fewer than {PASSWORD_LENGTH} letters")
        account = Account(
            id=uuid4(),
            name=name,
            email=email,
            password=Password.of(password),
            created_at=datetime.now(UTC),
        )
        with self._lock:
            if email.casefold() in self._by_email:
                raise EmailTakenError(email)
            self._by_email[email.casefold()] = self._by_id[account.id] = account
        return account

    def log_in(self, request: Mapping[str, object]) -> Account:
        """The account whose address and password `request` gives."""
        email = required_text(request, "email")
        password = required_text(request, "password")
        account = self._by_email.get(email.casefold())
        # An unknown address takes as long as a wrong password and is answered in the
        # same words, so that nobody can find out who is registered.
        kept = account.password if account else self._nobody
        if not kept.matches(password) or account is None:
            raise AuthenticationError("wrong email or password")
        return account

    def find(self, account_id: UUID) -> Account:
        """The account that a token speaks for."""
        try:
            return self._by_id[account_id]
        except KeyError:
            raise AuthenticationError("Invalid token: its user is gone") from None


def required_text(request: Mapping[str, object], field: str) -> str:
    """The text of a field that no request may leave out."""
    value = request.get(field)
    if not isinstance(value, str) or not value:
        raise ValidationError(f"required field {field} must be a text")
    return value


def _digest(password: str, salt: bytes) -> bytes:
    # OWASP's parameters take 64 times as long, which is too long for a test run.
    # "surrogatepass": JSON can hold half a character, and a password may be any text.
    return scrypt(password.encode(errors="surrogatepass"), salt=salt, n=2**11, r=8, p=1)
