"""
Small projects that are changed, for what selects tests to be judged by: what must be run after the change.

Each project is a real git repository. The truth is not written down but found out: every test is run before the change
and after it, in processes of their own, and those that end otherwise must be selected.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from textwrap import dedent
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from attrs import frozen

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")


@frozen(kw_only=True)
class Scenario:
    """`files` beside those of every project; `change` are new contents, None for a file that goes."""

    files: Mapping[str, str]
    change: Mapping[str, str | None]
    selected: frozenset[str] | str


def scenario(
    change: Mapping[str, str | None], selected: set[str] | str, files: Mapping[str, str] | None = None
) -> Scenario:
    return Scenario(
        files=files or {}, change=change, selected=selected if isinstance(selected, str) else frozenset(selected)
    )


def put(folder: Path, files: Mapping[str, str | None]) -> None:
    for name, text in files.items():
        file = folder / name
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text), encoding="utf-8")


def commit(folder: Path) -> None:
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], [*IDENTITY, "commit", "-q", "-m", "as it was"]):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)


def endings(folder: Path) -> dict[str, str]:
    """How each test of a project ends, by `file::name`; a file that cannot be collected is its path."""
    report = folder.parent / "report.xml"
    report.unlink(missing_ok=True)
    kept = {name: value for name, value in os.environ.items() if not re.match("PYTEST_|COVERAGE_|PYTHONPATH$", name)}
    subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "junit_family=xunit1",
         f"--junit-xml={report}", f"--rootdir={folder}", "--continue-on-collection-errors"],
        cwd=folder, env=kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    if not report.exists():
        # A plugin that cannot be imported stops pytest before any test.
        return {path.relative_to(folder).as_posix(): "not run" for path in folder.glob("tests/**/test_*.py")}
    found: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - it is ours
        file = case.get("file") or case.get("name", "").replace(".", "/") + ".py"
        name = f"{file}::{case.get('name')}" if case.get("file") else file
        found[name] = next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed")
    return found


def noticing(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """The files of tests with one that ends otherwise after a change than before it, or was not there."""
    return {name.partition("::")[0] for name, ending in after.items() if before.get(name) != ending}
