"""Texts that fit: every one has a limit, and says what was left out of it."""

from __future__ import annotations

LIMIT = 256 * 1024
HEAD = LIMIT // 4
MESSAGE_LINES = 4
MESSAGE_LIMIT = 2000


def limited(text: str) -> str:
    """The text as UTF-8 can carry it; beyond 256 Ki characters its head and its tail."""
    if len(text) > LIMIT:
        tail = LIMIT - HEAD
        text = f"{text[:HEAD]}\n[... {len(text) - LIMIT} characters left out ...]\n{text[-tail:]}"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def first_lines(text: str) -> str:
    """The first lines of what may be a long message."""
    return limited("\n".join(text.strip().splitlines()[:MESSAGE_LINES])[:MESSAGE_LIMIT])


def crash_line(text: str) -> str:
    """The line of a traceback that says what went wrong: the last one that pytest marks with E, else the last one."""
    lines = [line for line in text.splitlines() if line.strip()]
    marked = [line[1:] for line in lines if line.startswith("E  ")]
    return first_lines((marked or lines or [""])[-1])
