"""Plugins are found by their entry points, imported when they are named, and given their options."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from testflow_core.errors import (
    PluginNotFoundError,
    Problem,
    SpecError,
)
from testflow_core.interfaces import (
    ANALYZER,
    ROUTER,
    Analyzer,
)
from testflow_core.registry import InstalledPlugins

Install: TypeAlias = Callable[..., None]


def load(name: str, /, **options: object) -> Analyzer:
    return InstalledPlugins().load(ANALYZER, name, **options)


def test_a_plugin_is_found_by_its_entry_point_and_constructed_with_its_options(install: Install):
    install("tf-guess", guess="Guess")
    plugin = load("guess", depth=3, words=["refused"])
    assert isinstance(plugin, Analyzer)
    assert (type(plugin).__name__, getattr(plugin, "depth", None)) == ("Guess", 3)
    assert getattr(plugin, "words", None) == ("refused",)
    assert "guess" in InstalledPlugins().names(ANALYZER)


def test_a_plugin_without_options_has_its_defaults(install: Install):
    install("tf-guess", guess="Guess")
    assert getattr(load("guess"), "depth", None) == 1


def test_every_mistake_in_the_options_is_told_with_its_path(install: Install):
    install("tf-guess", guess="Guess")
    with pytest.raises(SpecError) as raised:
        load("guess", dept=1, depth="3", words=["a", 5])
    assert {problem.path for problem in raised.value.problems} == {"$.dept", "$.depth", "$.words[1]"}
    assert "unknown key 'dept'; did you mean 'depth'? (known: depth, words)" in str(raised.value)


def test_what_a_plugin_itself_refuses_is_a_mistake_of_the_options(install: Install):
    install("tf-guess", guess="Guess")
    with pytest.raises(SpecError, match="a depth is 1 or more"):
        load("guess", depth=0)


def test_the_mistakes_of_a_declaration_begin_with_the_path_of_the_options(install: Install):
    install("tf-guess", guess="Guess")
    plugins = InstalledPlugins()
    assert plugins.problems(ANALYZER, "guess", {"depth": 2}, "$.options") == []
    assert plugins.problems(ANALYZER, "guess", {"words": [5]}, "$.options") == [
        Problem("$.options.words[0]", "expected text, got 5")
    ]
    (missing,) = plugins.problems(ANALYZER, "guesss", {}, "$.analyzer")
    assert missing.path == "$.analyzer"
    assert "did you mean 'guess'?" in missing.message


@pytest.mark.parametrize("options", [{}, {"depth": 1, "deep": 2}], ids=["missing", "unknown"])
def test_options_that_do_not_fit_a_constructor_are_a_mistake(install: Install, options: Mapping[str, int]):
    install("tf-guess", plain="Plain")
    assert getattr(load("plain", depth=4), "depth", None) == 4
    with pytest.raises(SpecError, match="the options of 'plain' do not fit"):
        load("plain", **options)


def test_only_the_plugin_that_is_named_is_imported(install: Install):
    install("tf-one", one="Guess")
    install("tf-two", "raise RuntimeError('imported by mistake')", two="Guess")
    assert {"one", "two"} <= set(InstalledPlugins().names(ANALYZER))
    assert not {"tf_one", "tf_two"} & set(sys.modules)
    load("one")
    assert {"tf_one", "tf_two"} & set(sys.modules) == {"tf_one"}


def test_a_plugin_installed_a_moment_ago_is_found(install: Install, site: Path):
    install("tf-one", one="Guess")
    load("one")
    with pytest.raises(PluginNotFoundError):
        load("two")
    install("tf-two", two="Guess")
    # Python looks at a folder again when its time has changed, which it does by ticks of the file system's clock.
    os.utime(site, ns=(site.stat().st_atime_ns, site.stat().st_mtime_ns + 10_000_000))
    assert type(load("two")).__module__ == "tf_two"


def test_names_are_those_of_one_kind_sorted(install: Install):
    install("tf-guess", zeta="Guess", alpha="Guess")
    names = InstalledPlugins().names(ANALYZER)
    assert list(names) == sorted(names)
    assert {"alpha", "zeta"} <= set(names)
    assert not {"alpha", "zeta"} & set(InstalledPlugins().names(ROUTER))


def test_a_plugin_of_one_kind_is_none_of_another(install: Install):
    install("tf-guess", guess="Guess")
    with pytest.raises(PluginNotFoundError, match="no router named 'guess' is installed"):
        InstalledPlugins().load(ROUTER, "guess")
