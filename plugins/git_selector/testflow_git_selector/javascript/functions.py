"""Which functions a script has, and which of them differ between two states of it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_git_selector.changed_parts import ChangedParts
from testflow_git_selector.javascript.syntax import parsed, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_FUNCTIONS = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)
# By the type of what gives a name to what is in it, the field that has the name.
_NAMING = {
    **dict.fromkeys(("function_declaration", "generator_function_declaration", "method_definition"), "name"),
    **dict.fromkeys(("class_declaration", "abstract_class_declaration", "class", "variable_declarator"), "name"),
    "public_field_definition": "name",
    "field_definition": "property",
    "pair": "key",
    "assignment_expression": "left",
}
_INNER = frozenset({"method_definition", "public_field_definition", "field_definition", "pair"})
"""What belongs to a class or an object, by whose name it is called."""
_DEFAULT = "default"


@frozen(kw_only=True)
class _Functions:
    """Digests of the functions by name, and of what is left of the file without them."""

    functions: Mapping[str, str]
    module: str


def changed_functions(path: str, before: bytes | None, after: bytes) -> ChangedParts | None:
    """The functions that differ, and whether anything else does; None for a new file, and where one does not parse."""
    then, now = (None if content is None else _read(path, content) for content in (before, after))
    if then is None or now is None:
        return None
    differing = tuple(name for name, digest in now.functions.items() if then.functions.get(name) != digest)
    return ChangedParts(
        functions=differing, new=frozenset(differing) - then.functions.keys(), module=then.module != now.module
    )


def _read(path: str, content: bytes) -> _Functions | None:
    root = parsed(path, content)[0].root_node
    if root.has_error:
        return None
    digests: defaultdict[str, list[str]] = defaultdict(list)
    known: set[int] = set()
    for name, node in _named(root):
        digests[name].append(_digest(node))
        known.add(node.id)
    functions = {name: " ".join(those) for name, those in digests.items()}
    return _Functions(functions=functions, module=_digest(root, frozenset(known)))


def _digest(node: Node, without: frozenset[int] = frozenset()) -> str:
    said = repr(list(words(node, without))).encode()
    return hashlib.blake2b(said, digest_size=12).hexdigest()


def _named(root: Node) -> Iterator[tuple[str, Node]]:
    """
    The functions that have a name, in order; what is defined in one is a part of it.

    One without a name, such as what is handed to `app.get`, is called by what it is assigned to, else it is no function
    but code of the file.
    """
    waiting = [(root, "")]
    while waiting:
        node, around = waiting.pop()
        name = _name(node, around)
        if name and node.type in _FUNCTIONS:
            yield name, node
        else:
            waiting += [(child, name) for child in reversed(node.named_children)]


def _name(node: Node, around: str) -> str:
    if node.type == "export_statement" and any(child.type == _DEFAULT for child in node.children):
        return _DEFAULT
    key = _NAMING.get(node.type)
    named = node.child_by_field_name(key) if key else None
    if named is None:
        return around
    own = (named.text or b"").decode("utf-8", errors="replace").strip("\"'")
    return f"{around}.{own}" if around and node.type in _INNER else own
