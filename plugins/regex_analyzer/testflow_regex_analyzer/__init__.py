"""Failure categories by rules and regular expressions, with the evidence for each."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testflow_regex_analyzer.allure import allure_rules
    from testflow_regex_analyzer.analyzer import RegexAnalyzer
    from testflow_regex_analyzer.explanation import Explanation, hits_in_passed, never_fired
    from testflow_regex_analyzer.jenkins import jenkins_rules
    from testflow_regex_analyzer.rule import Pack, Rule, Strength
    from testflow_regex_analyzer.rule_files import rule_file
    from testflow_regex_analyzer.shipped import shipped_pack

__all__ = [
    "Explanation",
    "Pack",
    "RegexAnalyzer",
    "Rule",
    "Strength",
    "allure_rules",
    "hits_in_passed",
    "jenkins_rules",
    "never_fired",
    "rule_file",
    "shipped_pack",
]

_HOMES = {
    "allure": "allure_rules",
    "analyzer": "RegexAnalyzer",
    "explanation": "Explanation hits_in_passed never_fired",
    "jenkins": "jenkins_rules",
    "rule": "Pack Rule Strength",
    "rule_files": "rule_file",
    "shipped": "shipped_pack",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """
    A name, from its home, imported when it is asked for.

    Every plan loads the analyzer; what reads rules and failures takes ten times as long to import.
    """
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
