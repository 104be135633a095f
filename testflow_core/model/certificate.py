"""What a run has left on the machine: a certificate for each environment that it brought up."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen(kw_only=True)
class Certificate:
    """
    What belonged to an environment while it was up, and what of that was left once it was gone.

    `environment` is its label, empty for the directory of the run itself. `held` and `left` map a kind (`process`,
    `port`, `directory`, `shared memory`, `mount`, and what a provisioner adds: `container`) to the names of things;
    `held` is empty where it never came up. `seconds` is what it took to look.
    """

    environment: str
    held: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    left: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Nothing was left."""
        return not any(self.left.values())

    @property
    def leaks(self) -> tuple[str, ...]:
        """A sentence for each thing that was left, with what to do."""
        whose = f"the environment {self.environment!r}" if self.environment else "the run"
        return tuple(
            f"{whose} has left the {kind} {name}; end or remove it by hand"
            for kind, names in self.left.items()
            for name in names
        )

    def __str__(self) -> str:
        """`shop: held 3 process, 1 port, 1 directory; nothing left`."""
        held = ", ".join(f"{len(names)} {kind}" for kind, names in self.held.items() if names) or "nothing"
        left = ", ".join(f"{kind} {name}" for kind, names in self.left.items() for name in names)
        return f"{self.environment or 'run'}: held {held}; {f'left {left}' if left else 'nothing left'}"
