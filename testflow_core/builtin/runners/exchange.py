"""The files by which a batch is handed values, and hands some over."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

from testflow_core.model import Status

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from testflow_core.model import Batch, Json, Outcome

OUTPUTS_LIMIT = 16 << 20


@frozen(kw_only=True)
class Exchange:
    """A directory of one batch, and the variables that name the files in it."""

    directory: Path
    outputs: Path
    variables: Mapping[str, str]


@contextmanager
def exchange(batch: Batch) -> Generator[Exchange]:
    """The files of a batch, gone on exit."""
    batch.bench.directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix="batch-", dir=batch.bench.directory.absolute(), ignore_cleanup_errors=True
    ) as name:
        directory = Path(name)
        outputs = directory / "outputs.json"
        variables = dict(batch.variables) | {"TESTFLOW_OUTPUTS": str(outputs)}
        if batch.inputs:
            inputs = directory / "inputs.json"
            inputs.write_text(json.dumps(batch.inputs), encoding="utf-8")
            variables["TESTFLOW_INPUTS"] = str(inputs)
        yield Exchange(directory=directory, outputs=outputs, variables=variables)


def with_outputs(outcomes: Iterable[tuple[Outcome, bool]], outputs: Path) -> Iterator[Outcome]:
    """
    The outcomes, the last with what its batch wrote to the outputs file.

    The flag of each tells whether it may be the last: such a one is held back until the next comes, or none.
    """
    held: Outcome | None = None
    for outcome, may_be_last in outcomes:
        if held is not None:
            yield held
        held = outcome if may_be_last else None
        if held is None:
            yield outcome
    if held is not None:
        yield _merged(held, outputs)


def _merged(outcome: Outcome, outputs: Path) -> Outcome:
    try:
        written = _read(outputs)
    except FileNotFoundError:
        return outcome
    except (OSError, ValueError, RecursionError) as error:
        return _spoilt(outcome, str(error))
    returned = outcome.values
    if isinstance(returned, Mapping):
        return evolve(outcome, values={**returned, **written})
    if returned is None:
        return evolve(outcome, values=written)
    lost = f"the returned {type(returned).__name__} gives way to what was written to TESTFLOW_OUTPUTS"
    return evolve(outcome, values=written, reason=outcome.reason or lost)


def _read(outputs: Path) -> Mapping[str, Json]:
    with outputs.open("rb") as stream:
        said = stream.read(OUTPUTS_LIMIT + 1)
    if len(said) > OUTPUTS_LIMIT:
        raise ValueError(f"it is larger than {OUTPUTS_LIMIT} bytes")
    try:
        found: object = json.loads(said)
    except ValueError as error:
        raise ValueError(f"it is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError(f"it holds a {type(found).__name__} where an object is needed")  # noqa: TRY004 - of a text
    return cast("dict[str, Json]", found)


def _spoilt(outcome: Outcome, why: str) -> Outcome:
    message = f"the file that TESTFLOW_OUTPUTS names cannot be used: {why}"
    if outcome.status.failing:
        return evolve(outcome, text=f"{outcome.text}\n{message}".strip())
    return evolve(outcome, status=Status.ERROR, message=message, values=None)
