"""The one tree of errors: each names the culprit, the known alternatives and the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_LAST_LINES = 20


class TestflowError(Exception):
    """The root: whatever testflow raises on purpose is one of these."""

    __test__ = False


@frozen
class Problem:
    """One mistake in a declaration: where it stands (`$.services.db.ports`) and what is wrong with it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class SpecError(TestflowError):
    """The author of a declaration must act; `problems` lists every mistake with its path."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        return "\n  ".join([f"{len(self.problems)} mistakes:", *map(str, self.problems)])


class UnknownReferenceError(TestflowError):
    """A reference in braces has a form or a name that nobody knows; lists the known ones."""


class UnknownTestError(TestflowError):
    """A plan was asked for a test that nothing in it speaks of; names one that is spelt alike, or those it has."""


class PluginError(TestflowError):
    """Something is wrong with a plugin."""


class PluginNotFoundError(PluginError):
    """No plugin of that name is installed; says which are, and what to install."""

    def __init__(self, *, interface: str, name: str, installed: Iterable[str], remedy: str) -> None:
        self.interface = interface
        self.name = name
        self.installed = tuple(installed)
        self.remedy = remedy
        known = ", ".join(self.installed) or "none"
        super().__init__(f"no {interface} named {name!r} is installed (installed: {known}); {remedy}")


class PluginLoadError(PluginError):
    """A plugin is installed but cannot be imported; raised from its cause."""


class PluginContractError(PluginError):
    """A plugin is not what its interface asks for."""


class ApplicationUnavailableError(TestflowError):
    """The checkout of an application cannot be had; the message is the reason."""


class ProvisionError(TestflowError):
    """
    An environment did not come up; carries the logs of its services by name.

    `message` is the sentence alone; as text the error also has the last lines of the log of the service at fault.
    """

    def __init__(self, message: str, *, service: str | None = None, logs: Mapping[str, str] | None = None) -> None:
        self.message = message
        self.service = service
        self.logs: Mapping[str, str] = logs or {}
        super().__init__(message)

    def __str__(self) -> str:
        log = self.logs.get(self.service or "")
        if log is None:
            return self.message
        last = "\n".join(log.splitlines()[-_LAST_LINES:])
        return f"{self.message}; the last lines of its log:\n{last}" if last else f"{self.message}; its log is empty"


class DataError(TestflowError):
    """Test data could not be made or loaded; names the generator, the field and why."""


class HistoryError(TestflowError):
    """The history file cannot be used: locked by whom, damaged, or newer than this testflow."""


class DeliveryError(TestflowError):
    """What was to be sent of a run has not arrived, wholly or in part; names the service, why, and what it takes."""
