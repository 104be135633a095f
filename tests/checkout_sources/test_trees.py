"""What a checkout has is named by the hash of its git tree, committed or not."""

import subprocess

import pytest
from repositories import commit, git, repository_at

from testflow_core.builtin.checkout_sources.local import LocalCheckouts


@pytest.fixture
def repository(tmp_path):
    return repository_at(tmp_path / "shop")


@pytest.fixture
def tree(tmp_path):
    return LocalCheckouts(workspace=tmp_path, cache=tmp_path / "cache").tree


def test_a_clean_checkout_has_the_name_of_its_commits_tree(repository, tree):
    assert tree(repository) == git(repository, "rev-parse", "HEAD^{tree}")


@pytest.mark.parametrize("name", ["a.py", "new.py", "odd \udcff name\n.py"])
def test_what_is_not_committed_changes_the_name_and_committing_it_does_not(repository, tree, name):
    before = tree(repository)
    (repository / name).write_text("a = 2\n")
    dirty = tree(repository)
    assert dirty not in {"", before}
    commit(repository, {name: "a = 2\n"})
    assert tree(repository) == dirty


def test_a_file_put_back_gives_the_name_back(repository, tree):
    before = tree(repository)
    (repository / "a.py").unlink()
    assert tree(repository) != before
    (repository / "a.py").write_text("a = 1\n")
    assert tree(repository) == before


@pytest.mark.parametrize("left", [".testflow/history.db", "tests/__pycache__/test_a.pyc", "ignored/b.log"])
def test_what_runs_leave_behind_and_what_git_ignores_does_not_change_the_name(repository, tree, left):
    commit(repository, {".gitignore": "ignored/\n"})
    before = tree(repository)
    (repository / left).parent.mkdir(parents=True)
    (repository / left).write_text("left")
    assert tree(repository) == before


def test_a_folder_of_a_repository_has_the_name_of_the_whole_for_tests_may_use_what_is_beside_it(repository, tree):
    commit(repository, {"one/a.py": "", "two/b.py": ""})
    before = tree(repository / "one")
    (repository / "two/b.py").write_text("b = 1\n")
    assert tree(repository / "one") not in {"", before}


def test_the_repository_is_left_as_it_was(repository, tree):
    (repository / "new.py").write_text("a = 2\n")
    index, objects = (repository / ".git/index").read_bytes(), sorted((repository / ".git/objects").rglob("*"))
    assert tree(repository)
    assert (repository / ".git/index").read_bytes() == index
    assert sorted((repository / ".git/objects").rglob("*")) == objects
    assert git(repository, "status", "--porcelain") == "?? new.py"


def test_a_linked_worktree_has_a_name_of_its_own(repository, tree, tmp_path):
    git(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "other"))
    assert tree(tmp_path / "other") == tree(repository)
    (tmp_path / "other/a.py").write_text("a = 3\n")
    assert tree(tmp_path / "other") != tree(repository)


def test_a_repository_without_a_commit_has_a_name(tmp_path, tree):
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "--quiet")
    assert tree(tmp_path / "empty")


def test_what_git_cannot_name_has_no_name(repository, tree, tmp_path, monkeypatch):
    (tmp_path / "plain").mkdir()
    assert not tree(tmp_path / "plain")
    (repository / ".git/HEAD").write_text("broken")
    assert not tree(repository)
    monkeypatch.setenv("PATH", "")
    assert not tree(repository)


def test_submodules_have_no_name_for_what_changed_in_them_is_not_in_the_tree(repository, tree, tmp_path):
    repository_at(tmp_path / "library")
    url = str(tmp_path / "library")
    subprocess.run(
        ["git", "-c", "protocol.file.allow=always", "-C", str(repository), "submodule", "--quiet", "add", url],
        check=True,
        capture_output=True,
    )
    assert not tree(repository)
