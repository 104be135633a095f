"""What there was around a test that failed, told as facts."""

from __future__ import annotations

from attrs import frozen

from testflow_core.model.artifact import Artifact


@frozen(kw_only=True)
class ServiceState:
    """
    A service of the environment, as it was when a test had failed.

    `health` says what was wrong with it, empty where nothing was; `log` is the last of what it wrote while the test
    ran.
    """

    service: str
    health: str = ""
    log: str = ""


@frozen(kw_only=True)
class FailureContext:
    """
    What there was around a test that failed.

    `log` are the records that the test had logged, each with its level and logger. `services` are those that had
    something to tell. `resources` are sentences on what had run out. `exit` is how the process of the test ended, if it
    did: its exit code, or the negative number of a signal. `artifacts` are files that it left, `left_out` is a sentence
    on those that were too many. `backtrace` is what the debugger says of a process that a signal ended, or why it says
    nothing.
    """

    log: str = ""
    services: tuple[ServiceState, ...] = ()
    resources: tuple[str, ...] = ()
    exit: int | None = None
    artifacts: tuple[Artifact, ...] = ()
    left_out: str = ""
    backtrace: str = ""

    @property
    def facts(self) -> tuple[str, ...]:
        """Sentences on what was wrong with resources and services."""
        ailing = (f"the service {each.service} {each.health}" for each in self.services if each.health)
        return *self.resources, *ailing

    @property
    def service_logs(self) -> str:
        """The logs of all services as one text."""
        return "\n\n".join(f"--- log of {each.service} ---\n{each.log}" for each in self.services if each.log)
