"""The HTTP side: requests in, JSON out."""

import json
import time
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from uuid import UUID

import psycopg

from payment import tokens
from payment.errors import NotFoundError, RefusedError, ValidationError
from payment.processor import (
    PaymentMethod,
    new_method,
    new_payment,
    receipt,
    required_id,
)
from payment.store import Store

BODY_LIMIT = 64 * 1024


class PaymentServer(ThreadingHTTPServer):
    """Serves the payments of one store, a thread for each request."""

    daemon_threads = False  # whoever is being served when we end is served first
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], *, store: Store, token_secret: str
    ) -> None:
        super().__init__(address, PaymentRequest)
        self.store = store
        self.token_secret = token_secret


class PaymentRequest(BaseHTTPRequestHandler):
    """One request and its answer."""

    server: PaymentServer
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
        except psycopg.OperationalError as error:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            content = {"error": f"database is unreachable: {error}"}
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
        store = self.server.store
        path = urlsplit(self.path).path
        match self.command, path.strip("/").split("/"):
            case "GET", ["health"]:
                store.ping()
                return HTTPStatus.OK, {"status": "ok"}
            case "POST", ["payment-methods"]:
                method = new_method(_fields(body), owner=self._user())
                store.add_method(method)
                return HTTPStatus.CREATED, _method_view(method)
            case "GET", ["payment-methods"]:
                methods = store.methods(owner=self._user())
                return HTTPStatus.OK, [_method_view(method) for method in methods]
            case "POST", ["payments"]:
                return HTTPStatus.CREATED, self._pay(self._user(), _fields(body))
            case "GET", ["payments"]:
                payments = store.payments(owner=self._user())
                return HTTPStatus.OK, [receipt(payment) for payment in payments]
            case "GET", ["payments", payment_id]:
                # No token: a receipt is for whoever was given the payment's id.
                return HTTPStatus.OK, self._receipt(payment_id)
        raise NotFoundError(f"{self.command} {path}")

    def _pay(self, user: UUID, request: dict[str, object]) -> dict[str, object]:
        method_id = required_id(request, "method_id")
        method = self.server.store.method(method_id, owner=user)
        if method is None:
            raise ValidationError(f"payment method {method_id} is not one of yours")
        payment = new_payment(request, method=method)
        self.server.store.add_payment(payment)
        return receipt(payment)

    def _receipt(self, payment_id: str) -> dict[str, object]:
        payment = self.server.store.payment(required_id({"id": payment_id}, "id"))
        if payment is None:
            raise NotFoundError(f"payment {payment_id}")
        return receipt(payment)

    def _user(self) -> UUID:
        return tokens.verify(
            self.headers["Authorization"],
            secret=self.server.token_secret,
            now=time.time(),
        )

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


def _method_view(method: PaymentMethod) -> dict[str, object]:
    return {"id": str(method.id), "type": method.type, "details": method.details}
