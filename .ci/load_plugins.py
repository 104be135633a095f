"""Load every installed plugin, and say where each comes from."""

from testflow_core.interfaces import KINDS
from testflow_core.registry import InstalledPlugins

# What somebody has to say.
NEEDED = {
    "checkout source": {"workspace": ".", "cache": "."},
    "http": {"url": "http://localhost/"},
    "postgres": {"url": "postgresql://localhost/shop"},
}

plugins = InstalledPlugins()
for kind in KINDS:
    for name in plugins.names(kind):
        options = NEEDED.get(name) or NEEDED.get(kind.title, {})
        print(f"{kind.title:16} {name:16} {type(plugins.load(kind, name, **options)).__module__}")
