"""Reads the scripts of a checkout: those that look like tests, what tools load for them, and what these import."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from attrs import Factory, define, evolve

from testflow_git_selector.javascript import tools
from testflow_git_selector.javascript.built import Outputs, outputs, source_of
from testflow_git_selector.javascript.graph import TOO_LONG, ScriptGraph
from testflow_git_selector.javascript.manifests import Content, aliases, package
from testflow_git_selector.javascript.resolution import Resolver, folders_above
from testflow_git_selector.javascript.source import ScriptSource, is_script, package_of, read
from testflow_git_selector.python_source import Reach

SECONDS = 20.0
_BYTES = 1 << 20

_TEST = re.compile(r"(?:^|[._-])(?:tests?|specs?|e2e|cy)[._-]|[a-z](?:Test|Spec|Tests)\.", re.ASCII)
_TESTS = frozenset(
    {"test", "tests", "__tests__", "spec", "specs", "__specs__", "e2e", "cypress", "integration", "playwright"}
)
_PAGES = (".html", ".htm")
_STYLES = (".css", ".scss", ".sass", ".less", ".styl")
_USED_BY_STYLES = re.compile(rb"@[\w-]+[^;{]*?[\"']~?([\w@][^\"'\s]*)[\"']")
# `<script src=lib/x.js>`, `import "./x.js"` within one
_USED_BY_PAGES = re.compile(rb"(?:src|href)\s*=\s*[\"']?([^\"'\s>]+)|[\"'`]([^\"'`\s]+)[\"'`]")
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


def survey(
    files: Iterable[str],
    gone: Iterable[str],
    content: Content,
    words: Sequence[str],
    linked: Callable[[str], Mapping[str, str]] = lambda _: {},
) -> ScriptGraph:
    """
    What scripts say of each other; `gone` are some that are no longer there, `words` those of the test command.

    `linked` tells which folders of the checkout are installed as packages of a folder, under which names.

    Only what tests may come to is read. Where that takes too long, whatever is left is a puzzle.
    """
    there = frozenset(files)
    manifests = {file: content(file) for file in there if file.rpartition("/")[2] == "package.json"}
    configurations = {file: content(file) for file in there if tools.is_of_aliases(file)}
    said = [package(file, text, words) for file, text in manifests.items()]
    packages = {each.folder: evolve(each, links={**each.links, **linked(each.folder)}) for each in said}
    known = [file for file in there if tools.is_tool(file)]
    telling = {file: content(file) for file in there if tools.is_told(file)}
    resolver = Resolver(
        files=there | frozenset(gone),
        packages=packages,
        aliases={file: aliases(file, text) for file, text in configurations.items()},
        renamed="\n".join(tools.renamed([*manifests.values(), *telling.values(), *map(content, known)])),
    )
    reader = _Reader(resolver=resolver, content=content, gone=frozenset(gone), built=outputs(there, content))
    tests = sorted(file for file in there if is_test_script(file) and not tools.is_tool(file))
    told = {file: tools.words(text) for file, text in telling.items()}
    told |= {f"{folder}/package.json".lstrip("/"): each.for_tests for folder, each in packages.items()}
    told |= {file: reader.texts(file) for file in known}
    told["package.json"] = (*told.get("package.json", ()), *words)
    loaded = {file: scope for file, scope in tools.loaded(told, known, resolver, content).items() if file not in tests}
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
            *_raw([*configurations.values(), *telling.values()]),
        ),
    )


def _raw(texts: Iterable[bytes | None]) -> Iterator[str]:
    """What is written in configurations."""
    return ((text or b"").decode("utf-8", errors="replace") for text in texts)


@define
class _Reader:
    """Follows imports from file to file."""

    resolver: Resolver
    content: Content
    gone: frozenset[str]
    built: Outputs
    needs: dict[str, Sequence[str]] = Factory(dict)
    reaches: dict[str, frozenset[Reach]] = Factory(dict)
    puzzles: dict[str, str] = Factory(dict)
    packages: dict[str, frozenset[str]] = Factory(dict)
    mentions: dict[str, frozenset[str]] = Factory(dict)
    _sources: dict[str, Sequence[str]] = Factory(dict)
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
        if file.endswith(_PAGES):
            return self._of_page(file)
        if file in self.gone or file.endswith(_INERT):
            return ()
        content = self._content(file)
        if not is_script(file) or content is None:
            return self._puzzled(file, "cannot be read" if is_script(file) else "is of another language")
        if time.monotonic() > self._until:
            return self._puzzled(file, TOO_LONG)
        found = [*self._of_script(file, read(file, content))]
        mocks = [mock for each in found for mock in self.resolver.siblings(each)]
        return dict.fromkeys(each for each in (*found, *mocks, *self._made_of(file)) if each != file)

    def _of_script(self, file: str, source: ScriptSource) -> Iterator[str]:
        # The configuration of who drives a browser is loaded for tests that do not.
        self.reaches[file] = source.reaches - (frozenset({"browsers"}) if tools.is_tool(file) else frozenset())
        self.packages[file] = frozenset(map(package_of, source.specifiers))
        self.mentions[file] = source.mentions
        if source.broken:
            self.puzzles[file] = "does not parse"
        for text in source.texts:
            yield from self.resolver.named(text, file)
            # Who tells a tool where tests are does not load them all.
            yield from () if tools.is_tool(file) else self.resolver.inside(text, file)
        for specifier in sorted(source.specifiers):
            resolved = self.resolver.resolved(specifier, file)
            if resolved is None:
                self.puzzles.setdefault(file, f"imports {specifier}, which is not to be found")
            yield from resolved or ()

    def _of_page(self, file: str) -> Iterable[str]:
        said = _USED_BY_PAGES.findall(self._content(file) or b"")
        texts = {part.decode(errors="replace").lstrip("/") for parts in said for part in parts if part}
        return dict.fromkeys(each for text in texts for each in self.resolver.named(text, file) if each != file)

    def _made_of(self, file: str) -> Sequence[str]:
        """The scripts that a built one may be made of: all of its package, tests excepted."""
        folder = source_of(file, self.built)
        if folder is None:
            return ()
        packages = self.resolver.packages
        top = next((each for each in folders_above(f"{folder}/".lstrip("/")) if each in packages), "")
        if top not in self._sources:
            self._sources[top] = tuple(
                each
                for each in self.resolver.below(top)
                if not is_test_script(each) and source_of(each, self.built) is None
            )
        return self._sources[top]

    def _puzzled(self, file: str, why: str) -> tuple[str, ...]:
        self.puzzles[file] = why
        return ()

    def _content(self, file: str) -> bytes | None:
        content = self.content(file)
        return None if content is None or len(content) > _BYTES else content
