"""The trees of JavaScript and TypeScript, as tree-sitter makes them: the only module that knows it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tree_sitter import Language, Node, Query, Tree

Grammar: TypeAlias = Literal["javascript", "typescript", "tsx"]

_TELLING = ("@", "#", "<", "ignore", "webpack", "vite")
"""What makes a comment more than one: `@jest-environment`, `@ts-ignore`, `#__PURE__`, `<reference path>`."""


def parsed(path: str, content: bytes) -> tuple[Tree, Grammar]:
    """The tree of a file and the grammar that it is of; what is no JavaScript may have types all the same (Flow)."""
    first: Grammar = "typescript" if path.endswith((".ts", ".mts", ".cts")) else "javascript"
    grammars: tuple[Grammar, ...] = ("tsx",) if path.endswith(".tsx") else (first, "tsx")
    for grammar in grammars:
        tree = _tree(grammar, content)
        if not tree.root_node.has_error:
            return tree, grammar
    return _tree(grammars[0], content), grammars[0]


def queried(tree: Tree, grammar: Grammar, query: str) -> Mapping[str, Sequence[Node]]:
    """The nodes that a query captures, by the names it gives them."""
    from tree_sitter import QueryCursor  # noqa: PLC0415 - only who reads such files waits for it

    return QueryCursor(_query(grammar, query)).captures(tree.root_node)


def literal(node: Node) -> str | None:
    """The text of a string without escapes or insertions, None for other expressions."""
    parts = node.named_children
    if node.type not in {"string", "template_string"} or any(part.type != "string_fragment" for part in parts):
        return None
    return "".join((part.text or b"").decode("utf-8", errors="replace") for part in parts)


def is_the_same(path: str, before: bytes, after: bytes) -> bool:
    """Whether two texts are the same program: but for formatting, and comments that tell no tool anything."""
    trees = [parsed(path, content)[0] for content in (before, after)]
    if any(tree.root_node.has_error for tree in trees):
        return before == after
    return list(words(trees[0].root_node)) == list(words(trees[1].root_node))


def words(top: Node, without: frozenset[int] = frozenset()) -> Iterator[tuple[int, str, bytes | None]]:
    """The nodes below one, each with its depth, but for some by their ids; of leaves the text."""
    cursor = top.walk()
    depth = 0
    while True:
        node = cursor.node
        assert node is not None  # noqa: S101 - a cursor stands somewhere
        left_out = node.id in without
        if not left_out and (node.type != "comment" or _tells(node.text or b"")):
            yield depth, node.type, None if node.child_count else node.text
        if not left_out and cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            depth -= 1


def _tells(comment: bytes) -> bool:
    text = comment.decode("utf-8", errors="replace")
    return any(word in text for word in _TELLING)


def _tree(grammar: Grammar, content: bytes) -> Tree:
    from tree_sitter import Parser  # noqa: PLC0415 - only who reads such files waits for it

    return Parser(_language(grammar)).parse(content)


@cache
def _language(grammar: Grammar) -> Language:
    import tree_sitter_javascript  # noqa: PLC0415 - only who reads such files waits for it
    import tree_sitter_typescript  # noqa: PLC0415 - as above
    from tree_sitter import Language  # noqa: PLC0415 - as above

    made = {
        "javascript": tree_sitter_javascript.language,
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
    }
    return Language(made[grammar]())


@cache
def _query(grammar: Grammar, query: str) -> Query:
    from tree_sitter import Query  # noqa: PLC0415 - only who reads such files waits for it

    return Query(_language(grammar), query)
