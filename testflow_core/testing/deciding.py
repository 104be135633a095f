"""Fakes of what finds and decides: checkouts, changes, choices, diagnoses, routes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.errors import ApplicationUnavailableError
from testflow_core.interfaces import Analyzer, ChangeSource, CheckoutSource, Router, Selector
from testflow_core.model import UNKNOWN, Change, Choice, Diagnosis, Route

if TYPE_CHECKING:
    from testflow_core.model import Application, Context, Failure, TestCase

MEMORY = Path("/testflow-memory")
"""Where checkouts seem to be; nothing is there."""


@frozen(kw_only=True)
class MemoryCheckouts(CheckoutSource):
    """Every application has a checkout, but those that `unavailable` gives a reason for."""

    unavailable: Mapping[str, str] = field(factory=dict[str, str])

    def checkout(self, application: Application) -> Path:
        """A path at which nothing is, or ApplicationUnavailableError."""
        if application.name in self.unavailable:
            raise ApplicationUnavailableError(self.unavailable[application.name])
        return MEMORY / application.name


@frozen(kw_only=True)
class MemoryChanges(ChangeSource):
    """What was declared, else what `files` says of an application, else nobody can say."""

    files: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])

    def changes(self, application: Application) -> Change:
        """The change."""
        declared = application.changed_files
        said = declared if declared is not None else self.files.get(application.name)
        files = None if said is None else tuple(dict.fromkeys(PurePosixPath(file).as_posix() for file in said))
        reason = "declared" if declared is not None else "in memory" if files is not None else "no change was declared"
        return Change(application=application.name, files=files, reason=reason)


@frozen(kw_only=True)
class MemorySelector(Selector):
    """Selects every test, but those that `skipped` gives a reason for by their ids."""

    skipped: Mapping[str, str] = field(factory=dict[str, str])

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:  # noqa: ARG002 - the contract's
        """One choice for every test."""
        for test in tests:
            reason = self.skipped.get(test.id)
            yield Choice(test=test, selected=reason is None, reason=reason or "every test runs in memory")


@frozen(kw_only=True)
class MemoryAnalyzer(Analyzer):
    """Knows the category of a failure by the test's id, and nothing of the others."""

    categories: Mapping[str, str] = field(factory=dict[str, str])

    def analyze(self, failures: Sequence[Failure], context: Context) -> Iterable[Diagnosis]:  # noqa: ARG002 - the contract's
        """One diagnosis for every failure."""
        for failure in failures:
            category = self.categories.get(failure.test.id, UNKNOWN)
            yield Diagnosis(test=failure.test, category=category, reason="in memory")


@frozen(kw_only=True)
class MemoryRouter(Router):
    """Routes by the declared table."""

    def route(self, diagnoses: Sequence[Diagnosis], context: Context) -> Iterable[Route]:
        """One route for every diagnosis."""
        for diagnosis in diagnoses:
            team = context.analysis.routing.get(diagnosis.category, context.analysis.default_team)
            yield Route(test=diagnosis.test, team=team, reason="in memory")
