"""Entry points to plugins: named, imported only when asked for, checked against their interface."""

from __future__ import annotations

import inspect
import os
import sys
from abc import ABC, abstractmethod
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

import attrs

from testflow_core import interfaces, specs
from testflow_core.errors import PluginContractError, PluginLoadError, PluginNotFoundError, Problem, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.interfaces import Kind

P = TypeVar("P")

PLUGIN_SETS = "testflow.plugin_sets"

# Where the first-party plugins are, so that a missing one can be named with its remedy.
_DISTRIBUTIONS = {
    ("testflow.provisioners", "process"): "testflow-process-env",
    ("testflow.provisioners", "docker"): "testflow-docker-env",
    ("testflow.change_sources", "git"): "testflow-git-selector",
    ("testflow.selectors", "change-based"): "testflow-git-selector",
    ("testflow.selectors", "component-based"): "testflow-git-selector",
    ("testflow.selectors", "rules"): "testflow-git-selector",
    ("testflow.analyzers", "regex"): "testflow-regex-analyzer",
    ("testflow.data_generators", "faker"): "testflow-faker-data",
    ("testflow.destinations", "postgres"): "testflow-postgres-data",
    ("testflow.reporters", "bar"): "testflow-progress-bar",
    ("testflow.reporters", "github_issues"): "testflow-github-issues",
    ("testflow.reporters", "jira_issues"): "testflow-jira-issues",
    ("testflow.reporters", "webhook"): "testflow-webhook",
}


class Plugins(ABC):
    """Where plugins come from; the engine asks for each by its kind and name."""

    outside: bool = True
    """Whether they touch anything outside the process: a run of those that do not leaves no file."""

    @abstractmethod
    def names(self, kind: Kind[P]) -> tuple[str, ...]:
        """The names that can be asked for, sorted; nothing is imported."""

    @abstractmethod
    def load(self, kind: Kind[P], name: str, /, **options: object) -> P:
        """
        The plugin, constructed with its options.

        PluginNotFoundError, PluginLoadError or PluginContractError where there is none to construct; SpecError, with
        paths from `$`, where an option is wrong.
        """

    def problems(self, kind: Kind[P], name: str, options: Mapping[str, object], path: str) -> list[Problem]:
        """What is wrong with a name and its options, as problems whose paths begin with the declaration's `path`."""
        try:
            self.load(kind, name, **options)
        except SpecError as error:
            return [Problem(path + problem.path.removeprefix("$"), problem.message) for problem in error.problems]
        except PluginNotFoundError as error:
            return [Problem(path, str(error))]
        return []


class InstalledPlugins(Plugins):
    """The plugins of this Python environment."""

    def names(self, kind: Kind[P]) -> tuple[str, ...]:
        """The names that can be asked for, sorted; nothing is imported."""
        return tuple(sorted({each.name for each in _offers(kind.group)}))

    def load(self, kind: Kind[P], name: str, /, **options: object) -> P:
        """The plugin, imported if it was not yet, checked against its interface, and constructed with its options."""
        plugin = _imported(kind.group, name)
        if plugin is None:
            raise _not_found(kind, name, self.names(kind))
        return _constructed(_checked(plugin, kind, name), name, options)


def plugin_set(name: str) -> Plugins:
    """A set of plugins by its name: `installed`, or `memory` for the fakes that need nothing outside the process."""
    found = _imported(PLUGIN_SETS, name)
    if found is None:
        known = [each.name for each in _offers(PLUGIN_SETS)]
        remedy = _did_you_mean(name, known) or "see Engine(plugins=...)"
        raise PluginNotFoundError(interface="set of plugins", name=name, installed=sorted(known), remedy=remedy)
    if not (isinstance(found, type) and issubclass(found, Plugins)):
        raise PluginContractError(f"the set of plugins {name!r} is {found!r}, which is no subclass of {Plugins!r}")
    return found()


def _offers(group: str) -> list[EntryPoint]:
    """What the installed distributions offer in a group, as of now."""
    return list(_listed(tuple((path, _changed(path)) for path in sys.path)).select(group=group))


@lru_cache(maxsize=1)
def _listed(_: tuple[tuple[str, int], ...]) -> EntryPoints:
    # Reading the metadata of 80 distributions takes 10 ms, and a run asks for a dozen plugins. Installing one changes
    # the folder that it is installed in.
    return cast("EntryPoints", entry_points())  # the stubs know the answer of Python 3.9


def _changed(path: str) -> int:
    try:
        return os.stat(path or ".").st_mtime_ns  # noqa: PTH116 - hot
    except OSError:
        return 0


def _imported(group: str, name: str) -> object | None:
    # stevedore is imported by whoever loads a plugin, not by whoever imports testflow.
    from stevedore import NamedExtensionManager  # noqa: PLC0415

    class Extensions(NamedExtensionManager[object]):
        # stevedore's own listing is cached on disk by rounded file times and misses a plugin installed a moment ago.
        def list_entry_points(self) -> list[EntryPoint]:
            return offers

    def failed(_: object, entry_point: EntryPoint, error: BaseException) -> NoReturn:
        cause = str(error) or type(error).__name__
        raise PluginLoadError(f"the plugin {name!r} ({_origin(entry_point)}) cannot be imported: {cause}") from error

    offers = [each for each in _offers(group) if each.name == name]
    if len(offers) > 1:
        origins = ", ".join(sorted(map(_origin, offers)))
        raise PluginLoadError(f"{group} has more than one plugin named {name!r}; uninstall one of them: {origins}")
    try:
        found = Extensions(group, [name], on_load_failure_callback=failed, on_missing_entrypoints_callback=None)
    except (AssertionError, SystemExit) as error:  # stevedore reports every other failure, and lets these through
        failed(None, offers[0], error)
    return found[name].plugin if name in found else None


def _origin(entry_point: EntryPoint) -> str:
    return f"{entry_point.value} of {entry_point.dist.name if entry_point.dist else 'no distribution'}"


def _not_found(kind: Kind[P], name: str, installed: tuple[str, ...]) -> PluginNotFoundError:
    distribution = _DISTRIBUTIONS.get((kind.group, name))
    remedy = f"pip install {distribution}" if distribution else _did_you_mean(name, installed)
    remedy = remedy or f"install the distribution that offers it under the entry point group {kind.group!r}"
    return PluginNotFoundError(interface=kind.title, name=name, installed=installed, remedy=remedy)


def _did_you_mean(name: str, known: tuple[str, ...] | list[str]) -> str | None:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else None


def _checked(plugin: object, kind: Kind[P], name: str) -> type[P]:
    interface = f"{interfaces.__name__}.{kind.interface.__qualname__}"
    if not (isinstance(plugin, type) and issubclass(plugin, kind.interface)):
        raise PluginContractError(f"the {kind.title} {name!r} is {plugin!r}, which is no subclass of {interface}")
    missing = sorted(cast("tuple[str, ...]", getattr(plugin, "__abstractmethods__", ())))
    if missing:
        raise PluginContractError(f"the {kind.title} {name!r} ({plugin!r}) lacks {', '.join(missing)} of {interface}")
    return plugin


def _constructed(plugin: type[P], name: str, options: Mapping[str, object]) -> P:
    if attrs.has(plugin):
        return specs.structure(options, plugin)
    try:
        inspect.signature(plugin).bind(**options)
    except TypeError as error:
        raise SpecError([Problem("$", f"the options of {name!r} do not fit: {error}")]) from None
    return plugin(**options)
