"""What changed though git does not look at it, lies above the checkout, or in a repository within."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
import test_script_locks as scripts
from changed_projects import commit, put
from script_lock_texts import npm_3
from test_changes import changes, git, program
from test_repositories import FILES, choices
from testflow_git_selector import GitChanges

from testflow_core.model import Application

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    put(tmp_path / "shop", {**FILES, "line\nbreak.txt": "one\n"})
    (tmp_path / "shop/link").symlink_to("pytest.ini")
    commit(tmp_path / "shop")
    return tmp_path / "shop"


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("file", ["shop/prices.py", "line\nbreak.txt"])
def test_a_file_that_git_is_told_not_to_look_at_is_changed_all_the_same(repository: Path, flag: str, file: str):
    git(repository, "update-index", flag, file, "tests/test_prices.py", "link")
    (repository / file).write_text("TAX = 7\n")
    assert file in (changes(repository).files or ())
    assert {*(changes(repository).files or ())} <= {file, "line\nbreak.txt"}


def test_a_link_that_git_is_told_not_to_look_at_is_where_it_leads(repository: Path):
    git(repository, "update-index", "--assume-unchanged", "link")
    assert changes(repository).files == ()
    (repository / "link").unlink()
    (repository / "link").symlink_to("shop/prices.py")
    assert changes(repository).files == ("link",)


def test_a_file_that_is_gone_and_not_looked_at_is_changed_unless_the_checkout_is_sparse(repository: Path):
    git(repository, "update-index", "--assume-unchanged", "shop/prices.py")
    git(repository, "update-index", "--skip-worktree", "pytest.ini")
    put(repository, {"shop/prices.py": None, "pytest.ini": None})
    assert changes(repository).files == ("shop/prices.py",)


def test_what_is_not_looked_at_selects_its_tests(repository: Path):
    git(repository, "update-index", "--assume-unchanged", "shop/prices.py")
    put(repository, {"shop/prices.py": "TAX = 7\n"})
    assert [choice.test.file for choice in choices(repository) if choice.selected] == ["tests/test_prices.py"]


@pytest.mark.parametrize("depth", [1, 2])
def test_filters_of_repositories_within_are_not_run(repository: Path, tmp_path: Path, depth: int):
    inner = repository
    for _ in range(depth):
        inner /= "inner"
        put(inner, {"a.txt": "one\n", ".gitattributes": "* filter=evil\n"})
        commit(inner)
        outer = inner.parent
        subprocess.run(["git", "-C", str(outer), "add", "inner"], check=True, capture_output=True)
        git(outer, "commit", "--quiet", "--message", "within")
    if depth > 1:
        git(repository, "commit", "--quiet", "--all", "--message", "within")
    assert changes(repository).files == ()
    git(inner, "config", "filter.evil.clean", program(tmp_path / "program", tmp_path / "marker"))
    put(inner, {"a.txt": "two\n"})
    assert changes(repository).files == ("inner",)
    application = Application(name="pay", path=repository)
    assert [*GitChanges().changed_lines(application, changes(repository), "inner")]
    assert not (tmp_path / "marker").exists()


def test_a_repository_within_that_was_not_fetched_is_no_change(repository: Path, tmp_path: Path):
    put(tmp_path / "library", {"a.txt": "one\n"})
    commit(tmp_path / "library")
    git(repository, "submodule", "--quiet", "add", str(tmp_path / "library"), "library")
    git(repository, "commit", "--quiet", "--message", "within")
    git(repository, "submodule", "--quiet", "deinit", "--force", "library")
    assert changes(repository).files == ()


APPS = {
    "apps/pay/package.json": '{"name": "pay"}',
    "apps/pay/test/pay.test.js": "import '../pay.js'\n",
    "apps/pay/pay.js": "",
    "apps/user/package.json": '{"name": "user"}',
    "apps/[a]/x.js": "",
    "package.json": '{"workspaces": ["apps/*"]}',
    "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1"}}}),
    "flow.py": "",
}


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("package-lock.json", "../../package-lock.json"),
        ("apps/conftest.py", "../conftest.py"),
        ("tsconfig.base.json", "../../tsconfig.base.json"),
        ("flow.py", None),
        ("README.md", None),
        ("apps/user/package.json", None),
    ],
)
@pytest.mark.parametrize("base", [None, "HEAD"])
def test_what_tools_look_for_in_the_folders_above_a_checkout_is_changed(
    tmp_path: Path, file: str, told: str | None, base: str | None
):
    put(tmp_path, APPS)
    commit(tmp_path)
    put(tmp_path, {file: "another\n"})
    assert changes(tmp_path / "apps/pay", base).files == ((told,) if told else ())
    assert told is None or changes(tmp_path / "apps/[a]").files == (told,)


def test_a_lock_file_above_a_checkout_concerns_who_imports_what_it_locks(tmp_path: Path):
    project = {f"apps/pay/{file}": text for file, text in scripts.PROJECT.items()}
    locks = [{"package-lock.json": npm_3({**scripts.LOCKED, "wire": version})} for version in ("1.0.0", "1.0.1")]
    put(tmp_path, {**project, **locks[0]})
    commit(tmp_path)
    put(tmp_path, locks[1])
    assert scripts.selected(tmp_path / "apps/pay").keys() == {scripts.CALL}
    put(tmp_path, {"package-lock.json": "{"})
    assert scripts.selected(tmp_path / "apps/pay").keys() == scripts.EVERY
