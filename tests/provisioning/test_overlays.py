"""Copies that cost what is changed of them: seen by what a supervisor starts, by nobody else, and gone with it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testflow_core.provisioning.namespaces import LEASES, NAMESPACES, SUBREAPER
from testflow_core.provisioning.process_tree import descendants
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    AllEnd = Callable[[Sequence[int]], bool]
    Python = Callable[[str], list[str]]

CHANGE = """
from pathlib import Path
Path("copy/old").write_text(Path("copy/old").read_text() + " and new")
Path("copy/gone").unlink()
"""
CHECK = """
import os, sys
from pathlib import Path
sys.exit(0 if os.listdir("copy") == ["old"] and Path("copy/old").read_text() == "old and new" else 3)
"""


@pytest.fixture
def lower(tmp_path: Path) -> Path:
    directory = tmp_path / "lower"
    directory.mkdir()
    for name in ("old", "gone"):
        (directory / name).write_text("old")
    return directory


@pytest.fixture
def private(tmp_path: Path) -> Path:
    directory = tmp_path / "private"
    directory.mkdir()
    return directory


def ended(supervisor: Supervisor, argv: list[str], cwd: Path, *, unprivileged: bool = True) -> int | None:
    """The exit status of a program that ends by itself."""
    process = supervisor.spawn(argv, cwd=cwd, env={}, unprivileged=unprivileged)
    try:
        return process.wait(30)
    finally:
        process.end(0)


@pytest.mark.usefixtures("namespaces_here")
def test_what_one_program_changes_the_next_finds_and_nobody_else(lower: Path, private: Path, python: Python):
    with Supervisor(remove=[private], tier=NAMESPACES) as supervisor:
        assert supervisor.overlay(lower, private / "copy")
        assert ended(supervisor, python(CHANGE), private) == 0
        assert ended(supervisor, python(CHECK), private) == 0
        assert not list((private / "copy").iterdir())
        assert {each.name: each.read_text() for each in lower.iterdir()} == {"old": "old", "gone": "old"}
    assert not private.exists()


@pytest.mark.usefixtures("namespaces_here")
def test_a_supervisor_alone_removes_it_too(lower: Path, private: Path, python: Python, all_end: AllEnd):
    with Supervisor(remove=[private], tier=NAMESPACES) as supervisor:
        assert supervisor.overlay(lower, private / "copy")
        assert ended(supervisor, python(CHANGE), private) == 0
        family = descendants(os.getpid())
        guardian = next(each.pid for each in family if each.parent == os.getpid())
        os.kill(guardian, signal.SIGKILL)
        assert all_end([each.pid for each in family])
    assert not private.exists()
    assert {each.read_text() for each in lower.iterdir()} == {"old"}


@pytest.mark.usefixtures("namespaces_here")
def test_a_layer_that_cannot_be_shown_is_taken_away_again(tmp_path: Path, private: Path):
    # The kernel takes no processes for a layer.
    lower = tmp_path / "lower"
    lower.mkdir()
    with Supervisor(remove=[private], tier=NAMESPACES) as supervisor:
        assert not supervisor.overlay(Path("/proc/self"), private / "copy")
        assert not list(private.iterdir())
        assert supervisor.overlay(lower, private / "copy")


@pytest.mark.usefixtures("namespaces_here")
def test_what_the_kernel_cannot_show_is_refused_and_leaves_nothing(lower: Path, private: Path, python: Python):
    with Supervisor(remove=[private], tier=NAMESPACES) as supervisor:
        assert not supervisor.overlay(lower / "none", private / "copy")
        assert not supervisor.overlay(lower, private / "a,b")
        assert not list(private.iterdir())
        assert supervisor.overlay(lower, private / "copy")
        # What is shown already is no new place.
        assert not supervisor.overlay(lower, private / "copy")
        assert ended(supervisor, python(CHANGE), private) == 0


@pytest.mark.parametrize("tier", [SUBREAPER, LEASES])
def test_without_namespaces_there_is_none(tier: str, lower: Path, private: Path):
    with Supervisor(remove=[private], tier=tier) as supervisor:
        assert not supervisor.overlay(lower, private / "copy")
        assert not list(private.iterdir())


FILL = """
from pathlib import Path
Path("memory/lower").mkdir()
for name in ("old", "gone"):
    Path("memory/lower", name).write_text("old")
"""


@pytest.mark.usefixtures("namespaces_here")
def test_files_in_memory_are_seen_by_what_is_started_alone_and_can_be_shown_again(private: Path, python: Python):
    with Supervisor(remove=[private], tier=NAMESPACES) as supervisor:
        assert supervisor.memory(private / "memory")
        assert ended(supervisor, python(FILL), private) == 0
        assert not list((private / "memory").iterdir())
        assert supervisor.overlay(private / "memory" / "lower", private / "copy")
        assert ended(supervisor, python(CHANGE), private) == 0
        assert ended(supervisor, python(CHECK), private) == 0
    assert not private.exists()


@pytest.mark.usefixtures("namespaces_here")
def test_what_is_there_is_no_place_for_files_in_memory(private: Path):
    (private / "memory").mkdir()
    with Supervisor(remove=[private], tier=NAMESPACES) as supervisor:
        assert not supervisor.memory(private / "memory")
        assert supervisor.memory(private / "other")


@pytest.mark.parametrize("tier", [SUBREAPER, LEASES])
def test_without_namespaces_no_files_are_in_memory(tier: str, private: Path):
    with Supervisor(remove=[private], tier=tier) as supervisor:
        assert not supervisor.memory(private / "memory")
        assert not list(private.iterdir())
