"""What the agent has to know of a test framework; a module `with_...` says it of each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from typing import Callable, Sequence

    from .child import Ends
    from .ledger import Piece
    from .suits import Suits
    from .wire import Event


class Framework(NamedTuple):
    """
    What differs from one framework to the other.

    `unusable` says why this interpreter can run no tests of it, or nothing; `warm` imports what every worker needs, by
    the words of the command; `apart` parts what cannot run in one session; `suits` remembers what a worker was started
    for; `run` makes a session of a worker and answers its exit code.
    """

    unusable: Callable[[], str | None]
    warm: Callable[[Sequence[str]], None]
    apart: Callable[[str, Piece], list[Piece]]
    suits: Callable[[Event, Piece], Suits]
    run: Callable[[Event, Piece, Ends], int]


def named(name: str) -> Framework:
    """The framework of this name."""
    return cast("Framework", importlib.import_module(f".with_{name}", __package__).FRAMEWORK)
