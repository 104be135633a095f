"""A plugin that is not there is told with those that are, and with what to install."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from testflow_core.errors import (
    PluginNotFoundError,
)
from testflow_core.interfaces import (
    ANALYZER,
    CHANGE_SOURCE,
    DATA_GENERATOR,
    DESTINATION,
    PROVISIONER,
    REPORTER,
    SELECTOR,
    Analyzer,
    Kind,
)
from testflow_core.registry import InstalledPlugins

Install: TypeAlias = Callable[..., None]


def load(name: str, /, **options: object) -> Analyzer:
    return InstalledPlugins().load(ANALYZER, name, **options)


@pytest.mark.usefixtures("_alone")
def test_a_missing_plugin_is_told_with_those_installed_and_the_one_that_was_meant(install: Install):
    install("tf-guess", guess="Guess", plain="Plain")
    with pytest.raises(PluginNotFoundError) as raised:
        load("gess")
    assert str(raised.value) == (
        "no analyzer named 'gess' is installed (installed: guess, plain); did you mean 'guess'?"
    )
    assert (raised.value.interface, raised.value.name) == ("analyzer", "gess")
    assert raised.value.installed == ("guess", "plain")


@pytest.mark.usefixtures("_alone")
def test_where_nothing_is_installed_the_group_is_named():
    with pytest.raises(PluginNotFoundError) as raised:
        load("nothing-like-it")
    assert "(installed: none)" in str(raised.value)
    assert raised.value.remedy == (
        "install the distribution that offers it under the entry point group 'testflow.analyzers'"
    )


FIRST_PARTY = [
    (PROVISIONER, "process", "testflow-process-env"),
    (CHANGE_SOURCE, "git", "testflow-git-selector"),
    (SELECTOR, "change-based", "testflow-git-selector"),
    (SELECTOR, "component-based", "testflow-git-selector"),
    (SELECTOR, "rules", "testflow-git-selector"),
    (ANALYZER, "regex", "testflow-regex-analyzer"),
    (DATA_GENERATOR, "faker", "testflow-faker-data"),
    (DESTINATION, "postgres", "testflow-postgres-data"),
    (REPORTER, "bar", "testflow-progress-bar"),
]


@pytest.mark.usefixtures("_alone")
@pytest.mark.parametrize(("kind", "name", "distribution"), FIRST_PARTY)
def test_a_missing_plugin_of_ours_is_told_with_what_to_install(kind: Kind[object], name: str, distribution: str):
    with pytest.raises(PluginNotFoundError) as raised:
        InstalledPlugins().load(kind, name)
    assert raised.value.remedy == f"pip install {distribution}"
    assert str(raised.value).endswith(raised.value.remedy)


def test_what_is_to_be_installed_offers_the_plugin():
    offered = set[tuple[str, str, str]]()
    for file in Path(__file__).parents[2].glob("plugins/*/pyproject.toml"):
        project = tomllib.loads(file.read_text())["project"]
        offered |= {
            (group, name, project["name"]) for group, names in project.get("entry-points", {}).items() for name in names
        }
    assert {(kind.group, name, distribution) for kind, name, distribution in FIRST_PARTY} <= offered
