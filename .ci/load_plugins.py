"""Load every installed plugin, and say where each comes from."""

from testflow_core.interfaces import KINDS
from testflow_core.registry import InstalledPlugins

plugins = InstalledPlugins()
for kind in KINDS:
    for name in plugins.names(kind):
        options = {"workspace": ".", "cache": "."} if kind.title == "checkout source" else {}
        print(f"{kind.title:16} {name:16} {type(plugins.load(kind, name, **options)).__module__}")
