"""A plugin that is there and cannot be used is told with its cause, before it is used."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from testflow_core.errors import (
    PluginContractError,
    PluginError,
    PluginLoadError,
    PluginNotFoundError,
)
from testflow_core.interfaces import (
    ANALYZER,
    Analyzer,
)
from testflow_core.registry import InstalledPlugins, Plugins

Install: TypeAlias = Callable[..., None]


def load(name: str, /, **options: object) -> Analyzer:
    return InstalledPlugins().load(ANALYZER, name, **options)


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import a_module_that_nobody_has", ModuleNotFoundError),
        ("raise RuntimeError('no licence')", RuntimeError),
        ("assert 1 == 2, 'a bad day'", AssertionError),
        ("raise SystemExit(3)", SystemExit),
        ("def broken(:", SyntaxError),
        ("", AttributeError),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_told_with_its_cause(
    install: Install, source: str, cause: type[BaseException]
):
    install("tf-broken", source, broken="Broken")
    with pytest.raises(PluginLoadError) as raised:
        load("broken")
    assert isinstance(raised.value.__cause__, cause)
    assert str(raised.value) == (
        f"the plugin 'broken' (tf_broken:Broken of tf-broken) cannot be imported: {raised.value.__cause__}"
    )


def test_an_entry_point_to_a_module_that_is_not_there_is_told_with_its_cause(install: Install, site: Path):
    install("tf-broken", broken="Guess")
    (site / "tf_broken" / "__init__.py").unlink()
    (site / "tf_broken").rmdir()
    with pytest.raises(PluginLoadError, match="No module named 'tf_broken'"):
        load("broken")


def test_an_interrupt_while_a_plugin_is_imported_goes_through(install: Install):
    install("tf-slow", "raise KeyboardInterrupt", slow="Slow")
    with pytest.raises(KeyboardInterrupt):
        load("slow")


@pytest.mark.parametrize("attribute", ["Unrelated", "Other", "instance", "__name__"])
def test_what_is_no_subclass_of_its_interface_is_refused(install: Install, attribute: str):
    install("tf-guess", wrong=attribute)
    with pytest.raises(PluginContractError) as raised:
        load("wrong")
    assert "the analyzer 'wrong' is " in str(raised.value)
    assert "no subclass of testflow_core.interfaces.Analyzer" in str(raised.value)


def test_a_class_that_misses_a_method_is_refused_with_the_method(install: Install):
    install("tf-guess", partial="Partial")
    with pytest.raises(PluginContractError, match=r"lacks analyze of testflow_core\.interfaces\.Analyzer"):
        load("partial")


def test_two_distributions_that_offer_one_name_are_both_named(install: Install):
    install("tf-one", guess="Guess")
    install("tf-two", guess="instance")
    with pytest.raises(PluginLoadError) as raised:
        load("guess")
    message = "testflow.analyzers has more than one plugin named 'guess'; uninstall one of them: "
    assert str(raised.value) == f"{message}tf_one:Guess of tf-one, tf_two:instance of tf-two"
    assert not {"tf_one", "tf_two"} & set(sys.modules)


def test_two_distributions_that_offer_one_name_leave_the_others_alone(install: Install):
    install("tf-one", guess="Guess", first="Guess")
    install("tf-two", guess="Guess", second="Guess")
    assert (type(load("first")).__module__, type(load("second")).__module__) == ("tf_one", "tf_two")


def test_every_error_of_a_plugin_is_one_kind_of_error():
    errors = (PluginNotFoundError, PluginLoadError, PluginContractError)
    assert all(issubclass(error, PluginError) for error in errors)
    assert issubclass(InstalledPlugins, Plugins)
