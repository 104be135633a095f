"""Diagnoses of failures that are at hand already, without a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core import specs
from testflow_core.interfaces import ANALYZER
from testflow_core.model import Context, Diagnosis, Failure, FailureAnalysis
from testflow_core.registry import InstalledPlugins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def diagnose(failures: Iterable[Failure], analysis: Mapping[str, object] | None = None) -> tuple[Diagnosis, ...]:
    """
    One diagnosis for every failure, in order.

    `analysis` is what `TestWorkflow.set_failure_analysis` takes: own categories, the analyzer, its options; without it
    the analyzer `regex` goes by the rules that it ships. SpecError with every mistake in it, PluginNotFoundError where
    the analyzer is not installed.
    """
    declared = specs.failure_analysis(analysis) if analysis is not None else FailureAnalysis()
    analyzer = InstalledPlugins().load(ANALYZER, declared.analyzer, **declared.options)
    return tuple(analyzer.analyze(tuple(failures), Context(analysis=declared)))
