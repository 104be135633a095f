"""What there was around a failure, as text in the history."""

from __future__ import annotations

import json
from typing import Any

from attrs import asdict

from testflow_core.history.values import excerpt, storable
from testflow_core.model import FailureContext, ServiceState


def written_context(context: FailureContext | None) -> str:
    """As JSON of excerpts, without what says nothing; empty where there is nothing to say."""
    if context is None or context == FailureContext():
        return ""
    told = {name: value for name, value in asdict(context, recurse=False).items() if value not in {None, "", ()}}
    if context.log:
        told["log"] = excerpt(context.log)
    if context.services:
        told["services"] = [[each.service, each.health, excerpt(each.log)] for each in context.services]
    return storable(json.dumps(told, ensure_ascii=False))


def read_context(text: str) -> FailureContext | None:
    """What `written_context` wrote."""
    if not text:
        return None
    told: dict[str, Any] = json.loads(text)
    told |= {name: tuple(told[name]) for name in ("resources", "artifacts") if name in told}
    if "services" in told:
        told["services"] = tuple(ServiceState(service=a, health=b, log=c) for a, b, c in told["services"])
    return FailureContext(**told)
