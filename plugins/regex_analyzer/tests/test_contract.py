"""The analyzer `regex` keeps the contracts of its interface."""

import pytest
from testflow_regex_analyzer import RegexAnalyzer

from testflow_core.testing.contracts import AnalyzerByCategories, AnalyzerContract


class TestRegexAnalyzer(AnalyzerContract, AnalyzerByCategories):
    @pytest.fixture
    def analyzer(self):
        return RegexAnalyzer()
