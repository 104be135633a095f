"""Test data in several destinations as one, and what becomes of it after a run that failed."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from testflow_core.errors import DataError
from testflow_core.model import Loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from datetime import timedelta


def together(several: Sequence[Loaded]) -> Loaded:
    """What tests find of all; where one can be copied, the others are the same for a copy."""

    @contextmanager
    def clone() -> Generator[Loaded]:
        with ExitStack() as exits:
            own = [each if each.clone is None else exits.enter_context(each.clone()) for each in several]
            yield together(own)

    variables = {name: value for each in several for name, value in each.variables.items()}
    secrets = tuple(secret for each in several for secret in each.secrets)
    copied = any(each.clone is not None for each in several)
    return Loaded(variables=variables, secrets=secrets, clone=clone if copied else None)


def keep(
    loaded: Loaded, data: str, limit: timedelta | None, failed: Callable[[], bool], tell: Callable[[str], None]
) -> None:
    """Leave data in place where the run has failed and that is wished; `tell` hears where it is, or why it is not."""
    if limit is None or loaded.keep is None or not failed():
        return
    until = datetime.now().astimezone() + limit
    try:
        where = loaded.keep(limit.total_seconds())
    except DataError as error:
        tell(f"the test data {data!r} is not kept: {error}")
        return
    tell(
        f"the test data {data!r} is kept until {until:%H:%M} in {where};"
        " `python -c 'import testflow; testflow.clean(kept=True)'` removes it"
    )
