"""Reads the scripts of a checkout: those that look like tests, what tools load for them, and what these import."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import Factory, define

from testflow_git_selector.javascript.graph import TOO_LONG, ScriptGraph
from testflow_git_selector.javascript.manifests import Content, aliases, package, texts_for_tests
from testflow_git_selector.javascript.resolution import Resolver, folders_above
from testflow_git_selector.javascript.source import is_script, package_of, read
from testflow_git_selector.python_source import Reach

SECONDS = 20.0
_BYTES = 1 << 20

_TEST = re.compile(r"(?:^|[._-])(?:tests?|specs?|e2e|cy)[._-]|[a-z](?:Test|Spec|Tests)\.", re.ASCII)
_TESTS = frozenset(
    {"test", "tests", "__tests__", "spec", "specs", "__specs__", "e2e", "cypress", "integration", "playwright"}
)
_TOOL = re.compile(
    r"(?:\.[\w.-]*rc|[\w.-]*\.conf(?:ig)?|[\w.-]*\.workspace|setup-?tests|(?:jest|vitest|test)[._-]?setup"
    r"|setup[._-]?(?:jest|vitest|tests?|files?)|gulpfile|gruntfile)\.[cm]?[jt]sx?\Z",
    re.IGNORECASE,
)
_BUILDER = re.compile(
    r"\.?(?:webpack|rollup|rolldown|postcss|tailwind|next|nuxt|astro|eslint|prettier|stylelint|commitlint|lint-?staged|tsup"
    r"|esbuild|svgo|typedoc|release|renovate|gulp|grunt|electron|metro|size-limit)",
    re.IGNORECASE,
)
"""Tools that are no business of tests, unless what they are told names them."""
_TOOL_IN_JSON = re.compile(r"(?:\.[\w.-]*rc(?:\.json)?|[\w.-]*\.config\.json|[\w.-]*\.nycrc)\Z")
_TOOL_IN_WORDS = re.compile(r"(?:\.[\w.-]*rc(?:\.ya?ml)?|mocha\.opts|[\w.-]*\.config\.ya?ml|\.swcrc)\Z")
_STYLES = (".css", ".scss", ".sass", ".less", ".styl")
_USED_BY_STYLES = re.compile(rb"@[\w-]+[^;{]*?[\"']~?([\w@][^\"'\s]*)[\"']")
_LOADED_FOLDERS = ("/cypress/support/", "/cypress/plugins/")
_ALIASES = re.compile(r"[tj]sconfig[\w.-]*\.json\Z")
_INERT = (
    ".json", ".json5", ".css", ".scss", ".sass", ".less", ".styl", ".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp",
    ".avif", ".ico", ".txt", ".md", ".html", ".graphql", ".gql", ".wasm", ".node", ".snap", ".yaml", ".yml", ".woff",
    ".woff2", ".ttf", ".mp3", ".mp4", ".csv", ".sql", ".xml", ".d.ts", ".d.mts", ".d.cts",
)  # fmt: skip
"""What imports nothing itself; a change of it concerns every test anyway."""


def is_test_script(file: str) -> bool:
    """Whether a script holds tests or helps them, by the names that frameworks look for."""
    *folders, name = file.split("/")
    return is_script(file) and bool(_TEST.search(name) or not _TESTS.isdisjoint(folders))


def survey(files: Iterable[str], gone: Iterable[str], content: Content, words: Sequence[str]) -> ScriptGraph:
    """
    What scripts say of each other; `gone` are some that are no longer there, `words` those of the test command.

    Only what tests may come to is read. Where that takes too long, whatever is left is a puzzle.
    """
    there = frozenset(files)
    manifests = {file: content(file) for file in there if file.rpartition("/")[2] == "package.json"}
    configurations = {file: content(file) for file in there if _ALIASES.match(file.rpartition("/")[2])}
    packages = {each.folder: each for file, text in manifests.items() for each in [package(file, text)]}
    resolver = Resolver(
        files=there | frozenset(gone),
        packages=packages,
        aliases={file: aliases(file, text) for file, text in configurations.items()},
    )
    reader = _Reader(resolver=resolver, content=content, gone=frozenset(gone))
    tests = sorted(file for file in there if is_test_script(file) and not _is_tool(file))
    loaded = {file: _scope(file, resolver) for file in there if _is_tool(file)}
    told = {file: texts_for_tests(content(file)) for file in there if _TOOL_IN_JSON.match(file.rpartition("/")[2])}
    told |= {f"{folder}/package.json".lstrip("/"): each.for_tests for folder, each in packages.items()}
    told |= {file: reader.texts(file) for file in loaded}
    told["package.json"] = (*told.get("package.json", ()), *words)
    for file, texts in told.items():
        scope = _scope(file, resolver)
        for named in {each for text in texts for each in resolver.named(text, file)}.difference(tests):
            loaded[named] = scope if loaded.get(named, scope) == scope else ""
    reader.follow([*tests, *loaded])
    return ScriptGraph(
        needs=reader.needs,
        reaches=reader.reaches,
        puzzles=reader.puzzles,
        loaded=loaded,
        packages=reader.packages,
        mentions=reader.mentions,
        told=(
            *(text for each in told.values() for text in each),
            *(text for each in packages.values() for texts in each.imports.values() for text in texts),
            *_raw(there, configurations, content),
        ),
    )


def _raw(files: Iterable[str], configurations: Mapping[str, bytes | None], content: Content) -> Iterator[str]:
    """The texts of configurations, as they are written: of TypeScript, and of tools in YAML or lines of words."""
    words = [content(file) for file in files if _TOOL_IN_WORDS.match(file.rpartition("/")[2])]
    for text in (*configurations.values(), *words):
        yield (text or b"").decode("utf-8", errors="replace")


def _is_tool(file: str) -> bool:
    name = file.rpartition("/")[2]
    if not is_script(file):
        return False
    told = _TOOL.match(name) and not _BUILDER.match(name)
    return bool(told) or "/__mocks__/" in f"/{file}" or any(each in f"/{file}" for each in _LOADED_FOLDERS)


def _scope(file: str, resolver: Resolver) -> str:
    """The folder whose tests a tool's file is for: that of its package, all where it is in none of its own."""
    folder = next(folders_above(file))
    return folder if folder in resolver.packages else ""


