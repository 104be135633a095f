from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from testflow_core.model import Batch, Bench, TestCase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testflow_core.interfaces import Runner
    from testflow_core.model import Outcome


class Checkout:
    """A checkout of an application `shop` in a temporary directory, and batches of its tests."""

    def __init__(self, root: Path) -> None:
        self.path = root / "checkout"
        self.path.mkdir()
        self.directory = root / "run directory"

    def write(self, file: str, text: str) -> None:
        path = self.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")

    def bench(self, *command: str, **fields: object) -> Bench:
        return Bench(directory=self.directory, checkout=self.path, command=command, **fields)

    def batch(self, bench: Bench, *ids: str, **fields: object) -> Batch:
        return Batch(id="one/1", runner="any", bench=bench, tests=tuple(map(case, ids)), **fields)

    def run(self, runner: Runner, batch: Batch) -> list[Outcome]:
        with runner.session(batch.bench) as session:
            return list(session.run(batch))


def case(text: str) -> TestCase:
    file, _, name = text.partition("::")
    return TestCase(application="shop", file=file, name=name or None)


@pytest.fixture(autouse=True, scope="session")
def _plain_pytest():
    # The plugins installed for our own tests take seconds to import, and say nothing of the runner.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        yield


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture(scope="module")
def shared_checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="session")
def named() -> Callable[[list[Outcome]], dict[str, Outcome]]:
    return lambda outcomes: {outcome.test.id.removeprefix("shop::"): outcome for outcome in outcomes}


@pytest.fixture(scope="session")
def to_case() -> Callable[[str], TestCase]:
    return case
