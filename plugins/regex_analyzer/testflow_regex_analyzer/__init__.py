"""Failure categories by regular expressions."""

from testflow_regex_analyzer.analyzer import RegexAnalyzer

__all__ = ["RegexAnalyzer"]
