"""The HTTP side: requests in, JSON out."""

import json
import time
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from users import tokens
from users.accounts import Account, Accounts
from users.errors import NotFoundError, RefusedError, ValidationError

BODY_LIMIT = 64 * 1024
TOKEN_LIFETIME = 3600  # seconds


class UserServer(ThreadingHTTPServer):
    """Serves the accounts it was given, a thread for each request."""

    daemon_threads = False  # whoever is being served when we end is served first
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], *, accounts: Accounts, token_secret: str
    ) -> None:
        super().__init__(address, UserRequest)
        self.accounts = accounts
        self.token_secret = token_secret


class UserRequest(BaseHTTPRequestHandler):
    """One request and its answer."""

    server: UserServer
    timeout = 5  # seconds that a silent connection may hold a thread

    def do_GET(self) -> None:
        """Answer a question."""
        self._answer()

    def do_POST(self) -> None:
        """Take something in."""
        self._answer()

    def _answer(self) -> None:
        try:
            status, content = self._route(self._body())
        except RefusedError as error:
            status, content = error.status, {"error": str(error)}
        except Exception:  # the caller gets an answer, the log the reason
            traceback.print_exc()
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            content = {"error": "internal error"}
        payload = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def _route(self, body: bytes) -> tuple[HTTPStatus, object]:
        accounts = self.server.accounts
        path = urlsplit(self.path).path
        match self.command, path:
            case "GET", "/health":
                return HTTPStatus.OK, {"status": "ok"}
            case "POST", "/register":
                return HTTPStatus.CREATED, _user_view(accounts.register(_fields(body)))
            case "POST", "/login":
                return HTTPStatus.OK, self._token(accounts.log_in(_fields(body)))
            case "GET", "/me":
                return HTTPStatus.OK, _user_view(self._account())
        raise NotFoundError(f"{self.command} {path}")

    def _token(self, account: Account) -> dict[str, object]:
        """What OAuth 2.0 answers when it gives a token (RFC 6749, section 5.1)."""
        token = tokens.issue(
            account.id,
            expires=int(time.time()) + TOKEN_LIFETIME,
            secret=self.server.token_secret,
        )
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFETIME,
        }

    def _account(self) -> Account:
        user = tokens.verify(
            self.headers["Authorization"],
            secret=self.server.token_secret,
            now=time.time(),
        )
        return self.server.accounts.find(user)

    def _body(self) -> bytes:
        # Read before anything is refused: closing a connection with unread bytes
        # resets it, and the caller would never see why.
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > BODY_LIMIT:
            raise ValidationError(f"a body has at most {BODY_LIMIT} bytes")
        return self.rfile.read(int(length))


def _fields(body: bytes) -> dict[str, object]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValidationError("the body is not JSON") from error
    if not isinstance(fields, dict):
        raise ValidationError("the body is not an object")
    return fields


def _user_view(account: Account) -> dict[str, object]:
    return {
        "id": str(account.id),
        "name": account.name,
        "email": account.email,
        "created_at": account.created_at.isoformat(),
    }
