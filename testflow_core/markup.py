"""Markdown in GitHub's dialect, of texts that may be anything: they stay texts."""

from __future__ import annotations

import re

from testflow_core.wording import one_line

_ACTIVE = re.compile(r"([\\`*\[\]|~$]|(?<!\w)_|_(?!\w)|^[-+#>]|(?<=^\d)[.)])")


def html(text: str) -> str:
    """One line in which no tag begins."""
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;")


def escaped(text: str) -> str:
    """Text that is only text: neither Markdown nor HTML nor a table's next cell."""
    return _ACTIVE.sub(r"\\\1", html(text))


def code(text: str) -> str:
    """A code span that survives backticks."""
    line = one_line(text)
    fence = _backticks(line, 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}"


def cell(span: str) -> str:
    """A code span within a table, where a bar would end the cell."""
    return span.replace("|", "\\|")


def fenced(text: str) -> str:
    """A block of lines as they are."""
    fence = _backticks(text, 3)
    return f"{fence}text\n{text}\n{fence}"


def _backticks(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
