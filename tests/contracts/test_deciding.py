"""Selectors, analyzers and routers that come with the core keep their contracts."""

import pytest

from testflow_core.builtin.routers.codeowners import CodeOwnersRouter
from testflow_core.builtin.routers.table import TableRouter
from testflow_core.builtin.selectors.all import SelectAll
from testflow_core.builtin.selectors.failed import SelectFailed
from testflow_core.builtin.selectors.history import OrderByHistory
from testflow_core.builtin.selectors.sample import SelectSample
from testflow_core.testing import MemoryAnalyzer, MemoryRouter, MemorySelector
from testflow_core.testing.contracts import AnalyzerContract, RouterByTeams, RouterContract, SelectorContract


class TestSelectors(SelectorContract):
    @pytest.fixture(
        params=[SelectAll(), SelectFailed(), OrderByHistory(), SelectSample(), MemorySelector()],
        ids=lambda each: type(each).__name__,
    )
    def selector(self, request):
        return request.param


class TestMemoryAnalyzer(AnalyzerContract):
    @pytest.fixture
    def analyzer(self):
        return MemoryAnalyzer()


class TestRouters(RouterContract, RouterByTeams):
    @pytest.fixture(params=[TableRouter(), CodeOwnersRouter(), MemoryRouter()], ids=lambda each: type(each).__name__)
    def router(self, request):
        return request.param
