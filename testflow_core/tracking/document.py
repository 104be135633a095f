"""The text of an issue by its parts, which each tracker writes in its own markup."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from testflow_core.markup import code, escaped, fenced


@frozen
class Paragraph:
    """Sentences."""

    text: str


@frozen
class Facts:
    """Names, each with what is said of it."""

    pairs: tuple[tuple[str, str], ...]


@frozen
class Code:
    """Lines as they were printed."""

    text: str


@frozen
class Items:
    """A title, and names below it, as they are."""

    title: str
    names: tuple[str, ...]


Document: TypeAlias = tuple[Paragraph | Facts | Code | Items, ...]
"""The parts in their order."""


def as_markdown(document: Document) -> str:
    """In GitHub's dialect; nothing that a test has printed mentions a person or an issue."""
    return "\n\n".join(map(_part, document))


def _part(part: Paragraph | Facts | Code | Items) -> str:
    match part:
        case Paragraph(text):
            return unmentioned(escaped(text))
        case Facts(pairs):
            return "\n".join(f"- {name}: **{unmentioned(escaped(said))}**" for name, said in pairs)
        case Code(text):
            return fenced(text)
        case Items(title, names):
            return "\n".join([f"{title}:", "", *(f"- {code(name)}" for name in names)])


def unmentioned(text: str) -> str:
    """The text with a joiner, which nobody sees, behind what would notify a person or link an issue."""
    return text.replace("@", "@\N{WORD JOINER}").replace("#", "#\N{WORD JOINER}")
