"""What is called by the variant of an environment that it belongs to."""

from __future__ import annotations


def labelled(name: str, variant: str) -> str:
    """The name as people read it: `name [variant]`, and without brackets where there is no variant."""
    return f"{name} [{variant}]" if variant else name
