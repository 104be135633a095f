"""What the reference has beyond autodoc: fields of attrs classes with types and defaults, names as they are written."""

from __future__ import annotations

import inspect
import re
import sys
from datetime import timedelta
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar, cast

import attrs
from sphinx.addnodes import pending_xref
from sphinx.domains.python import PyClasslike
from sphinx.domains.python._object import PyTypedField
from sphinx.transforms.post_transforms import SphinxPostTransform

import testflow as project
from testflow_core import errors

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.domains.python import ObjectEntry

FACADE = "testflow."
# Where annotations have names of the standard library from; the site links to nothing outside of it.
OUTSIDE = tuple(
    import_module(name)
    for name in (
        *("builtins", "collections.abc", "concurrent.futures", "contextlib", "datetime", "enum", "pathlib", "re"),
        *("signal", "subprocess", "threading", "types", "typing"),
    )
)
# What a fixture answers may be an alias that only the module of its contract knows.
CONTRACTS = "testflow_core.testing.contracts"
PYTEST = frozenset({"_pytest", "pytest"})
# Not those between backticks, which are code.
ERROR = re.compile(r"(?<![`\w.])[A-Z]\w*Error\b(?![`(])")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the field `field` to the descriptions of classes, and what fills it."""
    field = PyTypedField("field", names=("field",), typenames=("fieldtype",), label="Fields", typerolename="class")
    PyClasslike.doc_field_types = [*PyClasslike.doc_field_types, field]
    app.connect("autodoc-process-signature", _without_signature)
    app.connect("autodoc-process-docstring", _with_errors_linked)
    app.connect("autodoc-process-docstring", _with_fields)
    app.connect("autodoc-process-docstring", _with_claims)
    app.add_post_transform(QualifyNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class QualifyNames(SphinxPostTransform):
    """
    Finds what is meant by names without their modules: those of annotations, and `[Run](reference/model.md#Run)`.

    A name that nobody documents stays as it is: Sphinx then says so, and the build fails.
    """

    default_priority = 5

    def run(self, **_options: object) -> None:
        """Rewrite the targets of this page."""
        for node in list(self.document.findall(pending_xref)):
            if node.get("refdomain") == "py":
                self._qualify(node)
            elif node.get("reftargetid"):
                self._link(node)

    @property
    def _objects(self) -> dict[str, ObjectEntry]:
        return self.env.domains["py"].objects

    def _named(self, last: str) -> dict[str, ObjectEntry]:
        return {
            name: entry
            for name, entry in self._objects.items()
            if name.rpartition(".")[2] == last and not entry.aliased
        }

    def _qualify(self, node: pending_xref) -> None:
        target = str(node["reftarget"])
        last = target.rpartition(".")[2]
        if target in self._objects or f"{node.get('py:module')}.{target}" in self._objects:
            return
        named = self._named(last)
        # An Environment that a plugin is given is the value, not the builder that scripts use.
        found = [name for name in named if not name.startswith(FACADE)] or list(named)
        if len(found) == 1:
            node["reftarget"] = found[0]
        elif not found and (_is_outside(target) or _is_inside(last)):
            node.replace_self(node.children)

    def _link(self, node: pending_xref) -> None:
        """A link to a page and a name on it: MyST knows headings only."""
        for name, entry in self._named(str(node["reftargetid"])).items():
            if entry.docname == node["reftarget"]:
                node.attributes.update(refdomain="py", reftype="obj", reftarget=name, refspecific=True)
                return


def _is_outside(target: str) -> bool:
    first, _, last = target.rpartition(".")
    if first:
        return first.partition(".")[0] in sys.stdlib_module_names | PYTEST
    return any(hasattr(module, last) for module in OUTSIDE)


def _is_inside(name: str) -> bool:
    """Whether it is a parameter of something generic of ours, or an alias within a contract: no page has it."""
    for module in list(sys.modules.values()):
        value: object = getattr(module, name, None) if module.__name__.startswith(project.__name__) else None
        if isinstance(value, TypeVar) or (value is not None and module.__name__.startswith(CONTRACTS)):
            return True
    return False


def _without_signature(
    _app: Sphinx, what: str, _name: str, cls: object, _options: object, *_signature: object
) -> tuple[str, str] | None:
    """No signature for attrs classes: their fields say the same, and can be read."""
    return ("", "") if what == "class" and _is_value(cls) else None


def _with_errors_linked(
    _app: Sphinx, _what: str, _name: str, _value: object, _options: object, lines: list[str]
) -> None:
    """The errors that a docstring says are raised lead to what they are."""
    lines[:] = [ERROR.sub(_linked, line) for line in lines]


def _linked(word: re.Match[str]) -> str:
    return f":py:exc:`~{errors.__name__}.{word[0]}`" if hasattr(errors, word[0]) else word[0]


def _with_fields(_app: Sphinx, what: str, _name: str, cls: object, _options: object, lines: list[str]) -> None:
    if what != "class" or not _is_value(cls):
        return
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls)):
        if field.init and not field.name.startswith("_"):
            lines.append(f":field {field.name}: {_default(field.default)}")
            lines.append(f":fieldtype {field.name}: {field.type}")
    lines.append("")


def _with_claims(_app: Sphinx, what: str, _name: str, cls: object, _options: object, lines: list[str]) -> None:
    """What the tests of a contract say by their names."""
    claims = [name for name in (vars(cls) if inspect.isclass(cls) else ()) if name.startswith("test_")]
    if what == "class" and claims:
        lines += [*(f"* {name.removeprefix('test_').replace('_', ' ')}" for name in claims), ""]


def _is_value(cls: object) -> bool:
    return inspect.isclass(cls) and attrs.has(cls)


def _default(default: object) -> str:
    """What a field is where it is not given, as a reader would write it."""
    if default is attrs.NOTHING:
        return "required"
    factory: object = getattr(default, "factory", None)
    if callable(factory):
        made: object = factory()
        return "empty by default" if made in ({}, []) else f"`{type(made).__name__}()` by default"
    if isinstance(default, timedelta):
        return f"{default.total_seconds():g} s by default"
    if isinstance(default, Enum):
        return f"`{default.name}` by default"
    if default == ():
        return "empty by default"
    return f"`{default!r}` by default"
