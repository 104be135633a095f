"""What the tools of tests are told by their configurations and commands, and which scripts they load for that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from testflow_git_selector.javascript.resolution import folders_above
from testflow_git_selector.javascript.source import is_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from testflow_git_selector.javascript.manifests import Content
    from testflow_git_selector.javascript.resolution import Resolver

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
_TOLD = re.compile(
    r"(?:\.[\w.-]*rc(?:\.jsonc?|\.json5|\.ya?ml)?|[\w.-]*\.config\.(?:jsonc?|json5|ya?ml)|[\w.-]*\.nycrc|mocha\.opts)\Z"
)
_LOADED_FOLDERS = ("/cypress/support/", "/cypress/plugins/")
_LISTS = (".json", ".jsonc", ".json5", ".yml", ".yaml", ".toml", ".opts", ".sh", ".bash")
"""What a command may name that tells more: another configuration, a script of the shell."""
_ALIASES = re.compile(r"[tj]sconfig[\w.-]*\.json\Z")
_WORDS = re.compile(r"[^\s=\"'`,:;(){}\[\]]+")
_RENAMING = re.compile(r"[\"']?(?:alias(?:es)?|moduleNameMapper)[\"']?\s*[:=]\s*([\[{])")
_FRAGMENT = 10_000


def is_tool(file: str) -> bool:
    """Whether a script is loaded by a tool for every test, by its name."""
    name = file.rpartition("/")[2]
    if not is_script(file):
        return False
    told = _TOOL.match(name) and not _BUILDER.match(name)
    return bool(told) or "/__mocks__/" in f"/{file}" or any(each in f"/{file}" for each in _LOADED_FOLDERS)


def is_told(file: str) -> bool:
    """Whether a file that is no script tells a tool of tests something, by its name."""
    return _TOLD.match(file.rpartition("/")[2]) is not None


def is_of_aliases(file: str) -> bool:
    """Whether a file configures TypeScript, or how names are resolved as it does."""
    return _ALIASES.match(file.rpartition("/")[2]) is not None


def words(content: bytes | None) -> tuple[str, ...]:
    """The words of a text that may be paths, whatever language it is in."""
    return tuple(_WORDS.findall((content or b"").decode("utf-8", errors="replace")))


def scope(file: str, resolver: Resolver) -> str:
    """The folder whose tests a tool's file is for: that of its package, all where it is in none of its own."""
    folder = next(folders_above(file))
    return folder if folder in resolver.packages else ""


def loaded(
    told: Mapping[str, Iterable[str]], known: Iterable[str], resolver: Resolver, content: Content
) -> Mapping[str, str]:
    """
    The scripts that tools load for tests, by the folder of those: `known` ones, and those that is `told` of.

    What is told may name another file that tells more.
    """
    found = {file: scope(file, resolver) for file in known}
    waiting = [(file, scope(file, resolver), tuple(texts)) for file, texts in told.items()]
    seen = set(told)
    while waiting:
        teller, folder, texts = waiting.pop()
        for named in {each for text in texts for each in resolver.named(text, teller) if is_script(each)}:
            found[named] = folder if found.get(named, folder) == folder else ""
        for more in {each for text in texts for each in resolver.plain(text, teller)} - seen:
            if more.endswith(_LISTS) and not is_of_aliases(more):
                seen.add(more)
                waiting.append((more, folder, words(content(more))))
    return found


def renamed(texts: Iterable[bytes | None]) -> Iterator[str]:
    """What is written in configurations between the brackets of a table of names that stand for others."""
    for content in texts:
        text = (content or b"").decode("utf-8", errors="replace")
        for begin in _RENAMING.finditer(text):
            yield _bracketed(text[begin.start(1) : begin.start(1) + _FRAGMENT])


def _bracketed(text: str) -> str:
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", text):
        depth += 1 if bracket[0] in "[{" else -1
        if not depth:
            return text[: bracket.end()]
    return text
