"""How tests are run: what whoever chooses them may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from attrs import field, fields, frozen

from testflow_core.model.isolation import Isolation

DEFAULT_TIMEOUT = timedelta(seconds=300)
PERFORMANCE = "performance"
EXCLUSIVE = "exclusive"
EACH = 1
"""How many there are of a resource of which nobody said it."""

REPETITIONS = 5
"""How often a performance test is run where nobody says."""


@frozen(kw_only=True)
class Terms:
    """
    What tests need and how they are treated.

    `kind` is `unit`, `integration`, `ui`, `performance` or a word of the team's own. `timeout` limits every attempt at
    a test, `attempts` is how often one that fails is tried in all. `resources` are what it takes of things that are
    counted, by name; what takes `exclusive` runs while nothing else does, as performance tests do. What is not
    `idempotent` is not run again where it was interrupted. `environment` and `data` tell whether those are needed; of
    several environments `environment` names one. `isolation` is what they have of it for themselves; None where they
    share it with all others. `owner` is the team that gets their failures where nothing tells more.

    A performance test runs `repeat` times. It fails where the median of its durations is more than `max_duration`, or
    more than `max_slowdown` times that of its past runs.
    """

    kind: str = "unit"
    timeout: timedelta = DEFAULT_TIMEOUT
    attempts: int = 1
    resources: Mapping[str, int] = field(factory=dict[str, int])
    idempotent: bool = True
    environment: bool | str = True
    data: bool = True
    isolation: Isolation | None = None
    repeat: int | None = None
    max_duration: timedelta | None = None
    max_slowdown: float | None = None
    owner: str = ""

    @property
    def alone(self) -> bool:
        """Whether nothing else may run meanwhile."""
        return self.kind == PERFORMANCE or EXCLUSIVE in self.resources

    @property
    def repetitions(self) -> int:
        """How often each test runs, whatever it gives."""
        return self.repeat or (REPETITIONS if self.kind == PERFORMANCE else 1)


def terms_of(value: Terms) -> Terms:
    """The terms alone of something that was declared with them."""
    return Terms(**{each.name: getattr(value, each.name) for each in fields(Terms)})
