"""Which of the applications that one uses have changed in what may matter to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_git_selector.checkout_files import UnknowableError, content_of, files_of
from testflow_git_selector.compared import before, programs, same
from testflow_git_selector.coverage import PROSE
from testflow_git_selector.import_graph import is_test_module
from testflow_git_selector.javascript import is_script

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from testflow_core.model import Change, Context, Provider

_JS_TEST = re.compile(r"\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|/)(?:__tests__|__snapshots__)/")


def changed_providers(context: Context) -> tuple[Provider, ...]:
    """
    The used applications that changed: prose, test modules, and what is the same program left out.

    What an application declares to be its interface is that, whatever it looks like.
    """
    found: list[Provider] = []
    for each in context.providers:
        if each.change.files is None:
            found.append(each)
            continue
        files = _of_concern(each)
        if files:
            found.append(evolve(each, change=evolve(each.change, files=files)))
    return tuple(found)


def _of_concern(provider: Provider) -> Sequence[str]:
    path = provider.application.path
    alike = unchanged(path, provider.change) if path is not None else frozenset[str]()
    differing = tuple(file for file in provider.change.files or () if file not in alike)
    if provider.application.interface is not None:
        return differing
    files = tuple(file for file in differing if not file.endswith(PROSE) and not is_test(file))
    if files or path is None:
        return files
    # The name of a test may be that of an A/B test: what the application itself uses is no test.
    return _named([file for file in differing if is_test(file)], path)


def unchanged(checkout: Path, change: Change) -> frozenset[str]:
    """The changed files that are the same program; one with the very same content has another mode, or is a link."""
    was = before(checkout, change, programs(change))
    return same(checkout, {file: text for file, text in was.items() if text != content_of(checkout / file)})


def is_test(file: str) -> bool:
    """Whether a file is one of tests, as it is called."""
    return (file.endswith(".py") and is_test_module(file)) or _JS_TEST.search(file) is not None


def _named(tests: Sequence[str], checkout: Path) -> tuple[str, ...]:
    """Those of the files that a file of source which is no test names."""
    try:
        sources = [file for file in files_of(checkout) if (file.endswith(".py") or is_script(file))]
    except UnknowableError:
        return tuple(tests)
    texts = [content_of(checkout / file) or b"" for file in sources if tests and not is_test(file)]
    patterns = {file: re.compile(rb"(?<!\w)%b(?!\w)" % re.escape(_stem(file))) for file in tests}
    return tuple(file for file, pattern in patterns.items() if any(map(pattern.search, texts)))


def _stem(file: str) -> bytes:
    return file.rpartition("/")[2].rpartition(".")[0].encode("utf-8", "surrogateescape")
