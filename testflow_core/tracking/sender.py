"""A reporter that sends to other people: what was not sent is told, and the run goes on."""

from __future__ import annotations

import os
from abc import abstractmethod
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.errors import DeliveryError
from testflow_core.interfaces import Reporter
from testflow_core.tracking.patience import Patience

if TYPE_CHECKING:
    from testflow_core.model import Delivery, Run


class MissingTokenError(DeliveryError):
    """A variable of the environment that has the token is not set."""


@frozen(kw_only=True)
class Sender(Reporter):
    """
    What reaches other people is sent only where `dry_run` is False: until then a run tells what would be sent.

    Tokens are read from the environment when they are needed, and kept nowhere.
    """

    dry_run: bool = True
    patience: Patience = field(factory=Patience, repr=False, eq=False)

    @abstractmethod
    def deliver(self, run: Run) -> Delivery:
        """Send, once however often it is asked; what could not be sent is in the answer."""

    def report(self, run: Run) -> None:
        """As `deliver`; DeliveryError where something was not sent."""
        delivery = self.deliver(run)
        if delivery.unsent:
            raise DeliveryError(delivery.trouble)


def token(variable: str, what: str) -> str:
    """What the variable says; MissingTokenError, which names it, where it is not set."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise MissingTokenError(f"the variable {variable} is not set: let it have {what}")
    return value
