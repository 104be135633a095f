from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from node_packages import installed, path_with

from testflow_core.builtin.runners.command import CommandRunner
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
            return [*session.run(batch), *session.finish()]


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


@pytest.fixture
def printed(checkout: Checkout) -> Callable[..., dict[str | None, Outcome]]:
    """The outcomes of a file `x.tap` whose program prints this and ends with this code, by their names."""

    def run(text: str | bytes, code: int = 0, *, ids: tuple[str, ...] = ("x.tap",), **fields: object):
        (checkout.path / "x.tap").write_bytes(text if isinstance(text, bytes) else text.encode())
        bench = checkout.bench("sh", "-c", f'cat "$0"; exit {code}', "{test_path}")
        outcomes = checkout.run(CommandRunner(), checkout.batch(bench, *ids, **fields))
        found = {outcome.test.name: outcome for outcome in outcomes}
        assert len(found) == len(outcomes)
        return found

    return run


@pytest.fixture(scope="session")
def packages() -> Callable[[str], Path]:
    """Installs packages of Node on first use; the folder that has them in its `node_modules`."""
    return lru_cache(installed)


@pytest.fixture
def node_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Node that the tests bring along comes first, and nothing tells the programs that a machine runs them."""
    monkeypatch.setenv("PATH", path_with())
    for name in ("CI", "GITHUB_ACTIONS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


class JavaScriptProject(Checkout):
    """A checkout with jest or vitest installed, whose test files say what both understand."""

    def __init__(self, root: Path, framework: str, packages: Path) -> None:
        super().__init__(root)
        self.framework = framework
        self.command = (f"node_modules/.bin/{framework}", *(["run"] * (framework == "vitest")), "{test_path}")
        self.package()
        (self.path / "node_modules").symlink_to(packages / "node_modules")

    def package(self, **fields: object) -> None:
        """Its `package.json`, with these fields."""
        self.write("package.json", json.dumps({"name": "shop", "version": "1.0.0", "private": True, **fields}))

    def write(self, file: str, text: str) -> None:
        names = "afterAll, describe, expect, test"
        needed = self.framework == "vitest" and file.endswith(".test.js")
        super().write(file, (f'import {{ {names} }} from "vitest";\n' if needed else "") + dedent(text))

    def outcomes(self, *ids: str, command: tuple[str, ...] = (), **fields: object) -> list[Outcome]:
        bench = self.bench(*(command or self.command))
        return self.run(CommandRunner(), self.batch(bench, *ids, timeout=timedelta(seconds=60), **fields))


@pytest.fixture(scope="session")
def js_project(packages: Callable[[str], Path]) -> Callable[[Path, str, str], JavaScriptProject]:
    """Makes a project in a directory, with this framework in its `current` or an `older` version."""
    return lambda root, framework, version: JavaScriptProject(root, framework, packages(version))
