"""The rule pack that is shipped: its files in their order, and which first categories are verification."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_regex_analyzer.categories import CATEGORIES
from testflow_regex_analyzer.rule import Pack
from testflow_regex_analyzer.rule_files import rules_in

if TYPE_CHECKING:
    from testflow_regex_analyzer.rule import Rule

VERSION = "3"
"""Of the pack as a whole: it changes where a failure may get another category than before."""

FILES = ("expectation", *CATEGORIES, "names")
"""
The files of the pack in their order. What an expectation quotes is not what happened, so those come first; what only
the name of an exception tells comes last.
"""

VERIFICATION = frozenset({"assertion", "code"})
"""First categories that tell of the application itself; the others tell of what it runs in, its data, or the test."""


@lru_cache(maxsize=1)
def shipped_pack() -> Pack:
    """All rules that are shipped, in order."""
    rules: list[Rule] = []
    for name in FILES:
        file = files("testflow_regex_analyzer") / "pack" / f"{name}.toml"
        rules += rules_in(file.read_text(encoding="utf-8"), f"pack/{name}.toml").rules
    return Pack(version=VERSION, rules=tuple(evolve(rule, shipped=True) for rule in rules))
