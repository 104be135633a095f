"""What a change causes: which test files each changed file concerns, and by which rule."""

from __future__ import annotations

from collections import defaultdict
from posixpath import dirname
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import frozen

from testflow_git_selector import wording
from testflow_git_selector.patterns import compiled

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import MappingRule, Provider
    from testflow_git_selector.file_index import FileIndex

_OF_NO_FILE = {"reach", "provider"}
"""What is no explanation of a changed file: a test may reach it, or another application has one of its name."""

_OF_DATA = (
    ".json",
    ".jsonc",
    ".json5",
    ".yaml",
    ".yml",
    ".xml",
    ".csv",
    ".tsv",
    ".toml",
    ".sql",
    ".css",
    ".svg",
    ".png",
)
_OF_DATA += (".graphql", ".gql", ".proto", ".snap")
"""What may bear the name of a test, as `openapi.spec.json` does, and yet be used by others."""

_TESTS_FOLDER = "__tests__"

Groups: TypeAlias = tuple[tuple[str, str], ...]
"""The references of a test pattern, each with the text that it stands for."""


@frozen(kw_only=True)
class Cause:
    """
    Changed files that concern the same test files for the same reason.

    `kind` is why: a mapping `rule`, being a test file `itself`, lying in the `component` whose folder is `by`, an
    `import`, direct or not, that the tests `reach` files in a way that nobody can follow, or that the application uses
    another one, the `provider`, as `by` says.
    """

    kind: Literal["rule", "itself", "component", "import", "reach", "provider"]
    by: str
    changed: tuple[str, ...]
    tests: tuple[str, ...]


@frozen(kw_only=True)
class IdleMatch:
    """Changed files that a rule matches although no test is where it points."""

    rule: str
    changed: tuple[str, ...]
    wanted: tuple[str, ...]


def of_rules(
    rules: Sequence[MappingRule], changed: Sequence[str], tests: FileIndex
) -> tuple[list[Cause], list[IdleMatch]]:
    """The causes of mapping rules, and the matches that led to no test, both in the order of the rules."""
    causes: list[Cause] = []
    idle: list[IdleMatch] = []
    known: dict[tuple[str, Groups], tuple[str, ...]] = {}
    for rule in rules:
        name = written(rule)
        pattern = compiled(rule.test_pattern)
        nowhere: dict[str, str] = {}
        for groups, files in matches(rule, changed).items():
            found = known.get((rule.test_pattern, groups))
            if found is None:
                found = known[rule.test_pattern, groups] = tests.matching(pattern, dict(groups))
            if found:
                causes.append(Cause(kind="rule", by=name, changed=tuple(files), tests=found))
            else:
                nowhere |= dict.fromkeys(files, pattern.filled(dict(groups)))
        if nowhere:
            idle.append(IdleMatch(rule=name, changed=tuple(nowhere), wanted=tuple(dict.fromkeys(nowhere.values()))))
    return causes, idle


def written(rule: MappingRule) -> str:
    """A rule as people know it."""
    return f"{rule.source_pattern.pattern} → {rule.test_pattern}"


def of_test_files(changed: Iterable[str], tests: FileIndex) -> list[Cause]:
    """The causes that are changed test files."""
    return [Cause(kind="itself", by=file, changed=(file,), tests=(file,)) for file in changed if file in tests.files]


def of_components(changed: Iterable[str], tests: Iterable[str]) -> list[Cause]:
    """
    The causes that are components with a changed file in them, at any depth.

    The component of a test file is the parent of its `__tests__` folder, else its own folder; that of a test at the top
    of the checkout is the whole checkout, `""`.
    """
    members: defaultdict[str, list[str]] = defaultdict(list)
    for test in tests:
        members[component(test)].append(test)
    holding: defaultdict[str, list[str]] = defaultdict(list)
    for file in changed:
        for folder in _folders_above(file):
            if folder in members:
                holding[folder].append(file)
    return [
        Cause(kind="component", by=folder, changed=tuple(files), tests=tuple(members[folder]))
        for folder, files in holding.items()
    ]


def of_providers(used: Iterable[Provider], tests: FileIndex) -> list[Cause]:
    """The causes that are changes of applications that the one at hand uses: each concerns all tests."""
    return [
        Cause(kind="provider", by=wording.used(each), changed=each.change.files or (), tests=tuple(tests.files))
        for each in used
    ]


def component(test: str) -> str:
    """The folder of the component that a test file belongs to."""
    folders = test.split("/")[:-1]
    if _TESTS_FOLDER in folders:
        innermost = len(folders) - 1 - folders[::-1].index(_TESTS_FOLDER)
        return "/".join(folders[:innermost])
    return "/".join(folders)


def unexplained(changed: Iterable[str], causes: Iterable[Cause], besides: Iterable[str] = ()) -> tuple[str, ...]:
    """
    The changed files of which nothing says which tests they concern; of those `besides` something else does.

    A test at the top of the checkout has all of it for its component: that says nothing about a file. Nor does that a
    test may reach it.
    """
    explained = set(besides)
    for cause in causes:
        if cause.kind in _OF_NO_FILE or (cause.kind == "itself" and cause.by.endswith(_OF_DATA)):
            continue
        if cause.kind != "component" or cause.by:
            explained.update(cause.changed)
    return tuple(file for file in changed if file not in explained)


def matches(rule: MappingRule, changed: Iterable[str]) -> Mapping[Groups, list[str]]:
    """The changed files that a rule matches, by the texts of the groups that its test pattern refers to."""
    wanted = compiled(rule.test_pattern).references
    fullmatch = rule.source_pattern.fullmatch
    matches: defaultdict[Groups, list[str]] = defaultdict(list)
    for file in changed:
        match = fullmatch(file)
        if match:
            matches[tuple((name, _group(match, name)) for name in wanted)].append(file)
    return matches


def _group(match: re.Match[str], name: str) -> str:
    return match.group(int(name) if name.isdecimal() else name) or ""


def _folders_above(file: str) -> Iterable[str]:
    folder = dirname(file)
    while folder:
        yield folder
        folder = dirname(folder)
    yield ""
