"""Failure categories by rules and regular expressions, with the evidence for each."""

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
