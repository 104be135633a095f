"""The applications that a workflow concerns: where they are, what they say of themselves, what changed in them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from itertools import pairwise, takewhile
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import attrs
from attrs import evolve, field, frozen

from testflow_core import specs
from testflow_core.errors import ApplicationUnavailableError, Problem, SpecError
from testflow_core.interfaces import CHANGE_SOURCE, CHECKOUT_SOURCE, NamesTrees
from testflow_core.model import Application, Change, Provider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins

APPLICATION_FILE = "testflow.toml"
CHECKOUT_SOURCES = ("local", "git")
PYTEST_PROGRAMS = {"pytest", "py.test"}
CHANGE_SOURCES = ("declared", "git")


@frozen(kw_only=True)
class Landscape:
    """
    The applications whose checkout was found, why the others are unavailable, what changed, and who uses whom.

    A service of an environment runs those that are `served`.
    """

    applications: Mapping[str, Application]
    unavailable: Mapping[str, str]
    changes: Mapping[str, Change]
    providers: Mapping[str, tuple[Provider, ...]] = field(factory=dict[str, tuple[Provider, ...]])
    served: frozenset[str] = frozenset()


def survey(
    concerned: Iterable[Application], plugins: Plugins, calls: PluginCalls, workspace: Path, cache: Path
) -> Landscape:
    """
    Finds the checkout of every concerned application and asks what changed in it.

    SpecError with every mistake in the applications' own `testflow.toml` files.
    """
    found: dict[str, Application] = {}
    unavailable: dict[str, str] = {}
    problems: list[Problem] = []
    sources = [
        (name, plugins.load(CHECKOUT_SOURCE, name, workspace=workspace, cache=cache)) for name in _known(plugins)
    ]
    for application in concerned:
        reasons: list[str] = []
        for name, source in sources:
            try:
                path = source.checkout(application)
            except ApplicationUnavailableError as error:
                reasons.append(str(error))
            except Exception:  # noqa: BLE001 - whatever a plugin raises is its failure, not the run's
                calls.record(CHECKOUT_SOURCE, name)
            else:
                try:
                    found[application.name] = evolve(_completed(application, path), path=path)
                except SpecError as error:
                    problems += error.problems
                break
        else:
            unavailable[application.name] = "; ".join(reasons) or "no checkout source could look for it"
    if problems:
        raise SpecError(problems)
    changes = {name: _change(application, plugins, calls) for name, application in found.items()}
    return Landscape(applications=found, unavailable=unavailable, changes=changes)


def name_trees(
    applications: Mapping[str, Application], plugins: Plugins, calls: PluginCalls, workspace: Path, cache: Path
) -> Mapping[str, str]:
    """What each checkout has, by name; nothing where it is not known of all: a test may depend on any of them."""
    loaded = [(name, plugins.load(CHECKOUT_SOURCE, name, workspace=workspace, cache=cache)) for name in _known(plugins)]
    sources = [(name, source) for name, source in loaded if isinstance(source, NamesTrees)]
    trees: dict[str, str] = {}
    for application, found in applications.items():
        path = found.path
        if path is None:
            return {}
        asked = (
            calls.answer(CHECKOUT_SOURCE, name, lambda source=source, path=path: source.tree(path), "")
            for name, source in sources
        )
        tree = next(filter(None, asked), "")
        if not tree:
            return {}
        trees[application] = tree
    return trees


def runner_name(application: Application) -> str:
    """
    The runner that speaks to an application's test command: `pytest` or `unittest` where it runs that, else `command`.

    `python -m pytest` and launchers (`uv run pytest`) count: the tests run in the application's own interpreter anyway.
    unittest has no program of its own, only its `-m`.
    """
    before_path = tuple(takewhile(lambda word: "{" not in word, application.test_command))
    for before, word in pairwise(("", *before_path)):
        if PurePath(word).name in PYTEST_PROGRAMS:
            return "pytest"
        if (before, word) == ("-m", "unittest"):
            return "unittest"
    return "command"


def _known(plugins: Plugins) -> list[str]:
    installed = plugins.names(CHECKOUT_SOURCE)
    first = [name for name in CHECKOUT_SOURCES if name in installed]
    return [*first, *(name for name in installed if name not in first)]


def _completed(application: Application, checkout: Path) -> Application:
    """What was registered wins over what the checkout says of itself."""
    file = checkout / APPLICATION_FILE
    shown = f"{application.name}/{APPLICATION_FILE}"
    try:
        mapping = tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return application
    except (OSError, ValueError) as error:
        raise SpecError([Problem(shown, f"cannot be read as TOML: {error}")]) from None
    own = specs.application_file(application.name, mapping, shown)
    defaults = Application(name=application.name)
    said = {
        field.name: getattr(own, field.name)
        for field in attrs.fields(Application)
        if getattr(application, field.name) == getattr(defaults, field.name)
    }
    return evolve(application, **said)


def _change(application: Application, plugins: Plugins, calls: PluginCalls) -> Change:
    """What the first source that can say says; otherwise why none can."""
    installed = plugins.names(CHANGE_SOURCE)
    reasons: list[str] = []
    for name in [*CHANGE_SOURCES, *(each for each in installed if each not in CHANGE_SOURCES)]:
        if name not in installed:
            continue
        source = plugins.load(CHANGE_SOURCE, name)
        nobody = Change(application=application.name, files=None, reason=f"the change source {name!r} raised")
        change = calls.answer(CHANGE_SOURCE, name, lambda source=source: source.changes(application), nobody)
        if change.files is not None:
            return change
        reasons.append(change.reason)
    return Change(application=application.name, files=None, reason="; ".join(filter(None, reasons)))
