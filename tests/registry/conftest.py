"""Distributions that a test installs, found as every other is."""

import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from testflow_core.interfaces import ANALYZER
from testflow_core.registry import plugin_set

Install: TypeAlias = Callable[..., None]

GUESS = """
from attrs import field, frozen
from testflow_core.interfaces import Analyzer, Router

@frozen(kw_only=True)
class Guess(Analyzer):
    depth: int = field(default=1)
    words: tuple[str, ...] = ()

    @depth.validator
    def _positive(self, attribute, value):
        if value < 1:
            raise ValueError("a depth is 1 or more")

    def analyze(self, failures, context):
        return []

class Plain(Analyzer):
    def __init__(self, depth, words=()):
        self.depth = depth

    def analyze(self, failures, context):
        return []

class Partial(Analyzer):
    pass

class Other(Router):
    def route(self, diagnoses, context):
        return []

class Unrelated:
    def analyze(self, failures, context):
        return []

instance = Guess()
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages, besides those of the environment; what is imported from it is forgotten."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture
def install(site: Path) -> Install:
    """Puts a distribution in place: its name, a module by the same name, and its entry points."""

    def put(distribution: str, source: str = GUESS, **offers: str) -> None:
        package = site / distribution.replace("-", "_")
        package.mkdir()
        (package / "__init__.py").write_text(source)
        metadata = site / f"{package.name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"{name.replace('_', '-')} = {package.name}:{attribute}" for name, attribute in offers.items()]
        (metadata / "entry_points.txt").write_text(f"[{ANALYZER.group}]\n" + "\n".join(lines) + "\n")

    return put


@pytest.fixture
def _alone(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed but what a test installs: the standard library and modules already imported remain."""
    plugin_set("installed")  # imports what the registry imports late, while it can still be found
    paths = sysconfig.get_paths()
    monkeypatch.setattr(sys, "path", [str(site), paths["stdlib"], f"{paths['platstdlib']}/lib-dynload"])
