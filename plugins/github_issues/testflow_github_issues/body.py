"""The body of an issue: what testflow keeps up to date, what the next run reads, and what people wrote below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.tracking import Memory, as_markdown, read

if TYPE_CHECKING:
    from testflow_core.tracking import Draft

BEGIN, END = "<!-- testflow ", " -->"
LIMIT = 65_536


def body(draft: Draft, before: str = "") -> str:
    """The body anew; what stood below testflow's part before stays, as far as there is room."""
    made = f"{as_markdown(draft.document)}\n\n{BEGIN}{draft.memory.written()}{END}"
    _, found, rest = before.partition(BEGIN)
    below = rest.partition(END)[2] if found else ""
    return (made + below)[:LIMIT]


def memory(text: str) -> Memory | None:
    """What a body remembers; None where testflow has not written it."""
    _, found, rest = text.partition(BEGIN)
    return read(rest.partition(END)[0]) if found else None
