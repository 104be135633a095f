"""Small builders: each call checks its mapping at once, so that a mistake is told on the line that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core import model, specs
from testflow_core.errors import Problem, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Self


class Environment:
    """The services that tests need together; with `faults`, tests may stop, pause, kill, refuse and delay them."""

    def __init__(self, name: str, *, faults: bool = False) -> None:
        self._value = model.Environment(name=_name(name, "Environment"), faults=faults)
        self._declared: dict[str, Mapping[str, object]] = {}

    def add_service(self, name: str, declaration: Mapping[str, object]) -> Self:
        """Add a service: its `type`, `version`, `image`, `ports`, `env`, `config`, ... SpecError with every mistake."""
        _once(name, self._value.services, "a service", "$.services")
        service = specs.service(name, declaration)
        self._value = evolve(self._value, services={**self._value.services, name: service})
        self._declared[name] = dict(declaration)
        return self

    def variants(self, overrides: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Variants:
        """
        This environment several times, for `execute` in its place: by the name of each variant, what differs in it.

        That is keys of services, as `add_service` takes them: they replace those of this environment, `config` and
        `env` entry by entry. SpecError with every mistake. Services that are added afterwards are in no variant.
        """
        return Variants(specs.variants(self._value, self._declared, overrides))

    @property
    def value(self) -> model.Environment:
        """What was declared."""
        return self._value


class Variants:
    """One environment in several variants; every test that needs it runs once in each of them."""

    def __init__(self, values: tuple[model.Environment, ...]) -> None:
        self.values = values


class TestData:
    """Records to be made for tests; the same seed gives the same records."""

    __test__ = False

    def __init__(
        self,
        name: str,
        *,
        seed: int = model.DEFAULT_SEED,
        generator: str = "faker",
        options: Mapping[str, model.Json] | None = None,
        destinations: Mapping[str, Mapping[str, model.Json]] | None = None,
    ) -> None:
        given = {"name": _name(name, "TestData")}
        mapping: dict[str, object] = {"seed": seed, "generator": generator, "options": options or {}}
        if destinations is not None:
            mapping["destinations"] = destinations
        self._value = specs.structure(mapping, model.TestData, given=given)

    def add_generator(self, name: str, declaration: Mapping[str, object]) -> Self:
        """Add a kind of record: its `count` and its `schema`, field to type. SpecError with every mistake."""
        _once(name, self._value.entities, "a generator", "$.generators")
        entity = specs.entity(name, declaration)
        self._value = evolve(self._value, entities={**self._value.entities, name: entity})
        return self

    @property
    def value(self) -> model.TestData:
        """What was declared."""
        return self._value


class TestWorkflow:
    """What is to be tested, and what is done with its failures."""

    __test__ = False

    def __init__(self, name: str) -> None:
        self._value = model.TestWorkflow(name=_name(name, "TestWorkflow"))

    def add_test_selection(self, application: str, declaration: Mapping[str, object]) -> Self:
        """Choose tests of an application: `strategy`, `test_paths`, `mapping_rules`. SpecError with every mistake."""
        selection = specs.selection(_name(application, "a test selection", "$.test_selections"), declaration)
        self._value = evolve(self._value, selections=(*self._value.selections, selection))
        return self

    def add_cross_app_test(self, name: str, declaration: Mapping[str, object]) -> Self:
        """Add `steps` across applications and the `data_flow` between them. SpecError with every mistake."""
        _once(name, [flow.name for flow in self._value.flows], "a cross-application test", "$.cross_app_tests")
        self._value = evolve(self._value, flows=(*self._value.flows, specs.cross_app_test(name, declaration)))
        return self

    def add_dependency(self, test: str, *needs: str) -> Self:
        """
        Let a test wait for others, and be skipped where one of them does not pass.

        Each is a file or a test, `application::file` or `application::file::name`; steps are named by their tests.
        SpecError with every mistake, circles included.
        """
        dependency = specs.dependency(test, needs, self._value.dependencies)
        self._value = evolve(self._value, dependencies=(*self._value.dependencies, dependency))
        return self

    def add_quarantine(self, test: str, *, until: str | date, reason: str = "") -> Self:
        """
        Let a flaky test run without failing the run, until a day (`"2026-12-24"`, to its end in UTC) or a moment.

        `test` is `application::file`, for all its tests, or `application::file::name`. SpecError with every mistake.
        """
        path = f"$.quarantines[{len(self._value.quarantines)}]"
        found = specs.quarantine(test, until=until, reason=reason, path=path)
        self._value = evolve(self._value, quarantines=(*self._value.quarantines, found))
        return self

    def set_failure_analysis(self, declaration: Mapping[str, object]) -> Self:
        """Say the `categories` of failures and the `routing` of each to a team. SpecError with every mistake."""
        self._value = evolve(self._value, analysis=specs.failure_analysis(declaration))
        return self

    @property
    def value(self) -> model.TestWorkflow:
        """What was declared."""
        return self._value


def _name(name: object, what: str, path: str = "$.name") -> str:
    if not isinstance(name, str) or not name.strip():
        raise SpecError([Problem(path, f"{what} needs a name, got {name!r}")])
    return name


def _once(name: str, known: Mapping[str, object] | list[str], what: str, path: str) -> None:
    _name(name, what, path)
    if name in known:
        raise SpecError([Problem(specs.key_path(path, name), "is declared twice; names are unique")])
