"""Outcomes without what nobody may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.provisioning.wiring import redacted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.model import FailureContext, Outcome


def redact(outcome: Outcome, secrets: Sequence[str]) -> Outcome:
    """The outcome with secrets struck out of every text; what it returned is handed to later steps as it is."""
    if not secrets:
        return outcome
    return evolve(
        outcome,
        reason=redacted(outcome.reason, secrets),
        message=redacted(outcome.message, secrets),
        text=redacted(outcome.text, secrets),
        stdout=redacted(outcome.stdout, secrets),
        stderr=redacted(outcome.stderr, secrets),
        context=outcome.context and _context(outcome.context, secrets),
    )


def _context(context: FailureContext, secrets: Sequence[str]) -> FailureContext:
    return evolve(
        context,
        log=redacted(context.log, secrets),
        services=tuple(
            evolve(each, health=redacted(each.health, secrets), log=redacted(each.log, secrets))
            for each in context.services
        ),
        resources=tuple(redacted(each, secrets) for each in context.resources),
        artifacts=tuple(
            evolve(
                each,
                path=redacted(each.path, secrets),
                name=redacted(each.name, secrets),
                note=redacted(each.note, secrets),
            )
            for each in context.artifacts
        ),
        backtrace=redacted(context.backtrace, secrets),
    )
