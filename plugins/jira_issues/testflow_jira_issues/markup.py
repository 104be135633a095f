"""The text of an issue in the two markups of Jira: wiki markup of servers, documents (ADF) of the cloud."""

from __future__ import annotations

import base64
import binascii
import re
from abc import ABC, abstractmethod
from typing import Any, TypeAlias, cast

from testflow_core.tracking import Code, Document, Draft, Facts, Items, Memory, Paragraph, read

LIMIT = 32_767
"""Characters that Jira takes for a description or a comment."""

SHORT_CODE, SHORT_ITEMS = 2_000, 5
_ACTIVE = re.compile(r"([\\{}\[\]*_+^~|!@#?-])")
_ANCHOR = re.compile(r"\{anchor:testflow-([\w=-]+)\}")
HIDDEN = "for testflow"

Node: TypeAlias = "dict[str, Any]"
"""A node of a document, https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/."""


class Markup(ABC):
    """How a text is written for one kind of Jira, and read again."""

    version: str
    """Of the API that takes it."""

    @abstractmethod
    def description(self, draft: Draft, before: object = None) -> object:
        """The description anew; what stood below testflow's part before stays."""

    @abstractmethod
    def memory(self, description: object) -> Memory | None:
        """What a description remembers; None where testflow has not written it."""

    @abstractmethod
    def comment(self, text: str) -> object:
        """Sentences as a comment."""


class Wiki(Markup):
    """Wiki markup, in which an anchor is not shown."""

    version = "2"

    def description(self, draft: Draft, before: object = None) -> str:
        """The parts, and the memory in an anchor."""
        name = base64.urlsafe_b64encode(draft.memory.written().encode("utf-8", "replace")).decode()
        mark = f"\n\n{{anchor:testflow-{name}}}"
        text = "\n\n".join(map(_wiki, draft.document))
        if len(text) + len(mark) > LIMIT:
            text = "\n\n".join(map(_wiki, shortened(draft.document)))
        found = _ANCHOR.search(before) if isinstance(before, str) else None
        below = cast("str", before)[found.end() :] if found else ""
        return f"{text}{mark}{below}"[:LIMIT]

    def memory(self, description: object) -> Memory | None:
        """That of the anchor."""
        found = _ANCHOR.search(description) if isinstance(description, str) else None
        if found is None:
            return None
        try:
            return read(base64.urlsafe_b64decode(found[1]).decode())
        except (binascii.Error, UnicodeDecodeError):
            return None

    def comment(self, text: str) -> str:
        """Sentences."""
        return _escaped(text)


class Documents(Markup):
    """Atlassian documents, in which an expander keeps the memory out of sight."""

    version = "3"

    def description(self, draft: Draft, before: object = None) -> Node:
        """The parts, and the memory in an expander."""
        hidden = {
            "type": "expand",
            "attrs": {"title": HIDDEN},
            "content": [{"type": "codeBlock", "content": [_text(draft.memory.written())]}],
        }
        parts = list(map(_node, draft.document))
        if sum(map(_size, [*parts, hidden])) > LIMIT:
            parts = list(map(_node, shortened(draft.document)))
        nodes = _nodes(before)
        place = next((number for number, node in enumerate(nodes) if _hidden(node) is not None), len(nodes))
        below: list[Node] = []
        for node in nodes[place + 1 :]:
            if sum(map(_size, [*parts, hidden, *below, node])) <= LIMIT:
                below.append(node)
        return {"type": "doc", "version": 1, "content": [*parts, hidden, *below]}

    def memory(self, description: object) -> Memory | None:
        """That of the expander."""
        found = next((text for node in _nodes(description) if (text := _hidden(node)) is not None), None)
        return None if found is None else read(found)

    def comment(self, text: str) -> Node:
        """Sentences as a document."""
        return {"type": "doc", "version": 1, "content": [_node(Paragraph(text))]}


def shortened(document: Document) -> Document:
    """A document that surely fits."""
    return tuple(
        Code(part.text[:SHORT_CODE])
        if isinstance(part, Code)
        else Items(part.title, part.names[:SHORT_ITEMS])
        if isinstance(part, Items)
        else part
        for part in document
    )


def _wiki(part: Paragraph | Facts | Code | Items) -> str:
    match part:
        case Paragraph(text):
            return _escaped(text)
        case Facts(pairs):
            return "\n".join(f"* {name}: *{_escaped(said)}*" for name, said in pairs)
        case Code(text):
            return f"{{noformat}}\n{text.replace('{noformat', '{ noformat')}\n{{noformat}}"
        case Items(title, names):
            return "\n".join([f"{title}:", "", *(f"* {_escaped(name)}" for name in names)])


def _escaped(text: str) -> str:
    return _ACTIVE.sub(r"\\\1", text)


def _node(part: Paragraph | Facts | Code | Items) -> Node:
    match part:
        case Paragraph(text):
            return {"type": "paragraph", "content": [_text(text)]}
        case Facts(pairs):
            return _list([[_text(f"{name}: "), {**_text(said), "marks": [{"type": "strong"}]}] for name, said in pairs])
        case Code(text):
            return {"type": "codeBlock", "content": [_text(text)]}
        case Items(title, names):
            return _list([[_text(f"{title}:")], *([_text(name)] for name in names)])


def _list(items: list[list[Node]]) -> Node:
    content = [{"type": "listItem", "content": [{"type": "paragraph", "content": texts}]} for texts in items]
    return {"type": "bulletList", "content": content}


def _text(text: str) -> Node:
    # A text without characters is refused.
    return {"type": "text", "text": text or " "}


def _nodes(document: object) -> list[Node]:
    return list(cast("Node", document).get("content") or ()) if isinstance(document, dict) else []


def _hidden(node: Node) -> str | None:
    """The text of testflow's expander; None of any other node."""
    if node.get("type") != "expand" or (node.get("attrs") or {}).get("title") != HIDDEN:
        return None
    return "".join(text.get("text", "") for block in node.get("content") or () for text in block.get("content") or ())


def _size(node: Node) -> int:
    return len(node.get("text", "")) + sum(map(_size, node.get("content") or ()))
