"""The selectors `change-based`, `component-based` and `rules`: from changed files to tests, each with its reason."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.interfaces import Selector
from testflow_core.model import Choice
from testflow_git_selector import causes, wording
from testflow_git_selector.file_index import FileIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import Context, MappingRule, TestCase
    from testflow_git_selector.causes import Cause, IdleMatch


@frozen(kw_only=True)
class SelectByChange(Selector):
    """
    Selects what mapping rules name for the changed files, and changed test files.

    A changed file that neither explains selects every test, as does a change that nobody knows.
    """

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """One choice for every test, in order; its reason names the changed files."""
        found, _ = _by_change(tests, context)
        return _choices(tests, context, found, unexplained_select_all=True)

    def warnings(self, tests: Sequence[TestCase], context: Context) -> Iterable[str]:
        """A sentence for every rule that matches a changed file and leads to no test."""
        _, idle = _by_change(tests, context)
        return [wording.idle(match) for match in idle]


@frozen(kw_only=True)
class SelectByComponent(Selector):
    """
    Selects what `change-based` does, and every test whose component folder holds a changed file.

    The component of a test is the parent of its `__tests__` folder, else its own folder.
    """

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """One choice for every test, in order; its reason names the changed files."""
        found, _ = _by_change(tests, context)
        components = causes.of_components(_changed(context), _files(tests))
        return _choices(tests, context, [*found, *components], unexplained_select_all=True)

    def warnings(self, tests: Sequence[TestCase], context: Context) -> Iterable[str]:
        """A sentence for every rule that matches a changed file and leads to no test."""
        _, idle = _by_change(tests, context)
        return [wording.idle(match) for match in idle]


@frozen(kw_only=True)
class SelectByRules(Selector):
    """Selects what mapping rules name for the changed files, and nothing else; a change nobody knows selects all."""

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """One choice for every test, in order; its reason names the changed files."""
        found, _ = _by_rules(FileIndex.of(_files(tests)), context)
        return _choices(tests, context, found, unexplained_select_all=False)

    def warnings(self, tests: Sequence[TestCase], context: Context) -> Iterable[str]:
        """A sentence for every rule that matches a changed file and leads to no test, and one for unexplained files."""
        found, idle = _by_rules(FileIndex.of(_files(tests)), context)
        unexplained = causes.unexplained(_changed(context), found)
        silent = [wording.selects_nothing(unexplained)] if unexplained else []
        return [*map(wording.idle, idle), *silent]


def _by_change(tests: Sequence[TestCase], context: Context) -> tuple[list[Cause], list[IdleMatch]]:
    files = FileIndex.of(_files(tests))
    found, idle = _by_rules(files, context)
    return [*causes.of_test_files(_changed(context), files), *found], idle


def _by_rules(files: FileIndex, context: Context) -> tuple[list[Cause], list[IdleMatch]]:
    rules: Sequence[MappingRule] = context.selection.mapping_rules if context.selection else ()
    return causes.of_rules(rules, _changed(context), files)


def _choices(
    tests: Sequence[TestCase], context: Context, found: Sequence[Cause], *, unexplained_select_all: bool
) -> list[Choice]:
    changed = _changed(context)
    selected, otherwise = False, wording.unconcerned(changed) if changed else _without_changed_files(context)
    if context.change is None or context.change.files is None:
        selected = True
    elif unexplained_select_all and (unexplained := causes.unexplained(changed, found)):
        selected, otherwise = True, wording.unexplained(unexplained)
    reasons = _reasons(found)
    return [
        Choice(test=test, selected=selected or test.file in reasons, reason=reasons.get(test.file, otherwise))
        for test in tests
    ]


def _without_changed_files(context: Context) -> str:
    application = context.application.name if context.application else "the application"
    if context.change is None:
        return f"nobody was asked what changed in {application}: all tests run"
    if context.change.files is None:
        return f"what changed in {application} is not known: {context.change.reason}: all tests run"
    return f"nothing changed in {application}: {context.change.reason}"


def _reasons(found: Sequence[Cause]) -> Mapping[str, str]:
    """The reason for every test file that a cause concerns."""
    # Rules that lead to the same tests share the very same tuple of them: their tests are gone through once.
    alike: defaultdict[int, list[Cause]] = defaultdict(list)
    for cause in found:
        alike[id(cause.tests)].append(cause)
    by_file: defaultdict[str, list[Sequence[Cause]]] = defaultdict(list)
    for group in alike.values():
        for file in group[0].tests:
            by_file[file].append(group)
    clauses = {id(cause): wording.cause(cause) for group in alike.values() for cause in group[: wording.NAMED]}
    return {file: _reason(groups, clauses) for file, groups in by_file.items()}


def _reason(groups: Sequence[Sequence[Cause]], clauses: Mapping[int, str]) -> str:
    named = [clauses[id(cause)] for group in groups for cause in group[: wording.NAMED]]
    return wording.several(named[: wording.NAMED], sum(map(len, groups)))


def _changed(context: Context) -> Sequence[str]:
    return context.change.files or () if context.change else ()


def _files(tests: Iterable[TestCase]) -> Iterable[str]:
    return (test.file for test in tests)
