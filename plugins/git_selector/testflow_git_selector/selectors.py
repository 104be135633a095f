"""The selectors `change-based`, `component-based` and `rules`: from changed files to tests, each with its reason."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.interfaces import Selector
from testflow_core.model import Choice
from testflow_git_selector import causes, coverage, wording
from testflow_git_selector.changed_providers import changed_providers
from testflow_git_selector.checkout_files import listed
from testflow_git_selector.dead_rules import dead_rules
from testflow_git_selector.evidence import Evidence, gathered, with_parts
from testflow_git_selector.file_index import FileIndex
from testflow_git_selector.lock_relations import of_locks
from testflow_git_selector.recorded_selector import looked_up, recorded_choices, single_tests
from testflow_git_selector.relations import of_imports
from testflow_git_selector.script_lock_relations import of_script_locks
from testflow_git_selector.script_relations import of_scripts

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from testflow_core.model import Context, MappingRule, TestCase, Uncovered
    from testflow_git_selector.causes import Cause, IdleMatch
    from testflow_git_selector.recorded import Concerned


@frozen(kw_only=True)
class SelectByChange(Selector):
    """
    Selects what mapping rules name for the changed files, changed test files, and tests that import changed files.

    So it does tests of which nobody can say which Python files they use. Where tests were recorded, the record stands
    for their imports: what they touched, and tests that it does not know. A changed file of which nothing says whom it
    concerns selects every test, as does a change that nobody knows. Of a file those tests run that the record names;
    with `whole_files` all do, as where they rely on what those before them have left.
    """

    whole_files: bool = False

    def gather(self, context: Context) -> Evidence:
        """What was recorded of the tests; where that does not explain the change, what the checkout says of imports."""
        files, used = _listed(context), changed_providers(context)
        recorded = looked_up(context)
        if recorded is not None and not recorded.unexplained:
            return with_parts(Evidence(recorded=recorded, files=files, used=used), context)
        if context.application is None or context.change is None:
            return Evidence(files=files, used=used)
        found = evolve(gathered(context.application, context.change), files=files, used=used, besides=recorded)
        return with_parts(found, context) if context.application.name in context.past.maps else found

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """One choice for every test, in order; its reason names the changed files."""
        evidence = context.evidence if isinstance(context.evidence, Evidence) else Evidence(unknown="nobody looked")
        index = FileIndex.of(_files(tests))
        used = causes.of_providers(evidence.used, index)
        if evidence.recorded is not None:
            return _recorded_or_by_rules(tests, context, evidence.recorded, used)
        found, _ = _by_change(tests, context, evidence.same)
        imports, explained = of_imports(evidence, _changed(context), index)
        of_script, also = of_scripts(evidence, _changed(context), index)
        of_lock, besides = of_locks(evidence, index)
        of_script_lock, beyond = of_script_locks(evidence, index)
        causing = [*found, *imports, *of_script, *of_lock, *of_script_lock, *used]
        choices = _choices(tests, context, causing, explained | also | besides | beyond, unexplained_select_all=True)
        return choices if evidence.besides is None else _with_recorded(choices, context, evidence.besides)

    def warnings(self, tests: Sequence[TestCase], context: Context) -> Iterable[str]:
        """A sentence for every rule that matches a changed file and leads to no test."""
        return _rule_warnings(tests, context)

    def narrowed(self, choices: Sequence[Choice], context: Context) -> Mapping[TestCase, Sequence[Choice]]:
        """The single tests of files that are chosen by the record alone, which says that only some are concerned."""
        evidence = context.evidence
        if self.whole_files or not isinstance(evidence, Evidence) or evidence.recorded is None:
            return {}
        index = FileIndex.of(_files([choice.test for choice in choices]))
        others = [*_by_rules(index, context)[0], *causes.of_providers(evidence.used, index)]
        return single_tests(choices, context, evidence.recorded, _reasons(others))

    def uncovered(self, choices: Sequence[Choice], context: Context) -> Iterable[Uncovered]:
        """The changed functions and files that no chosen test is known to reach, by the record, else by imports."""
        evidence = context.evidence if isinstance(context.evidence, Evidence) else Evidence(unknown="nobody looked")
        return coverage.uncovered(choices, context, evidence)


@frozen(kw_only=True)
class SelectByComponent(Selector):
    """
    Selects what `change-based` does, and every test whose component folder holds a changed file.

    The component of a test is the parent of its `__tests__` folder, else its own folder.
    """

    def gather(self, context: Context) -> Evidence:
        """The files of the checkout, where there are rules to be checked by them."""
        return Evidence(files=_listed(context))

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """One choice for every test, in order; its reason names the changed files."""
        found, _ = _by_change(tests, context)
        components = causes.of_components(_changed(context), _files(tests))
        return _choices(tests, context, [*found, *components], unexplained_select_all=True)

    def warnings(self, tests: Sequence[TestCase], context: Context) -> Iterable[str]:
        """A sentence for every rule that matches a changed file and leads to no test."""
        return _rule_warnings(tests, context)


@frozen(kw_only=True)
class SelectByRules(Selector):
    """Selects what mapping rules name for the changed files, and nothing else; a change nobody knows selects all."""

    def gather(self, context: Context) -> Evidence:
        """The files of the checkout, where there are rules to be checked by them."""
        return Evidence(files=_listed(context))

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """One choice for every test, in order; its reason names the changed files."""
        found, _ = _by_rules(FileIndex.of(_files(tests)), context)
        return _choices(tests, context, found, unexplained_select_all=False)

    def warnings(self, tests: Sequence[TestCase], context: Context) -> Iterable[str]:
        """A sentence for every rule that matches a changed file and leads to no test, and one for unexplained files."""
        found, warnings = _checked_rules(tests, context)
        unexplained = causes.unexplained(_changed(context), found)
        silent = [wording.selects_nothing(unexplained)] if unexplained else []
        return [*warnings, *silent]


def _with_recorded(choices: Sequence[Choice], context: Context, recorded: Concerned) -> list[Choice]:
    """The choices, and those of the record, which knows who has read what."""
    others = recorded_choices([choice.test for choice in choices], context, recorded)
    return [
        one if one.selected else other if other.selected else one for one, other in zip(choices, others, strict=True)
    ]


def _recorded_or_by_rules(
    tests: Sequence[TestCase], context: Context, recorded: Concerned, used: Sequence[Cause]
) -> list[Choice]:
    found, _ = _by_rules(FileIndex.of(_files(tests)), context)
    reasons = _reasons([*found, *used])
    return [
        choice
        if choice.selected or choice.test.file not in reasons
        else evolve(choice, selected=True, reason=reasons[choice.test.file])
        for choice in recorded_choices(tests, context, recorded)
    ]


def _by_change(
    tests: Sequence[TestCase], context: Context, same: Container[str] = ()
) -> tuple[list[Cause], list[IdleMatch]]:
    files = FileIndex.of(_files(tests))
    found, idle = _by_rules(files, context)
    changed = [file for file in _changed(context) if file not in same]
    return [*causes.of_test_files(changed, files), *found], idle


def _by_rules(files: FileIndex, context: Context) -> tuple[list[Cause], list[IdleMatch]]:
    return causes.of_rules(_rules(context), _changed(context), files)


def _rule_warnings(tests: Sequence[TestCase], context: Context) -> list[str]:
    return _checked_rules(tests, context)[1]


def _checked_rules(tests: Sequence[TestCase], context: Context) -> tuple[list[Cause], list[str]]:
    """What rules cause, and which of them lead from a changed file to no test, or can have no effect at all."""
    index = FileIndex.of(_files(tests))
    found, idle = _by_rules(index, context)
    files = context.evidence.files if isinstance(context.evidence, Evidence) else ()
    told = {match.rule for match in idle}
    dead = [rule for rule in dead_rules(_rules(context), files, index) if rule.rule not in told]
    return found, [*map(wording.idle, idle), *map(wording.dead, dead)]


def _listed(context: Context) -> tuple[str, ...]:
    """The files of the checkout, those that are gone by the change among them; nothing where there are no rules."""
    if not _rules(context) or context.application is None or context.application.path is None:
        return ()
    return tuple(sorted({*listed(context.application.path), *_changed(context)}))


def _rules(context: Context) -> Sequence[MappingRule]:
    return context.selection.mapping_rules if context.selection else ()


def _choices(
    tests: Sequence[TestCase],
    context: Context,
    found: Sequence[Cause],
    explained: Iterable[str] = (),
    *,
    unexplained_select_all: bool,
) -> list[Choice]:
    changed = _changed(context)
    selected, otherwise = False, wording.unconcerned(changed) if changed else _without_changed_files(context)
    if context.change is None or context.change.files is None:
        selected = True
    elif unexplained_select_all and (unexplained := causes.unexplained(changed, found, explained)):
        selected, otherwise = True, wording.unexplained(unexplained, _keys(context))
    reasons = _reasons(found)
    return [
        Choice(test=test, selected=selected or test.file in reasons, reason=reasons.get(test.file, otherwise))
        for test in tests
    ]


def _keys(context: Context) -> Mapping[str, Sequence[str]]:
    return context.evidence.keys if isinstance(context.evidence, Evidence) else {}


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
