"""The reporter `webhook`: a run as JSON, posted once."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3
from attrs import evolve, field, frozen

from testflow_core.errors import DeliveryError
from testflow_core.model import Delivery, Message
from testflow_core.tracking import RequestFailedError, Sender, Waiting, token
from testflow_core.wording import headline
from testflow_webhook.payload import payload

if TYPE_CHECKING:
    from testflow_core.model import Run

OK, REDIRECT = 200, 300
TIMEOUT = 20.0


@frozen(kw_only=True)
class Webhook(Sender):
    """
    Posts each run to the URL in the variable `url_variable`.

    A URL may be a secret, so it is told by the environment alone. Where `secret_variable` is set, the body is signed
    with what it says: `X-Hub-Signature-256`, as GitHub signs. `Idempotency-Key` is the run's id: a receiver that knows
    it has the run already.
    """

    url_variable: str = "TESTFLOW_WEBHOOK_URL"
    secret_variable: str = "TESTFLOW_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
    _told: set[str] = field(init=False, factory=set[str], repr=False, eq=False)

    def deliver(self, run: Run) -> Delivery:
        """Post the run, once however often it is asked; that it did not arrive is in the answer."""
        body = payload(run)
        message = Message(action="post", subject=f"run {run.run_id}", title=headline(run), body=body.decode())
        made = Delivery(reporter="webhook", run_id=run.run_id, dry=self.dry_run, messages=(message,))
        if run.run_id in self._told:
            return evolve(made, messages=())
        try:
            url = token(self.url_variable, "the URL that runs are posted to")
            made = evolve(made, place=_host(url))
            if not self.dry_run:
                Waiting(self.patience).ask(lambda: self._post(url, run.run_id, body))
                self._told.add(run.run_id)
                made = evolve(made, messages=(evolve(message, sent=True),))
        except DeliveryError as failed:
            return evolve(made, remarks=(str(failed),)) if self.dry_run else evolve(made, trouble=str(failed))
        return made

    def _post(self, url: str, run_id: str, body: bytes) -> None:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": run_id.encode().hex(),
            "User-Agent": "testflow",
        }
        if secret := os.environ.get(self.secret_variable, ""):
            signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature-256"] = f"sha256={signature}"
        try:
            with urllib3.PoolManager(retries=False, timeout=TIMEOUT) as pool:
                answer = pool.request("POST", url, body=body, headers=headers, redirect=False)
        except (urllib3.exceptions.HTTPError, ValueError, OSError) as error:
            # Neither it nor what it comes from may be shown: their texts have the URL.
            raise RequestFailedError(f"{_host(url)} does not answer ({type(error).__name__})") from None
        if not OK <= answer.status < REDIRECT:
            raise RequestFailedError(
                f"{_host(url)} answered {answer.status}", status=answer.status, headers=dict(answer.headers)
            )


def _host(url: str) -> str:
    """What of the URL is no secret."""
    try:
        return urlsplit(url).hostname or "no host"
    except ValueError:
        return "no host"
