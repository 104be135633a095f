"""Who hears of the batches of a run: its journal first, then its observers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.model import Batch, BatchDone, BatchSubmitted

if TYPE_CHECKING:
    from testflow_core.execution.clock import Clock
    from testflow_core.execution.schedule import Circumstances
    from testflow_core.history import Journal


def told(circumstances: Circumstances, journal: Journal | None, clock: Clock) -> Circumstances:
    """The same circumstances, of which a journal, where there is one, and the observers of a clock hear."""
    careful = {batch.id for batch in circumstances.plan.batches if not batch.terms.idempotent}

    def begun(batch: Batch) -> None:
        if journal is not None:
            journal.begun(batch.id)
            # What must not run twice does not begin before it is written that it has.
            if batch.id in careful:
                journal.flush()
        # Not the batch itself: what it hands to its tests may be secret.
        clock.tell(BatchSubmitted(batch=batch.id, tests=batch.tests, attempt=batch.attempt))

    def ended(batch: str) -> None:
        if journal is not None:
            journal.ended(batch)
        clock.tell(BatchDone(batch=batch))

    if journal is not None:
        journal.flush()
        # Where the history has no room workers find none either.
        circumstances = evolve(circumstances, spool=None if journal.trouble else journal.directory)
    return evolve(circumstances, begun=begun, ended=ended)
