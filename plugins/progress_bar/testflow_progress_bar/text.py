"""What fits into a line of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tqdm.utils import disp_len, disp_trim

if TYPE_CHECKING:
    from collections.abc import Sequence

_CUT = "..."


def cut(text: str, room: int) -> str:
    """As much of a line as fits into so many columns; nothing where they are too few to say anything."""
    if disp_len(text) <= room:
        return text
    return disp_trim(text, room - len(_CUT)) + _CUT if room > len(_CUT) else ""


def listed(names: Sequence[str], room: int) -> str:
    """The first of the names that fit into so many columns, and how many more there are: `a.py, b.py +3`."""
    for shown in range(len(names), 0, -1):
        more = f" +{len(names) - shown}" if shown < len(names) else ""
        line = ", ".join(names[:shown]) + more
        if disp_len(line) <= room:
            return line
    return ""
