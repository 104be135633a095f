"""The receiver of webhooks keeps each delivery once, and checks signatures."""

import hashlib
import hmac

from testflow_core.testing.servers import WebhookServer


def test_a_delivery_that_comes_twice_is_kept_once(ask):
    with WebhookServer() as hook:
        assert [ask(hook.url, "POST", {"n": n}, Idempotency_Key="run-1").status for n in (1, 2)] == [202, 202]
        assert hook.deliveries == {"run-1": {"n": 1}}
        assert len(hook.received("POST")) == 2


def test_what_is_not_signed_with_the_secret_is_refused(ask):
    signed = f"sha256={hmac.new(b's', b'{}', hashlib.sha256).hexdigest()}"
    with WebhookServer(secret="s") as hook:  # noqa: S106
        assert ask(hook.url, "POST", "{}").status == 401
        assert ask(hook.url, "POST", "{}", X_Hub_Signature_256=signed).status == 202


def test_what_is_no_json_and_no_post_is_refused(ask):
    with WebhookServer() as hook:
        assert ask(hook.url, "POST", "{").status == 400
        assert ask(hook.url).status == 405
