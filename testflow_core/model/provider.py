"""An application that another one uses, and what changed in it."""

from __future__ import annotations

from attrs import frozen

from testflow_core.model.application import Application
from testflow_core.model.change import Change


@frozen(kw_only=True)
class Provider:
    """
    An application that another one uses, directly or by others.

    `change` has the changed files of its interface, where it declares one, else all. `chain` names the applications
    from who uses it to itself: `("web", "api", "auth")` where web uses api, and that one auth.
    """

    application: Application
    change: Change
    chain: tuple[str, ...]
