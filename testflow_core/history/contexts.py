"""What there was around a failure, as text in the history."""

from __future__ import annotations

import json
from typing import Any

from attrs import asdict, fields

from testflow_core.history.values import excerpt, storable
from testflow_core.model import Artifact, FailureContext, ServiceState


def written_context(context: FailureContext | None) -> str:
    """As JSON of excerpts, without what says nothing; empty where there is nothing to say."""
    if context is None or context == FailureContext():
        return ""
    told = {name: value for name, value in asdict(context, recurse=False).items() if value not in {None, "", ()}}
    if context.log:
        told["log"] = excerpt(context.log)
    if context.services:
        told["services"] = [[each.service, each.health, excerpt(each.log)] for each in context.services]
    if context.artifacts:
        told["artifacts"] = [asdict(each, filter=_says_something) for each in context.artifacts]
    if context.backtrace:
        told["backtrace"] = excerpt(context.backtrace)
    return storable(json.dumps(told, ensure_ascii=False))


def read_context(text: str) -> FailureContext | None:
    """What `written_context` wrote."""
    if not text:
        return None
    told: dict[str, Any] = json.loads(text)
    if "resources" in told:
        told["resources"] = tuple(told["resources"])
    if "artifacts" in told:
        told["artifacts"] = tuple(map(_artifact, told["artifacts"]))
    if "services" in told:
        told["services"] = tuple(ServiceState(service=a, health=b, log=c) for a, b, c in told["services"])
    known = {each.name for each in fields(FailureContext)}
    return FailureContext(**{name: value for name, value in told.items() if name in known})


def _says_something(_: object, value: object) -> bool:
    return bool(value)


def _artifact(told: Any) -> Artifact:
    """As it was written; once that was a path alone."""
    return Artifact(path=told) if isinstance(told, str) else Artifact(**told)
