"""What the steps before hand over, as fixtures; and the refusal to win silently over fixtures of the same name."""

from __future__ import annotations

import functools
import inspect
import json
import types
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import environment

if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, Mapping, Sequence

INPUTS = "testflow_inputs"
DATA = "testflow_data"
ENVIRONMENT = "testflow_environment"
MODULE = "testflow_fixtures"
DATA_LIMIT = 1 << 30


class Offer:
    """The fixtures of a batch by name; `taken` tells where a name that it should provide is pytest's or a plugin's."""

    def __init__(self, inputs: Mapping[str, Any] | None, variables: Mapping[str, str]) -> None:
        self.keys = dict(inputs or {})
        self.variables = variables
        self.data = variables.get("TESTFLOW_DATA")
        self.taken: dict[str, str] = {}
        self._offered = frozenset(self.names)

    @property
    def names(self) -> list[str]:
        """Every name that a test may meet."""
        return [INPUTS, DATA, ENVIRONMENT, *self.keys]

    def install(self, session: pytest.Session) -> None:
        """Make the fixtures known to a session whose plugins are all there."""
        # The private table is the only way to ask; it has been there, so named, since pytest 3.
        known = getattr(getattr(session, "_fixturemanager", None), "_arg2fixturedefs", {})
        module = types.ModuleType(MODULE)
        values: dict[str, Callable[[], object]] = {INPUTS: lambda: dict(self.keys), DATA: self._read}
        module.fixture_of_environment = self._environment()  # pyright: ignore[reportAttributeAccessIssue] - pytest looks
        for key in self.keys:
            if key in values or key in {"request", ENVIRONMENT}:
                self.taken[key] = "pytest itself" if key == "request" else "testflow"
            else:
                values[key] = lambda key=key: self.keys[key]
        for position, (name, value) in enumerate(values.items()):
            before = [each for each in known.get(name, ()) if not each.baseid]
            if before and name in self.keys:
                self.taken[name] = place(before[-1].func)
            else:
                setattr(module, f"fixture_{position}", _fixture(name, value))
        session.config.pluginmanager.register(module, MODULE)

    def _environment(self) -> object:
        def provide() -> Iterator[environment.Environment]:
            there = environment.told(self.variables)
            yield there
            there.faults.close()

        provide.__doc__ = "The services of this test; what is done to them is undone at its end."
        return pytest.fixture(name=ENVIRONMENT)(provide)

    def _read(self) -> object:
        if self.data is None:
            pytest.fail("testflow_data: this run has no test data (TESTFLOW_DATA is not set)", pytrace=False)
        try:
            if Path(self.data).stat().st_size > DATA_LIMIT:
                pytest.fail(f"testflow_data: {self.data} is larger than {DATA_LIMIT} bytes", pytrace=False)
            with Path(self.data).open(encoding="utf-8") as stream:
                return json.load(stream)
        except (OSError, ValueError) as error:
            pytest.fail(f"testflow_data: {self.data} cannot be read: {error}", pytrace=False)

    def refuse(self, item: pytest.Item) -> None:
        """Let the set-up of a test fail that would be given one of two things of the same name."""
        conflict = self._conflict(item)
        if conflict is not None:
            vars(item)["setup"] = functools.partial(pytest.fail, conflict, pytrace=False)

    def _conflict(self, item: pytest.Item) -> str | None:
        """Why a test cannot know which of two fixtures it is given, or None."""
        asked: Iterable[str] = getattr(item, "fixturenames", ())
        if self._offered.isdisjoint(asked):
            return None
        info = getattr(item, "_fixtureinfo", None)
        # Autouse fixtures of pytest ask for `request` in nearly every test: only the test's own wish counts.
        own: set[str] = set(getattr(info, "argnames", ()))
        parameters: Mapping[str, object] = getattr(getattr(item, "callspec", None), "params", {})
        for name in self.names:
            if name not in (own if name == "request" else asked):
                continue
            other = "the test's own parameters" if name in parameters else self._other(info, name)
            if other is not None:
                ours = "an input of this step" if name in self.keys else "testflow"
                return f"the fixture {name!r} is given twice: by {ours} and by {other}; rename one of them"
        return None

    def _other(self, info: object, name: str) -> str | None:
        if name in self.taken:
            return self.taken[name]
        table: Mapping[str, Sequence[Any]] = getattr(info, "name2fixturedefs", {})
        definitions = table.get(name, ())
        others = [each.func for each in definitions if getattr(each.func, "__module__", None) != __name__]
        return place(others[-1]) if others else None


def _fixture(name: str, value: Callable[[], object]) -> object:
    def provide() -> object:
        return value()

    provide.__doc__ = "Handed over by testflow."
    return pytest.fixture(scope="session", name=name)(provide)


def place(function: Callable[..., object]) -> str:
    """Where a fixture stands: `file:line`."""
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    if code is None:
        return repr(function)
    return f"{code.co_filename}:{code.co_firstlineno}"
