"""What becomes of selections in repositories that cannot tell everything: whatever test ends otherwise is selected."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from attrs import evolve
from changed_projects import IDENTITY, commit, endings, noticing, put
from testflow_git_selector import GitChanges, SelectByChange

from testflow_core.model import Application, Context, TestCase

if TYPE_CHECKING:
    from pathlib import Path

    from testflow_core.model import Choice

FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": "TAX = 20\n",
    "tests/test_prices.py": "from shop.prices import TAX\n\ndef test_tax():\n    assert TAX == 20\n",
    "tests/test_other.py": "def test_other():\n    pass\n",
    "pytest.ini": "[pytest]\npythonpath = .\n",
    ".gitignore": "__pycache__\n",
}


def git(folder: Path, *words: str) -> str:
    command = ["git", *IDENTITY, "-c", "protocol.file.allow=always", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def choices(folder: Path, base: str | None = None) -> list[Choice]:
    application = Application(name="shop", path=folder, base=base)
    context = Context(application=application, change=GitChanges().changes(application))
    context = evolve(context, evidence=SelectByChange().gather(context))
    files = sorted(path.relative_to(folder).as_posix() for path in folder.glob("tests/**/test_*.py"))
    return [*SelectByChange().select([TestCase(application="shop", file=file) for file in files], context)]


def test_in_a_shallow_clone_all_run_and_it_is_said_what_is_missing(tmp_path: Path):
    origin, clone = tmp_path / "origin", tmp_path / "shop"
    put(origin, FILES)
    commit(origin)
    base = git(origin, "rev-parse", "HEAD")
    put(origin, {"shop/prices.py": "TAX = 7\n"})
    git(origin, "commit", "-q", "-a", "-m", "as it is")
    git(tmp_path, "clone", "-q", "--depth=1", origin.as_uri(), "shop")
    found = choices(clone, base)
    assert all(choice.selected for choice in found)
    lacks = f"the clone is shallow and lacks the base '{base}'; git fetch --unshallow gets it"
    assert {choice.reason for choice in found} == {f"what changed in shop is not known: {lacks}: all tests run"}
    git(clone, "fetch", "-q", "--unshallow")
    assert [choice.test.file for choice in choices(clone, base) if choice.selected] == ["tests/test_prices.py"]


def test_a_changed_submodule_runs_all_tests(tmp_path: Path):
    library, project = tmp_path / "library", tmp_path / "shop"
    put(library, {"rates.py": "RATE = 20\n"})
    commit(library)
    put(project, {**FILES, "shop/prices.py": "from library.rates import RATE as TAX\n"})
    git(project, "init", "-q", "-b", "main")
    git(project, "submodule", "--quiet", "add", library.as_uri(), "library")
    commit(project)
    before = endings(project)
    assert not any(choice.selected for choice in choices(project))
    put(project, {"library/rates.py": "RATE = 7\n"})
    found = choices(project)
    assert noticing(before, endings(project)) == {"tests/test_prices.py"}
    assert {choice.reason for choice in found if choice.selected} == {
        "library changed and nothing says which tests it concerns: all tests run"
    }
    assert all(choice.selected for choice in found)


def test_on_a_detached_head_the_change_since_the_main_branch_counts(tmp_path: Path):
    project = tmp_path / "shop"
    put(project, FILES)
    commit(project)
    git(project, "checkout", "-q", "--detach")
    put(project, {"shop/prices.py": "TAX = 7\n"})
    git(project, "commit", "-q", "-a", "-m", "as it is")
    assert [choice.test.file for choice in choices(project) if choice.selected] == ["tests/test_prices.py"]
