"""What a JavaScript or TypeScript file says of other files: more rather than less than what it will really touch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_git_selector.javascript import quoted_paths
from testflow_git_selector.javascript.syntax import literal, parsed, queried
from testflow_git_selector.python_source import Reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

EXTENSIONS = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts")

_IMPORTS = """
(import_statement source: (string) @from)
(export_statement source: (string) @from)
(call_expression function: (import) arguments: (arguments) @asked)
((call_expression function: (_) @callee arguments: (arguments) @asked)
 (#match? @callee
  "^([a-zA-Z_$][a-zA-Z0-9_$]*\\\\.)*require(\\\\.resolve)?$|^(jest|vi)\\\\.(mock|doMock|require[A-Z]|import[A-Z]|unstable_mock)"))
([(identifier) (shorthand_property_identifier)] @handed (#eq? @handed "require"))
"""
_IMPORT_EQUALS = "(import_require_clause source: (string) @from)\n"
_REFERENCE = re.compile(r"""///\s*<reference\s+path\s*=\s*["']([^"']+)["']""")
_PACKAGE = re.compile(r"(?:@[\w.~-]+/)?[\w~][\w.~-]*(?:/\S*)?\Z", re.ASCII)
# `@jest-environment jsdom`, `@jsxImportSource preact`
_TOLD = re.compile(r"@(?:(?:jest|vitest)-environment|jsxImportSource)\s+([\w@./-]+)")
_ELEMENTS = "[(jsx_element) (jsx_self_closing_element)] @element\n"
_OF_ELEMENTS = ("react", "preact", "solid-js", "vue", "hono", "inferno", "@emotion/react", "theme-ui")
"""Whose calls elements of JSX become, without a word in the file; another one is named by a configuration."""
_REACHES: tuple[tuple[Reach, re.Pattern[str]], ...] = (
    (
        "imports",
        re.compile(
            r"\bimport\.meta\.glob|\brequire\.(?:context|cache|extensions)\b|\bcreateRequire\b|\beval\s*\(|\bFunction\s*\("
            r"|[\"'](?:node:)?(?:vm|module)[\"']|[\"'`]require[\"'`]\]|\._load\b|\bSystem\.import\b|\bimportScripts\b|[\"'](?:require-?dir|requireindex)[\"']"
        ),
    ),
    (
        "processes",
        re.compile(
            r"\bchild_process\b|\bworker_threads\b|\bexeca\b|\bspawn|\bfork\b|\bWorker\s*\(|\bshelljs\b|[\"'](?:cluster|zx)"
            r"|[\"'](?:tinyexec|node-pty|nixt|clet|cli-testing-library|foreground-child|concurrently|testcontainers"
            r"|@testcontainers/[\w-]+|@npmcli/run-script|@oclif/test|yeoman-test)[\"']"
        ),
    ),
    (
        "source",
        re.compile(
            r"[\"'](?:node:)?(?:fs|fs/promises|fs-extra|graceful-fs|readdirp|globby|fast-glob|glob)[\"']"
            r"|[\"'](?:callsites?|caller[\w-]*|stack-utils|stacktrace[\w-]*|error-stack-parser)[\"']|\bgetCallSites?\b"
            r"|\breadFile|\breaddir|\bDeno\.|\bBun\.|\.stack\b|\b__filename\b"
        ),
    ),
    (
        "services",
        re.compile(
            r"\bfetch\b|\bXMLHttpRequest\b|\bWebSocket\b|\bEventSource\b|\bprocess\.env\b|\bcy\.|\bpage\.goto\b"
            r"|[\"'](?:(?:node:)?(?:http|https|http2|net|tls|dgram)|axios|got|ky|undici|node-fetch|supertest|superagent"
            r"|socket\.io-client|ws|pg|mysql2?|mongodb|mongoose|redis|ioredis)[\"']"
        ),
    ),
    ("functions", re.compile(r"\.toString\b|\bString\s*\(")),
    (
        "browsers",
        re.compile(
            r"[\"'](?:puppeteer[\w-]*|@?playwright[\w/-]*|selenium-webdriver|webdriverio|@wdio/[\w-]+|testcafe|nightwatch"
            r"|cypress)[\"']"
        ),
    ),
)


@frozen(kw_only=True)
class ScriptSource:
    """
    What a file names.

    `specifiers` are what it imports, requires, hands on or mocks; `texts` other quoted texts that may be paths,
    `mentions` names of packages at the beginning of quoted texts and in what comments tell tools. Of a file that does
    not parse (`broken`) there is what could be found all the same.
    """

    specifiers: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()
    reaches: frozenset[Reach] = frozenset()
    broken: bool = False


def is_script(path: str) -> bool:
    """Whether a file is JavaScript or TypeScript that runs: declarations of types concern whoever they concern."""
    return path.endswith(EXTENSIONS) and not path.endswith(_DECLARATIONS)


def read(path: str, content: bytes) -> ScriptSource:
    """What a file says; imports for types only count, too, as a test may be compiled before it runs."""
    tree, grammar = parsed(path, content)
    text = content.decode("utf-8", errors="replace")
    specifiers: set[str] = {f"./{each}".replace("./.", ".", 1) for each in _REFERENCE.findall(text)}
    mentions: set[str] = {package_of(each) for each in _TOLD.findall(text)}
    reaches = {reach for reach, pattern in _REACHES if pattern.search(text)}
    wanted = quoted_paths.QUERY + (_IMPORTS if grammar == "javascript" else _IMPORT_EQUALS + _IMPORTS)
    found = queried(tree, grammar, wanted if grammar == "typescript" else _ELEMENTS + wanted)
    for name in ("from", "asked"):
        for specifier in _specifiers(found.get(name, ())):
            if specifier is None:
                reaches.add("imports")
            else:
                specifiers.add(specifier)
    if any(map(_is_handed_on, found.get("handed", ()))):
        reaches.add("imports")
    quoted = (literal(node) for node in found.get("text", ()))
    mentions.update(package_of(told) for told in quoted if told is not None and _PACKAGE.match(told))
    if "element" in found:
        mentions.update(_OF_ELEMENTS)
    return ScriptSource(
        specifiers=frozenset(specifiers),
        texts=frozenset(quoted_paths.paths(found)) - specifiers,
        mentions=frozenset(mentions),
        reaches=frozenset(reaches),
        broken=tree.root_node.has_error,
    )


def _is_handed_on(require: Node) -> bool:
    """Whether `require` is not called but given to somebody who may call it with any name."""
    around = require.parent
    if around is None or around.type in {"formal_parameters", "required_parameter", "unary_expression"}:
        return False
    kept = {"call_expression": "function", "member_expression": "object", "variable_declarator": "name"}
    return around.child_by_field_name(kept.get(around.type, "")) != require


def package_of(specifier: str) -> str:
    """The package that a specifier leads into: `@scope/name/inside`, `loader!name`."""
    return "/".join(specifier.rpartition("!")[2].split("/")[: 2 if specifier.startswith("@") else 1])


def _specifiers(nodes: Iterable[Node]) -> Iterator[str | None]:
    """What is imported; None where it is computed."""
    for node in nodes:
        if node.type != "arguments":
            yield literal(node)
            continue
        first = next((each for each in node.named_children if each.type != "comment"), None)
        if first is not None:
            yield literal(first)
