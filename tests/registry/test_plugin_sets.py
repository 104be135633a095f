"""Sets of plugins by their names."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from testflow_core.errors import (
    PluginContractError,
    PluginNotFoundError,
)
from testflow_core.registry import PLUGIN_SETS, InstalledPlugins, plugin_set

Install: TypeAlias = Callable[..., None]


def test_the_set_of_installed_plugins_is_known_by_its_name():
    assert type(plugin_set("installed")) is InstalledPlugins
    assert plugin_set("installed").outside


def test_the_set_in_memory_touches_nothing_outside():
    assert not plugin_set("memory").outside


def test_an_unknown_set_of_plugins_is_told_with_the_known_ones():
    with pytest.raises(PluginNotFoundError) as raised:
        plugin_set("memry")
    assert {"installed", "memory"} <= set(raised.value.installed)
    assert raised.value.remedy == "did you mean 'memory'?"
    assert "no set of plugins named 'memry'" in str(raised.value)


def test_a_set_of_plugins_that_is_none_is_refused(install: Install, site: Path):
    install("tf-set", "class Set: pass", odd="Set")
    (site / "tf_set-1.0.dist-info" / "entry_points.txt").write_text(f"[{PLUGIN_SETS}]\nodd = tf_set:Set\n")
    with pytest.raises(PluginContractError, match=r"no subclass of .*Plugins"):
        plugin_set("odd")
