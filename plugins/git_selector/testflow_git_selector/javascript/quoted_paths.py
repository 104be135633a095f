"""The paths that a script puts together: of texts, of parts that are joined, of templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from testflow_git_selector.javascript.syntax import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tree_sitter import Node

QUERY = """
(string) @text
(template_string) @text
((call_expression function: (_) @joiner arguments: (arguments) @joined)
 (#match? @joiner "(^|[.])(join|resolve)$")
 (#not-match? @joiner "^Promise"))
"""
_PATH = re.compile(r"(?=.*[./])[^\s\0]+\Z")
_LONGEST = 500


def paths(found: Mapping[str, Sequence[Node]]) -> Iterator[str]:
    """The texts that may be paths, or their ends, by what QUERY captures."""
    told = [each for node in found.get("text", ()) for each in _told(node)]
    joined = ["/".join(_joined(node)) for node in found.get("joined", ())]
    return (each for each in (*told, *joined) if each and len(each) <= _LONGEST)


def _told(node: Node) -> Iterator[str]:
    text = literal(node)
    if text is None:
        yield from filter(_PATH.match, _pieces(node))
    elif text.startswith("/") and node.parent is not None and node.parent.type == "binary_expression":
        # `"/users"` is an address, `__dirname + "/users"` a path.
        yield text.lstrip("/")
    elif _PATH.match(text):
        yield text


def _pieces(node: Node) -> Iterator[str]:
    """What stands around the insertions of a template; before one, the folder alone."""
    text = ""
    for part in node.named_children:
        if part.type == "template_substitution":
            yield text.rpartition("/")[0].lstrip("/")
            text = ""
        else:
            text += (part.text or b"").decode("utf-8", errors="replace")
    yield text.lstrip("/")


def _joined(arguments: Node) -> Iterator[str]:
    """The first parts in a row that are written out: of `join(__dirname, "..", "lib", name)` the folder `../lib`."""
    begun = False
    for part in arguments.named_children:
        text = literal(part) if part.type in {"string", "template_string"} else None
        if text:
            begun = True
            yield text
        elif begun:
            return
