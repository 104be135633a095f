"""
The knowledge base of Jenkins' Build Failure Analyzer as categories.

The format is that of its file `build-failure-analyzer.xml`: causes, each with indications that have a pattern.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, XMLParser

from testflow_core.errors import Problem, SpecError
from testflow_core.model import Category
from testflow_regex_analyzer.allure import searched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE_LIMIT = 16 * 1024 * 1024
"""Bytes of one file."""


def jenkins_rules(path: Path) -> tuple[Category, ...]:
    """
    The causes of a `build-failure-analyzer.xml`, in its order, for `FailureAnalysis.categories`.

    A cause's first category stands before its name, `category/name`. Indications of single lines keep to lines;
    those of several lines may cross them. SpecError with every mistake; a document that declares entities is refused.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError([Problem(str(path), f"cannot be read: {error.strerror}")]) from error
    root = _parsed(content, str(path))
    problems: list[Problem] = []
    made = [
        category
        for at, cause in enumerate(each for each in root.iter() if _tag(each).endswith("FailureCause"))
        for category in _category(cause, f"{path}: cause {at + 1}", problems)
    ]
    if problems:
        raise SpecError(problems)
    return tuple(made)


def _parsed(content: bytes, name: str) -> Element:
    if len(content) > SIZE_LIMIT:
        raise SpecError([Problem(name, f"has {len(content):,} bytes; at most {SIZE_LIMIT:,} are read")])
    # Expanding entities can take all memory; files of Jenkins have none.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise SpecError([Problem(name, "declares a document type or entities, which rule files do not need")])
    # Jenkins writes XML 1.1, which differs only in control characters, and which expat refuses.
    content = re.sub(rb"^(\s*<\?xml version=['\"])1\.1", rb"\g<1>1.0", content)
    parser = XMLParser()  # noqa: S314 - entities are refused above
    try:
        parser.feed(content)
        return parser.close()
    except ParseError as error:
        raise SpecError([Problem(name, f"is no XML: {error}")]) from error


def _category(cause: Element, where: str, problems: list[Problem]) -> Iterator[Category]:
    name = (cause.findtext("name") or "").strip()
    if not name:
        problems.append(Problem(where, "the cause has no name"))
        return
    group = next((each.text.strip() for each in cause.iterfind("categories/*") if each.text and each.text.strip()), "")
    patterns: list[re.Pattern[str]] = []
    for indication in cause.iterfind("indications/*"):
        written = (indication.findtext("pattern") or indication.findtext("userProvidedExpression") or "").strip()
        several = "Multiline" in _tag(indication)
        if not written:
            continue
        try:
            patterns.append(re.compile(searched(written), re.MULTILINE | (re.DOTALL if several else re.NOFLAG)))
        except re.error as error:
            problems.append(Problem(f"{where} ({name})", f"{written!r} is no regular expression: {error}"))
    if patterns:
        yield Category(name=f"{group}/{name}" if group else name, patterns=tuple(patterns))


def _tag(element: Element) -> str:
    return element.tag.rpartition(".")[2]