@define
class _Reader:
    """Follows imports from file to file."""

    resolver: Resolver
    content: Content
    gone: frozenset[str]
    needs: dict[str, Sequence[str]] = Factory(dict)
    reaches: dict[str, frozenset[Reach]] = Factory(dict)
    puzzles: dict[str, str] = Factory(dict)
    packages: dict[str, frozenset[str]] = Factory(dict)
    mentions: dict[str, frozenset[str]] = Factory(dict)
    _until: float = Factory(lambda: time.monotonic() + SECONDS)

    def texts(self, file: str) -> tuple[str, ...]:
        """The quoted texts of a script that may be paths."""
        content = self._content(file)
        return tuple(read(file, content).texts) if content is not None else ()

    def follow(self, files: Iterable[str]) -> None:
        """Read these and all that they come to."""
        waiting = list(files)
        while waiting:
            file = waiting.pop()
            if file not in self.needs:
                self.needs[file] = found = tuple(self._needed(file))
                waiting += found

    def _needed(self, file: str) -> Iterable[str]:
        if file.endswith(_STYLES):
            used = _USED_BY_STYLES.findall(self._content(file) or b"")
            self.mentions[file] = frozenset(package_of(each.decode(errors="replace")) for each in used)
        if file in self.gone or file.endswith(_INERT):
            return ()
        content = self._content(file)
        if not is_script(file) or content is None:
            return self._puzzled(file, "cannot be read" if is_script(file) else "is of another language")
        if time.monotonic() > self._until:
            return self._puzzled(file, TOO_LONG)
        source = read(file, content)
        self.reaches[file] = source.reaches
        self.packages[file] = frozenset(map(package_of, source.specifiers))
        self.mentions[file] = source.mentions
        if source.broken:
            self.puzzles[file] = "does not parse"
        found: list[str] = [each for text in source.texts for each in self.resolver.named(text, file)]
        for specifier in sorted(source.specifiers):
            resolved = self.resolver.resolved(specifier, file)
            if resolved is None:
                self.puzzles.setdefault(file, f"imports {specifier}, which is not to be found")
            found += resolved or ()
        mocks = [mock for each in found for mock in self.resolver.siblings(each)]
        return dict.fromkeys(each for each in (*found, *mocks) if each != file)

    def _puzzled(self, file: str, why: str) -> tuple[str, ...]:
        self.puzzles[file] = why
        return ()

    def _content(self, file: str) -> bytes | None:
        content = self.content(file)
        return None if content is None or len(content) > _BYTES else content
