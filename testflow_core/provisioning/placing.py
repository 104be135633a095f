"""Test data in the services of an environment, put there as they come up and before anybody uses them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from threading import Lock
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core import data_making
from testflow_core.errors import DataError, Problem, ProvisionError
from testflow_core.interfaces import DESTINATION
from testflow_core.model import Bench
from testflow_core.provisioning import wiring
from testflow_core.registry import Plugins, plugin_set
from testflow_core.specs import key_path, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from testflow_core.model import DataSet, Endpoint, Environment, Json, Site, TestData

_REFERENCE = re.compile(rf"\{{([\w-]+)\.({'|'.join(wiring.ATTRIBUTES)})\}}")


def services_of(options: Json) -> tuple[str, ...]:
    """The services to which the options of a destination refer, as in `{db.url}`; none where it stands by itself."""
    found = (match[1] for text in _texts(options) for match in _REFERENCE.finditer(text))
    return tuple(dict.fromkeys(found))


def by_itself(data: TestData) -> TestData:
    """The data with those of its destinations that need no service."""
    return evolve(data, destinations={k: each for k, each in data.destinations.items() if not services_of(each)})


def within(data: TestData | None, environment: Environment) -> TestData | None:
    """The data with those of its destinations that are in services of an environment, None where none is."""
    if data is None:
        return None
    found = {
        name: options
        for name, options in data.destinations.items()
        if (needed := services_of(options)) and all(each in environment.services for each in needed)
    }
    return evolve(data, destinations=found) if found else None


def problems(data: TestData | None, environments: Sequence[Environment]) -> Iterator[Problem]:
    """Destinations in services that no environment has, or not together."""
    known = dict.fromkeys(name for environment in environments for name in environment.services)
    declared: Mapping[str, Mapping[str, Json]] = data.destinations if data is not None else {}
    for name, options in declared.items():
        needed = services_of(options)
        path = key_path("$.destinations", name)
        missing = [each for each in needed if each not in known]
        if not known and missing:
            message = f"is in the service {missing[0]!r}, and there is no environment: give `execute` and `plan` one"
            yield Problem(path, message)
        elif missing:
            yield Problem(path, unknown_name("service", missing[0], known))
        elif needed and not any(all(each in one.services for each in needed) for one in environments):
            yield Problem(path, f"no environment has all of {', '.join(needed)}")


class Placing:
    """Puts a data set into services, each destination as soon as those are up that it refers to."""

    def __init__(self, site: Site) -> None:
        self._data = site.data
        self._given = site.plugins
        self._bench = Bench(directory=site.directory / "data", checkout=site.workspace)
        self._lock = Lock()
        self._up: dict[str, Endpoint] = {}
        self._placed: dict[str, ExitStack] = {}
        self._made: DataSet | None = None
        self.variables: dict[str, str] = {}

    def up(self, service: str, endpoint: Endpoint) -> None:
        """A service is ready, and nobody uses it yet; ProvisionError where it cannot be filled."""
        if self._data is None:
            return
        with self._lock:
            self._up[service] = endpoint
            for name, options in self._data.destinations.items():
                if name not in self._placed and set(services_of(options)) <= self._up.keys():
                    self._place(service, name, options, self._data)

    def down(self, service: str) -> None:
        """A service is about to be ended: what is in it is taken away."""
        if self._data is None:
            return
        with self._lock:
            self._up.pop(service, None)
            for name in [each for each in self._placed if service in services_of(self._data.destinations[each])]:
                # With the service, it is gone anyway.
                with suppress(DataError):
                    self._placed.pop(name).close()

    def _place(self, service: str, name: str, options: Mapping[str, Json], data: TestData) -> None:
        values = wiring.reference_values(self._up)
        # Who holds an environment for longer has no plugins of a run; to look for them takes 3 ms.
        plugins = self._given if isinstance(self._given, Plugins) else plugin_set("installed")
        try:
            self._made = self._made or data_making.made(data, plugins)
            destination = plugins.load(DESTINATION, name, **_resolved(options, values))
            with ExitStack() as exits:
                loaded = exits.enter_context(destination.load(self._made, self._bench))
                self.variables |= loaded.variables
                self._placed[name] = exits.pop_all()
        except DataError as error:
            secrets = wiring.secrets(self._up)
            what = wiring.redacted(f"the service {service} could not be filled with test data: {error}", secrets)
            raise ProvisionError(what, service=service) from error


def moved(variables: Mapping[str, str], before: Mapping[str, Endpoint], now: Mapping[str, Endpoint]) -> dict[str, str]:
    """Variables that tell of data in services, where these are copied: URLs that begin as the service's do."""
    urls = {each.url: now[name].url for name, each in before.items() if each.url and now[name].url}
    found: dict[str, str] = {}
    for name, value in variables.items():
        url = next((url for url in urls if value == url or value.startswith(f"{url}?")), None)
        found[name] = value if url is None else f"{urls[url]}{value.removeprefix(url)}"
    return found


def _texts(value: Json) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, Sequence):
        for each in value:
            yield from _texts(each)


def _resolved(options: Mapping[str, Json], values: Mapping[str, str]) -> dict[str, Json]:
    return {name: _with_values(value, values) for name, value in options.items()}


def _with_values(value: Json, values: Mapping[str, str]) -> Json:
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _value(match, values), value)
    if isinstance(value, Mapping):
        return _resolved(value, values)
    return [_with_values(each, values) for each in value] if isinstance(value, Sequence) else value


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    name = f"{match[1]}.{match[2]}"
    if name not in values:
        raise DataError(f"{{{name}}} refers to nothing: the service has no {match[2]}")
    return values[name]
