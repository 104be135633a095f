"""
Fills in the public names that a page of the reference does not have yet, so that none can be forgotten.

`<!-- the rest of MODULE -->` becomes their descriptions, below a heading; of a package also its modules, those after
`without` left out. `<!-- all of MODULE -->` is the same without a heading.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from sphinx.pycode import ModuleAnalyzer

if TYPE_CHECKING:
    from types import ModuleType

    from sphinx.application import Sphinx

MARK = re.compile(
    r"^<!-- (?P<how>the rest|all) of (?P<module>[\w.]+)(?: without (?P<without>[\w ]+))? -->$", re.MULTILINE
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Read the pages with the names filled in."""
    app.connect("source-read", _fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _fill_in(_app: Sphinx, _docname: str, source: list[str]) -> None:
    page = source[0]
    source[0] = MARK.sub(lambda mark: _described(mark, page), page)


def _described(mark: re.Match[str], page: str) -> str:
    blocks: list[str] = []
    for module in _modules(mark["module"], (mark["without"] or "").split()):
        missing = [name for name in public_names(module) if not _mentions(page, module.__name__, name)]
        if missing:
            blocks += [f".. py:currentmodule:: {module.__name__}", *(_directive(module, name) for name in missing)]
    heading = "## Others\n\n" if mark["how"] == "the rest" else ""
    return f"{heading}```{{eval-rst}}\n" + "\n\n".join(blocks) + "\n```\n" if blocks else ""


def _modules(name: str, without: list[str]) -> list[ModuleType]:
    module = import_module(name)
    if hasattr(module, "__all__") or not hasattr(module, "__path__"):
        return [module]
    names = [each.name for each in pkgutil.iter_modules(module.__path__) if each.name not in without]
    return [import_module(f"{name}.{each}") for each in names]


def _mentions(page: str, module: str, name: str) -> bool:
    """Whether the page describes the name by itself, in full or below the module that it has set before."""
    if re.search(rf"^\.\. auto\w+:: {re.escape(f'{module}.{name}')}$", page, re.MULTILINE):
        return True
    below = re.split(r"^\.\. py:module:: ", page, flags=re.MULTILINE)
    part = next((each for each in below if each.partition("\n")[0] == module), "")
    return re.search(rf"^\.\. auto\w+:: {re.escape(name)}$", part, re.MULTILINE) is not None


def public_names(module: ModuleType) -> list[str]:
    """What a module offers: its `__all__`, else what it defines, in the order that it does."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    analyzer = ModuleAnalyzer.for_module(module.__name__)
    analyzer.analyze()
    documented = {name for _, name in analyzer.attr_docs}
    return [
        name
        for name in sorted(analyzer.tagorder, key=analyzer.tagorder.__getitem__)
        if "." not in name and not name.startswith("_") and _offered(module, name, documented)
    ]


def _offered(module: ModuleType, name: str, documented: set[str]) -> bool:
    value: object = getattr(module, name, None)
    if inspect.isclass(value) or inspect.isfunction(value):
        return value.__module__ == module.__name__
    return name in documented and not isinstance(value, TypeVar)


def _directive(module: ModuleType, name: str) -> str:
    value: object = getattr(module, name)
    target = f"{module.__name__}.{name}"
    if inspect.isclass(value) and issubclass(value, Exception):
        return f".. autoexception:: {target}"
    if inspect.isclass(value):
        undocumented = "\n   :undoc-members:" if issubclass(value, Enum) else ""
        return f".. autoclass:: {target}\n   :members:{undocumented}"
    if inspect.isfunction(value):
        return f".. autofunction:: {target}"
    return f".. autodata:: {target}\n   :no-value:"
