"""Why a file that declares packages concerns everybody: what it says besides of which packages it asks for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from testflow_git_selector.checkout_files import content_of
from testflow_git_selector.declared import declared, is_declaration
from testflow_git_selector.javascript.manifests import declared_packages, is_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from testflow_git_selector.lock_files import Locked


def other_keys(before: Mapping[str, bytes], checkout: Path) -> Mapping[str, tuple[str, ...]]:
    """The keys at the top of manifests under which they say something else than before, packages left out."""
    found: dict[str, tuple[str, ...]] = {}
    for file, was in before.items():
        then, now = (_read(file, each) for each in (was, content_of(checkout / file) or b""))
        if then and now:
            found[file] = _differing(then, now)
    return {file: keys for file, keys in found.items() if keys}


def _read(file: str, content: bytes) -> Locked | None:
    if is_manifest(file):
        return declared_packages(content)
    return declared(file, content) if is_declaration(file) else None


def _differing(before: Locked, after: Locked) -> tuple[str, ...]:
    was, now = (cast("Mapping[str, object]", json.loads(each.rest)) for each in (before, after))
    return tuple(key for key in sorted(was.keys() | now.keys()) if was.get(key) != now.get(key))
