"""What code that a program makes while it runs asks for by name: it stands in no file that could be read."""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING

from .shard import WHOLE

if TYPE_CHECKING:
    from typing import Any, Iterable

LONGEST = 200
"""Characters of a text that may be a name, or several with dots between them."""

COMPUTING = {
    "__import__", "delattr", "dir", "eval", "exec", "getattr", "getmembers", "globals", "hasattr", "import_module",
    "locals", "modules", "setattr", "vars", "__subclasses__",
}  # fmt: skip
"""What asks for names that are made in turn."""


def names_in(code: CodeType) -> set[str]:
    """The names that code, and what is defined in it, may ask for; `WHOLE` among them where that may be any."""
    found: set[str] = set()
    waiting: list[Any] = [code]
    while waiting:
        each = waiting.pop()
        if isinstance(each, CodeType):
            found.update(each.co_names)
            waiting += each.co_consts
        elif isinstance(each, (tuple, frozenset)):
            waiting += each
        elif isinstance(each, str):
            found.update(_named(each))
    if not COMPUTING.isdisjoint(found):
        found.add(WHOLE)
    # `import shop.prices` names both.
    return found.union(*(_named(each) for each in found if "." in each))


def _named(text: str) -> Iterable[str]:
    parts = text.replace(":", ".").split(".") if len(text) <= LONGEST else ()
    return parts if all(part.isidentifier() for part in parts) else ()
