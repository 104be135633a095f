"""What of a changed file differs from the base: its functions, and the rest."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class ChangedParts:
    """The changed functions of a file that are there, those of them that are new, and whether the rest is."""

    functions: tuple[str, ...] = ()
    new: frozenset[str] = frozenset()
    module: bool = False
