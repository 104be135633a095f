"""Which files of a checkout a specifier of JavaScript may stand for: whichever tool resolves it, all that it may."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from posixpath import dirname, join, normpath

from attrs import field, frozen

from testflow_git_selector.javascript.manifests import Aliases, Package
from testflow_git_selector.javascript.source import EXTENSIONS, is_script

_SUFFIXES = (*EXTENSIONS, ".json", ".node", ".d.ts", ".d.mts", ".d.cts", ".vue", ".svelte")
_COMPILED = ((".js", (".ts", ".tsx", ".d.ts")), (".jsx", (".tsx",)), (".mjs", (".mts",)), (".cjs", (".cts",)))
_MOCKS = "__mocks__"
_PAGES = (".html", ".htm")
_OF_A_PLATFORM = re.compile(
    r"(.*)\.(?:ios|android|native|web|windows|macos|mobile|desktop|server|client|browser|node|electron|edge"
    r"|dev|prod|development|production)\.[cm]?[jt]sx?"
)
"""What a tool may take for `./button` where there is a `button.js`, too."""
_WILD = re.compile(r"[*?{\[]")
_LAST = "\U0010ffff"
BUILT_IN = frozenset(
    {
        "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
        "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module",
        "net", "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "sea", "sqlite",
        "stream", "string_decoder", "sys", "test", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm",
        "wasi", "worker_threads", "zlib",
    }
)  # fmt: skip
_INSIDE_BUILT_IN = frozenset(
    {
        "assert/strict", "dns/promises", "fs/promises", "inspector/promises", "path/posix", "path/win32",
        "readline/promises", "stream/consumers", "stream/promises", "stream/web", "test/reporters", "timers/promises",
        "util/types",
    }
)  # fmt: skip


@frozen(kw_only=True)
class Resolver:
    """
    The files of a checkout, those that are gone among them, and what its manifests say of names.

    `renamed` is what is written for tools of names that stand for others (`alias`, `moduleNameMapper`).
    """

    files: frozenset[str]
    packages: Mapping[str, Package] = field(factory=dict[str, Package])
    aliases: Mapping[str, Aliases] = field(factory=dict[str, Aliases])
    installed: frozenset[str] = frozenset()
    renamed: str = ""

    def resolved(self, specifier: str, importer: str) -> tuple[str, ...] | None:
        """The files of the checkout; none where it stands for what others made, None where nobody can tell."""
        specifier = specifier.rpartition("!")[2].partition("?")[0]
        if specifier.startswith(("node:", "data:", "http:", "https:", "bun:")):
            return ()
        if specifier.startswith("."):
            return self._at(join(dirname(importer), specifier)) or None
        if specifier.startswith("/"):
            roots = [each.folder for each in self._above(importer)]
            return self._all(self._at(join(root, specifier[1:])) for root in [*roots, ""]) or None
        if specifier.startswith("#"):
            return self._internal(specifier, importer) or self._aliased(specifier, importer) or None
        return self._bare(specifier, importer)

    def named(self, text: str, importer: str) -> tuple[str, ...]:
        """The scripts that a text may name as a path: from its own folder, that of its package, or the checkout."""
        text = text.removeprefix("<rootDir>/").removeprefix("file:").partition("?")[0]
        paths = [normpath(join(folder, text)) for folder in self._bases(importer)]
        # `src` among the words of a command is a folder to go through, `"./src"` in a script may be its index.
        meant = [path for path in paths if text.startswith(".") or path not in self._folders]
        return tuple(file for file in self._all(map(self._at, meant)) if is_script(file) or file.endswith(_PAGES))

    def inside(self, text: str, importer: str) -> tuple[str, ...]:
        """
        The scripts below a folder that a text names, by itself or before a wildcard, as somebody may load them all.

        A folder that the importer is in itself only counts with a wildcard: it is where others are looked for.
        """
        wild = _WILD.search(text)
        named = text[: wild.start()].rpartition("/")[0] if wild else text
        found: list[Sequence[str]] = []
        for base in self._bases(importer):
            folder = normpath(join(base, named or "."))
            if folder in self._folders and folder and (wild or not importer.startswith(f"{folder}/")):
                found.append(self.below(folder))
        return self._all(found)

    def plain(self, text: str, importer: str) -> tuple[str, ...]:
        """The files that a text is the very path of."""
        text = text.removeprefix("<rootDir>/").removeprefix("file:")
        return tuple(path for base in self._bases(importer) if (path := normpath(join(base, text))) in self.files)

    def below(self, folder: str) -> tuple[str, ...]:
        """The scripts in a folder, at any depth; of the checkout where it is empty."""
        if not folder:
            return self._scripts
        start, end = (bisect_left(self._scripts, f"{folder}/{last}") for last in ("", _LAST))
        return self._scripts[start:end]

    def siblings(self, file: str) -> tuple[str, ...]:
        """The files that may stand in for another (`__mocks__`)."""
        folder, _, name = file.rpartition("/")
        return self._at(join(folder, _MOCKS, name.partition(".")[0]))

    def _bare(self, specifier: str, importer: str) -> tuple[str, ...] | None:
        parts = specifier.split("/")
        depth = 2 if specifier.startswith("@") else 1
        name, inside = "/".join(parts[:depth]), "/".join(parts[depth:])
        found = self._all([self._aliased(specifier, importer), self._of_package(name, inside, importer)])
        if found:
            return found
        if specifier in BUILT_IN or specifier in _INSIDE_BUILT_IN or name in self.installed or name == "typescript":
            return ()
        declared = any(
            name in each.dependencies or f"@types/{name}" in each.dependencies for each in self._above(importer)
        )
        ours = name in self._by_name or any(name in each.links for each in self._above(importer))
        return () if declared and not ours and not self._is_renamed(name) else None

    def _is_renamed(self, name: str) -> bool:
        """Whether a tool may have been told that the name of a package, or of its scope, stands for something else."""
        told = (name, *(f"{scope}/" for scope in [name.partition("/")[0]] if scope != name))
        return any(re.search(rf"(?<![\w@/-]){re.escape(each)}(?![\w-])", self.renamed) for each in told if self.renamed)

    def _aliased(self, specifier: str, importer: str) -> tuple[str, ...]:
        found: list[Sequence[str]] = []
        for each in self._aliases_of(importer):
            for pattern, targets in each.paths.items():
                part = _matched(pattern, specifier)
                if part is not None:
                    found += [self._at(target.replace("*", part)) for target in targets]
            if each.base is not None:
                found.append(self._at(join(each.base, specifier)))
        return self._all(found)

    def _internal(self, specifier: str, importer: str) -> tuple[str, ...]:
        found: list[Sequence[str]] = []
        for each in self._above(importer):
            for target in _targets(each.imports, specifier):
                if target.startswith("."):
                    found.append(self._at(join(each.folder, target)))
                elif not target.startswith("#"):
                    found.append(self._bare(target, importer) or ())
        return self._all(found)

    def _of_package(self, name: str, inside: str, importer: str) -> tuple[str, ...]:
        """The files of a package of the checkout; all of it where what it names is not there, as it will be built."""
        linked = [each.links[name] for each in self._above(importer) if name in each.links]
        packages = [*self._by_name.get(name, ()), *(self.packages[each] for each in linked if each in self.packages)]
        found: list[Sequence[str]] = []
        for each in packages:
            exact = self._exported(each, inside)
            found.append(exact or self.below(each.folder))
        return self._all(found)

    def _exported(self, package: Package, inside: str) -> tuple[str, ...]:
        targets = [*_targets(package.exports, f"./{inside}" if inside else ".")]
        if inside:
            targets.append(inside)
        else:
            targets += [*package.main, "."]
        return self._all(self._at(join(package.folder, target)) for target in targets)

    def _at(self, path: str) -> tuple[str, ...]:
        """The files that a path may stand for: itself, with a suffix, compiled from it, the index of a folder."""
        path = normpath(path)
        if path.startswith("../"):
            return ()
        path = "" if path == "." else path
        return tuple(dict.fromkeys(file for file in self._spellings(path) if file in self.files))

    def _spellings(self, path: str) -> Iterator[str]:
        if path:
            yield path
            yield from (path + suffix for suffix in _SUFFIXES)
            yield from self._of_platforms.get(path, ())
            for suffix, sources in _COMPILED:
                if path.endswith(suffix):
                    yield from (path.removesuffix(suffix) + source for source in sources)
        if path in self._folders:
            yield from (join(path, f"index{suffix}") for suffix in _SUFFIXES)
            yield from self._of_platforms.get(join(path, "index"), ())
            manifest = self.packages.get(path)
            for target in manifest.main if manifest else ():
                named = normpath(join(path, target))
                yield from (f"{named}{suffix}" for suffix in ("", *_SUFFIXES, *(f"/index{each}" for each in _SUFFIXES)))

    def _bases(self, importer: str) -> Iterable[str]:
        """The folders that a path may begin at: that of the importer, those of its packages, the checkout."""
        return dict.fromkeys([dirname(importer), *(each.folder for each in self._above(importer)), ""])

    def _above(self, importer: str) -> Iterator[Package]:
        """The packages that a file is in, the innermost first."""
        return (self.packages[folder] for folder in folders_above(importer) if folder in self.packages)

    def _aliases_of(self, importer: str) -> Iterable[Aliases]:
        above = frozenset(folders_above(importer))
        found = {path: each for path, each in self.aliases.items() if each.folder in above}
        waiting = list(found.items())
        while waiting:
            path, each = waiting.pop()
            for target in each.extends:
                for file in self._configuration(target, path):
                    if file not in found:
                        found[file] = self.aliases[file]
                        waiting.append((file, found[file]))
        return found.values()

    def _configuration(self, target: str, path: str) -> Iterator[str]:
        """The configuration that another one extends."""
        if target.startswith("."):
            base = normpath(join(dirname(path), target))
        else:
            name, _, inside = target.partition("/") if not target.startswith("@") else _scoped(target)
            base = next((join(each.folder, inside or "tsconfig.json") for each in self._by_name.get(name, ())), "")
        return (each for each in (base, f"{base}.json", f"{base}/tsconfig.json") if each in self.aliases)

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Package]]:
        found: dict[str, list[Package]] = {}
        for each in self.packages.values():
            found.setdefault(each.name, []).append(each)
        return found

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(folder for file in self.files for folder in folders_above(file))

    @cached_property
    def _scripts(self) -> tuple[str, ...]:
        return tuple(sorted(filter(is_script, self.files)))

    @cached_property
    def _of_platforms(self) -> Mapping[str, Sequence[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for file in self._scripts:
            known = _OF_A_PLATFORM.fullmatch(file)
            if known is not None:
                found[known[1]].append(file)
        return found

    @staticmethod
    def _all(found: Iterable[Iterable[str]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(file for each in found for file in each))


def folders_above(file: str) -> Iterator[str]:
    """The folders that a file is in, the innermost first, the checkout as the empty text."""
    folder = dirname(file)
    while folder:
        yield folder
        folder = dirname(folder)
    yield ""


def _scoped(target: str) -> tuple[str, str, str]:
    parts = target.split("/")
    return "/".join(parts[:2]), "/", "/".join(parts[2:])


def _targets(told: Mapping[str, tuple[str, ...]], name: str) -> Iterator[str]:
    """What a name leads to by exact keys and by those with a star."""
    for pattern, targets in told.items():
        part = _matched(pattern, name)
        if part is not None:
            yield from (target.replace("*", part) for target in targets)


def _matched(pattern: str, name: str) -> str | None:
    """What the star of a pattern stands for in a name, empty without one; None where it does not match."""
    before, star, after = pattern.partition("*")
    if not star:
        return "" if pattern == name else None
    long_enough = len(name) >= len(before) + len(after)
    if long_enough and name.startswith(before) and name.endswith(after):
        return name[len(before) : len(name) - len(after)]
    return None
