"""Addresses of a data flow, `application.step.path`, matched against the declared steps by longest prefix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.errors import Problem
from testflow_core.model import DataFlow
from testflow_core.specs.structure import KEY, key_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from testflow_core.model import Step

RETURN = "return"
_PART = re.compile(r"([^.\[\]]+)((?:\[\d+\])*)")


@frozen(kw_only=True)
class FlowSpec:
    """A data flow as written."""

    source: str = field(metadata={KEY: "from"})
    target: str = field(metadata={KEY: "to"})


@frozen(kw_only=True)
class _Address:
    step: int
    path: tuple[str, ...]


def resolve(
    flows: Mapping[str, FlowSpec], steps: Sequence[Step], path: str, problems: list[Problem]
) -> tuple[DataFlow, ...]:
    """The flows between steps; mistakes are added to `problems`."""
    found: list[DataFlow] = []
    for name, flow in flows.items():
        below = key_path(path, name)
        source = _address(flow.source, steps, f"{below}.from", problems)
        target = _address(flow.target, steps, f"{below}.to", problems)
        mistakes = [] if source is None or target is None else list(_mistakes(source, target, steps, below))
        problems += mistakes
        if source is not None and target is not None and not mistakes:
            found.append(
                DataFlow(
                    name=name, producer=source.step, source=source.path[1:], consumer=target.step, target=target.path
                )
            )
    problems += _clashes(found, path)
    return tuple(found)


def path_text(path: Sequence[str]) -> str:
    """A path as people write it: `return.items[0].id` for ("return", "items", "[0]", "id")."""
    return ".".join(path).replace(".[", "[")


def _address(text: str, steps: Sequence[Step], path: str, problems: list[Problem]) -> _Address | None:
    candidates = [(index, f"{step.app}.{step.name}") for index, step in enumerate(steps)]
    fitting = [each for each in candidates if text == each[1] or text.startswith((f"{each[1]}.", f"{each[1]}["))]
    longest = max((len(prefix) for _, prefix in fitting), default=0)
    best = [each for each in fitting if len(each[1]) == longest]
    if not best:
        known = ", ".join(sorted({prefix for _, prefix in candidates})) or "none"
        problems.append(Problem(path, f"{text!r} begins with no declared step (known: {known})"))
        return None
    if len(best) > 1:
        message = f"{text!r} fits several steps; give each of them a `name` of its own"
        problems.append(Problem(path, message))
        return None
    index, prefix = best[0]
    parts = _parts(text[len(prefix) :].removeprefix("."))
    if parts is None:
        problems.append(Problem(path, f"{text!r} has no path after the step {prefix!r}, or a malformed one"))
        return None
    return _Address(step=index, path=parts)


def _parts(text: str) -> tuple[str, ...] | None:
    parts: list[str] = []
    for word in text.split("."):
        match = _PART.fullmatch(word)
        if match is None:
            return None
        parts += [match[1], *re.findall(r"\[\d+\]", match[2])]
    return tuple(parts)


def _mistakes(source: _Address, target: _Address, steps: Sequence[Step], path: str) -> Iterator[Problem]:
    if source.path[0] != RETURN:
        yield Problem(
            f"{path}.from", f"a step gives what it returns: write '{RETURN}' before '{path_text(source.path)}'"
        )
    if source.step >= target.step:
        producer, consumer = steps[source.step], steps[target.step]
        yield Problem(
            path,
            f"the producer {producer.app}.{producer.name} (step {source.step + 1}) does not come before "
            f"its consumer {consumer.app}.{consumer.name} (step {target.step + 1}); change the order of the steps",
        )
    if any(part.startswith("[") for part in target.path):
        yield Problem(f"{path}.to", f"'{path_text(target.path)}' has an index; a consumer is given mappings only")


def _clashes(flows: Sequence[DataFlow], path: str) -> Iterator[Problem]:
    for index, flow in enumerate(flows):
        for other in flows[:index]:
            shorter = min(len(flow.target), len(other.target))
            if flow.consumer == other.consumer and flow.target[:shorter] == other.target[:shorter]:
                message = f"gives '{path_text(flow.target)}' where {other.name!r} gives '{path_text(other.target)}'"
                yield Problem(key_path(path, flow.name), message)
