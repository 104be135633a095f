"""Tests of which it is known what they touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.history import History

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import testflow

TRIES = 3


def until_recorded(run: Callable[[], testflow.Run], history: Path, *, number: int) -> tuple[str, ...]:
    """
    Run tests until so many of them are recorded, and answer what the runs warned of.

    Of a test nothing is recorded where another tool traced a part of it, as one that measures coverage may.
    """
    warnings: tuple[str, ...] = ()
    for _ in range(TRIES):
        done = run()
        assert done.ok
        warnings += done.warnings
        known = History(history).past(["shop"]).maps.get("shop")
        if known is not None and known.recorded.bit_count() == number:
            return warnings
    raise AssertionError(f"in {TRIES} runs not all tests were recorded: {warnings}")
