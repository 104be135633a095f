"""A receiver of webhooks that keeps what it is sent, once for each delivery."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from testflow_core.testing.servers.loopback import Answer, LoopbackServer

if TYPE_CHECKING:
    from testflow_core.model import Json
    from testflow_core.testing.servers.loopback import Request


class WebhookServer(LoopbackServer):
    """
    Accepts JSON by POST at any path, and answers 202.

    `deliveries` has it by the header Idempotency-Key: what came before is accepted again, and changes nothing. Where a
    `secret` is shared, what is not signed with it (X-Hub-Signature-256, as GitHub signs) is answered 401.
    """

    def __init__(self, *, secret: str = "") -> None:
        super().__init__()
        self._secret = secret
        self.deliveries: dict[str, Json] = {}

    def answer(self, request: Request) -> Answer:
        """202, or why not."""
        if request.method != "POST":
            return Answer(status=405, body={"message": "use POST"})
        if self._secret and not self._is_signed(request):
            return Answer(status=401, body={"message": "the signature is missing or wrong"})
        if request.body is None:
            return Answer(status=400, body={"message": "the body is no JSON"})
        self.deliveries.setdefault(request.headers.get("idempotency-key", f"{len(self.requests)}"), request.body)
        return Answer(status=202)

    def _is_signed(self, request: Request) -> bool:
        expected = hmac.new(self._secret.encode(), request.raw, hashlib.sha256).hexdigest()
        return hmac.compare_digest(request.headers.get("x-hub-signature-256", ""), f"sha256={expected}")
