"""The analyzer `regex` keeps the contracts of its interface."""

import pytest
from testflow_regex_analyzer import RegexAnalyzer

from testflow_core.testing.contracts import AnalyzerByCategories, AnalyzerContract, AnalyzerThatRelates


class TestRegexAnalyzer(AnalyzerContract, AnalyzerByCategories, AnalyzerThatRelates):
    @pytest.fixture
    def analyzer(self):
        return RegexAnalyzer()
