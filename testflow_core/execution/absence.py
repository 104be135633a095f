"""What plugins give that tests need, or why it is not there."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from testflow_core.errors import DataError, ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager, ExitStack

    from testflow_core.interfaces import Kind
    from testflow_core.plugin_calls import PluginCalls

P = TypeVar("P")
A = TypeVar("A")


@frozen(kw_only=True)
class Absence:
    """Why something that tests need is not there: a sentence, what explains it in short, and in full."""

    reason: str
    message: str
    text: str = ""


def entered(
    enter: Callable[[], AbstractContextManager[A]],
    kind: Kind[P],
    name: str,
    what: str,
    calls: PluginCalls,
    exits: ExitStack,
) -> A | Absence:
    """What a context manager gives, or why not; what goes wrong on its way out is recorded and loses nothing."""
    try:
        manager = enter()
        given = manager.__enter__()
    except ProvisionError as error:
        return Absence(reason=f"{what}: {error.message}", message=f"{what}: {error}", text=_other_logs(error))
    except DataError as error:
        return absent(f"{what}: {error}")
    except Exception:  # noqa: BLE001 - whatever a plugin raises is its failure, not the run's
        return raised(kind, name, what, calls)

    def leave(*error: object) -> None:
        try:
            manager.__exit__(*error)  # pyright: ignore[reportArgumentType] - the three that ExitStack hands over
        except Exception:  # noqa: BLE001 - the run's results outlive a plugin that fails to clean up
            calls.record(kind, name)

    exits.push(leave)
    return given


def absent(reason: str, text: str = "") -> Absence:
    """What is not there for a reason that is all there is to say in short."""
    return Absence(reason=reason, message=reason, text=text)


def _other_logs(error: ProvisionError) -> str:
    """The logs that the error as text does not show in full, that of the service at fault first."""
    at_fault_first = sorted(error.logs.items(), key=lambda each: each[0] != error.service)
    shown = str(error)
    logs = {service: log for service, log in at_fault_first if log.strip() and log.strip() not in shown}
    return "\n\n".join(f"--- log of {service} ---\n{log}" for service, log in logs.items())


def raised(kind: Kind[P], name: str, what: str, calls: PluginCalls) -> Absence:
    """What is not there because a plugin has raised what it should not; that is recorded."""
    calls.record(kind, name)
    return absent(f"{what}: the {kind.title} {name!r} raised", traceback.format_exc())
