"""Files that a test names as its own in what it prints."""

from __future__ import annotations

import re

LISTED = 200
_MARK = "[[ATTACHMENT|"
_ATTACHED = re.compile(r"\[\[ATTACHMENT\|((?:(?!\[\[ATTACHMENT\|)[^\n])+)\]\]")
"""
Playwright's JUnit reporter writes so, and so may any test; Jenkins' plugin `junit-attachments` and GitLab read it.

A path may have brackets: as in Jenkins it goes on to the last pair on the line, unless another file begins before.
"""


def attachments(*texts: str) -> tuple[str, ...]:
    """The paths, each once, as they are written."""
    found = (path.strip() for text in texts if _MARK in text for path in _ATTACHED.findall(text))
    return tuple(dict.fromkeys(found))[:LISTED]
