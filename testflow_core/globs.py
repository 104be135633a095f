"""Globs of paths below a checkout, as declarations write them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_GLOB_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)


def matching(globs: Sequence[str]) -> Callable[[str], bool]:
    """
    Whether a path of the checkout matches one of the globs.

    A glob without `/` is matched by a file's name anywhere, one with `/` by the whole path; `**` stands for any
    folders, and a `/` at the end for every file below.
    """
    patterns = [_translated(glob) for glob in globs]
    return lambda file: any(pattern.fullmatch(file) for pattern in patterns)


@lru_cache(maxsize=256)
def _translated(glob: str) -> re.Pattern[str]:
    glob = glob.removeprefix("./")
    everywhere = "/" not in glob.rstrip("/")
    if glob.endswith("/"):
        glob += "**"
    return re.compile(("(?:.*/)?" if everywhere else "") + "".join(map(_piece, _GLOB_TOKEN.findall(glob))))


def _piece(token: str) -> str:
    special = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if token in special:
        return special[token]
    if len(token) > 1:
        negated = token[1] == "!"
        letters = token[2 if negated else 1 : -1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
        return f"[{'^' if negated else ''}{letters}]"
    return re.escape(token)
