"""What changed in an application."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Change:
    """
    The files of a checkout that differ from its base.

    `files` are paths relative to the checkout with `/` between their parts, None where nobody can say; `reason` tells
    how that is known, or why it is not. `on_main` says whether the checkout is a state of the main branch, without
    anything of its own; None where nobody can say.
    """

    application: str
    files: tuple[str, ...] | None
    reason: str
    base: str | None = None
    head: str | None = None
    on_main: bool | None = None
