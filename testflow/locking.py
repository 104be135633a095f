"""Pin versions of test data, and check them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from testflow_core import data_lock
from testflow_core.errors import Problem, SpecError
from testflow_core.registry import plugin_set

if TYPE_CHECKING:
    from testflow.builders import TestData
    from testflow_core.model import DataIdentity


def lock(*test_data: TestData, path: str | Path | None = None) -> dict[str, str]:
    """
    Pin the versions of these data sets in a file that a team commits, in place of what it holds under their names.

    From then on, a declaration that would make other records is an error wherever a run finds the file, or `generate`:
    `testflow-data.lock` in the workspace (TESTFLOW_WORKSPACE, else the current folder), or another one at `path`.
    Answers the version of each. SpecError where the file cannot be written, or holds other data sets and is damaged.
    """
    identities = [_identity(each) for each in test_data]
    data_lock.pin(_path(path), identities)
    return {each.declared.name: each.version for each in identities}


def unlock(*names: str, path: str | Path | None = None) -> None:
    """
    Take the data sets of these names out of the file of `lock`: from then on, their declarations may change freely.

    The file goes with the last of them. To pin a data set anew, call `lock` again. SpecError where one of these is not
    pinned, and then none is taken out, or where the file cannot be read or written.
    """
    data_lock.unpin(_path(path), names)


def check_lock(*test_data: TestData, path: str | Path | None = None) -> None:
    """SpecError where one of these data sets is not pinned, or would have other records than those pinned."""
    where = _path(path)
    found = [
        Problem(f"{each.value.name}: {problem.path}" if len(test_data) > 1 else problem.path, problem.message)
        for each in test_data
        for problem in data_lock.problems(_identity(each), where, required=True)
    ]
    if found:
        raise SpecError(found)


def _identity(test_data: TestData) -> DataIdentity:
    return data_lock.identity_by_plugin(test_data.value, plugin_set("installed"))


def _path(given: str | Path | None) -> Path:
    return Path(given or Path(os.environ.get("TESTFLOW_WORKSPACE") or Path.cwd()) / data_lock.LOCK).absolute()
