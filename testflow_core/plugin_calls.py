"""Calls to plugins: one that raises is recorded with its traceback, and the run goes on without its answer."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, TypeVar

from testflow_core.model import PluginFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from testflow_core.interfaces import Kind

P = TypeVar("P")
A = TypeVar("A")


class PluginCalls:
    """The calls of one run; `failures` are the plugins that raised."""

    def __init__(self) -> None:
        self.failures: list[PluginFailure] = []

    def answer(self, kind: Kind[P], name: str, call: Callable[[], A], otherwise: A) -> A:
        """What `call` answers, or `otherwise` where the plugin raised."""
        try:
            return call()
        except Exception:  # noqa: BLE001 - whatever a plugin raises is its failure, not the run's
            self.record(kind, name)
            return otherwise

    def record(self, kind: Kind[P], name: str) -> None:
        """Note that a plugin raised the exception that is being handled."""
        self.failures.append(PluginFailure(kind=kind.title, name=name, traceback=traceback.format_exc()))
