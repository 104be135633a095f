"""The analyzer of a run, asked which causes are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.interfaces import ANALYZER, Relates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testflow_core.model import FailureAnalysis, KnownCause
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins


class ByAnalyzer(Relates):
    """What the analyzer that is declared says, nothing where it cannot or raises."""

    def __init__(self, analysis: FailureAnalysis, plugins: Plugins, calls: PluginCalls) -> None:
        self.analysis = analysis
        self.plugins = plugins
        self.calls = calls

    def related(self, causes: Sequence[KnownCause], known: Sequence[KnownCause]) -> Mapping[str, str]:
        """For causes that are a known one, or one that stands before them, its id."""
        name = self.analysis.analyzer
        analyzer = self.plugins.load(ANALYZER, name, **self.analysis.options)
        if not isinstance(analyzer, Relates):
            return {}
        return self.calls.answer(ANALYZER, name, lambda: dict(analyzer.related(causes, known)), {})
