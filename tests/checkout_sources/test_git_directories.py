"""The checkout source `git` on repositories of this machine."""

import fcntl
import os
import select
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from repositories import commit, git, repository_at

from testflow_core.builtin.checkout_sources.git import GitCheckouts
from testflow_core.errors import ApplicationUnavailableError
from testflow_core.model import Application


def test_a_repository_in_the_workspace_is_cloned_into_the_cache(clones: GitCheckouts, workspace: Path, cache: Path):
    repository_at(workspace / "origins" / "pay")
    checkout = clones.checkout(Application(name="pay", repository="origins/pay"))
    assert checkout.parent == cache
    assert checkout.name.startswith("pay-")
    assert (checkout / "a.py").read_text() == "a = 1\n"


def test_a_bare_repository_is_cloned_and_its_main_branch_known(clones: GitCheckouts, workspace: Path, tmp_path: Path):
    git(tmp_path, "clone", "--quiet", "--bare", str(repository_at(tmp_path / "o")), str(workspace / "pay.git"))
    checkout = clones.checkout(Application(name="pay", repository="pay.git"))
    assert (checkout / "a.py").is_file()
    assert git(checkout, "rev-parse", "--symbolic-full-name", "origin/HEAD") == "refs/remotes/origin/main"


def test_a_bare_repository_with_a_detached_head_is_cloned(clones: GitCheckouts, workspace: Path, tmp_path: Path):
    git(tmp_path, "clone", "--quiet", "--bare", str(repository_at(tmp_path / "o")), str(workspace / "pay.git"))
    git(workspace / "pay.git", "update-ref", "--no-deref", "HEAD", git(workspace / "pay.git", "rev-parse", "main"))
    assert (clones.checkout(Application(name="pay", repository="pay.git")) / "a.py").is_file()


def test_what_somebody_works_on_is_not_taken_for_the_main_branch(clones: GitCheckouts, workspace: Path):
    origin = repository_at(workspace / "origin")
    git(origin, "switch", "--quiet", "--create", "feature")
    commit(origin, {"b.py": ""})
    checkout = clones.checkout(Application(name="pay", repository="origin"))
    assert (checkout / "b.py").is_file()
    references = git(checkout, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes").splitlines()
    assert references == ["refs/remotes/origin/feature", "refs/remotes/origin/main"]


@pytest.mark.parametrize("host", ["", "localhost"])
def test_a_file_address_is_a_repository_of_this_machine(clones: GitCheckouts, tmp_path: Path, host: str):
    origin = repository_at(tmp_path / "with space é")
    checkout = clones.checkout(Application(name="pay", repository=f"file://{host}{quote(str(origin))}"))
    assert (checkout / "a.py").is_file()


def test_again_it_is_brought_to_the_commit_of_the_repository(clones: GitCheckouts, workspace: Path):
    origin = repository_at(workspace / "origin")
    application = Application(name="pay", repository="origin")
    checkout = clones.checkout(application)
    (checkout / "a.py").write_text("changed by a test")
    (checkout / "rubbish.txt").write_text("left by a test")
    head = commit(origin, {"b.py": "b = 1\n"})
    assert clones.checkout(application) == checkout
    assert git(checkout, "rev-parse", "HEAD") == head
    assert git(checkout, "status", "--porcelain") == ""
    assert (checkout / "b.py").is_file()


def test_again_it_keeps_what_the_repository_ignores(clones: GitCheckouts, workspace: Path):
    origin = repository_at(workspace / "origin")
    commit(origin, {".gitignore": ".venv/\n"})
    application = Application(name="pay", repository="origin")
    checkout = clones.checkout(application)
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "installed").write_text("")
    commit(origin, {"b.py": ""})
    clones.checkout(application)
    assert (checkout / ".venv" / "installed").is_file()


def test_rewritten_history_is_followed(clones: GitCheckouts, workspace: Path):
    origin = repository_at(workspace / "origin")
    application = Application(name="pay", repository="origin")
    clones.checkout(application)
    git(origin, "commit", "--quiet", "--amend", "--message", "another")
    assert git(clones.checkout(application), "rev-parse", "HEAD") == git(origin, "rev-parse", "HEAD")


def test_a_damaged_clone_is_made_anew(clones: GitCheckouts, workspace: Path):
    repository_at(workspace / "origin")
    application = Application(name="pay", repository="origin")
    checkout = clones.checkout(application)
    shutil.rmtree(checkout / ".git")
    assert git(clones.checkout(application), "status", "--porcelain") == ""
    assert sorted(path.name for path in checkout.parent.iterdir()) == [checkout.name, f"{checkout.name}.lock"]


def test_a_clone_that_a_killed_run_left_half_way_is_replaced(clones: GitCheckouts, workspace: Path):
    repository_at(workspace / "origin")
    application = Application(name="pay", repository="origin")
    checkout = clones.checkout(application)
    (checkout / ".git" / "index.lock").write_text("")
    checkout.with_name(f"{checkout.name}.part").mkdir()
    (checkout / "a.py").unlink()
    assert (clones.checkout(application) / "a.py").is_file()


def test_many_runs_at_once_get_one_whole_clone(clones: GitCheckouts, workspace: Path, cache: Path):
    repository_at(workspace / "origin")
    application = Application(name="pay", repository="origin")
    with ThreadPoolExecutor(4) as runs:
        checkouts = set(runs.map(clones.checkout, [application] * 8))
    (checkout,) = checkouts
    assert git(checkout, "status", "--porcelain") == ""
    assert sorted(path.name for path in cache.iterdir()) == [checkout.name, f"{checkout.name}.lock"]


def test_waiting_for_another_run_has_a_limit(workspace: Path, cache: Path):
    repository_at(workspace / "origin")
    application = Application(name="pay", repository="origin")
    checkout = GitCheckouts(workspace=workspace, cache=cache).checkout(application)
    impatient = GitCheckouts(workspace=workspace, cache=cache, timeout=timedelta(seconds=0.5))
    with checkout.with_name(f"{checkout.name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ApplicationUnavailableError, match=r"another run has held .* for more than 0\.5 s"):
            impatient.checkout(application)


def test_equal_names_of_different_repositories_do_not_meet(clones: GitCheckouts, workspace: Path):
    first, second = repository_at(workspace / "one"), repository_at(workspace / "two")
    commit(second, {"a.py": "a = 2\n"})
    checkouts = [clones.checkout(Application(name="pay", repository=origin.name)) for origin in (first, second)]
    assert [(checkout / "a.py").read_text() for checkout in checkouts] == ["a = 1\n", "a = 2\n"]


@pytest.mark.parametrize("name", ["../pay", "a/b", "x" * 300, "größe"])
def test_any_name_has_a_folder_of_its_own_in_the_cache(clones: GitCheckouts, workspace: Path, cache: Path, name: str):
    repository_at(workspace / "origin")
    assert clones.checkout(Application(name=name, repository="origin")).parent == cache


def test_a_directory_that_begins_with_a_dash_is_a_repository_like_any(clones: GitCheckouts, workspace: Path):
    repository_at(workspace / "--upload-pack=x")
    assert (clones.checkout(Application(name="pay", repository="--upload-pack=x")) / "a.py").is_file()


@pytest.mark.parametrize("inside", ["plain", "origin/folder"])
def test_a_directory_that_is_no_repository_of_its_own_is_unavailable(
    clones: GitCheckouts, workspace: Path, inside: str
):
    repository_at(workspace / "origin")
    (workspace / inside).mkdir()
    with pytest.raises(ApplicationUnavailableError, match=r"pay: .* not a git repository"):
        clones.checkout(Application(name="pay", repository=inside))


def test_a_repository_without_a_commit_is_unavailable(clones: GitCheckouts, workspace: Path, cache: Path):
    git(workspace, "init", "--quiet", "empty")
    with pytest.raises(ApplicationUnavailableError, match=r"pay: .*HEAD"):
        clones.checkout(Application(name="pay", repository="empty"))
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_hooks_are_not_run(clones: GitCheckouts, workspace: Path, tmp_path: Path):
    repository_at(workspace / "origin")
    application = Application(name="pay", repository="origin")
    checkout = clones.checkout(application)
    hook = checkout / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/marker'\n")
    hook.chmod(0o755)
    commit(workspace / "origin", {"b.py": ""})
    assert (clones.checkout(application) / "b.py").is_file()
    assert not (tmp_path / "marker").exists()


def test_git_variables_of_a_surrounding_hook_do_not_mislead(
    clones: GitCheckouts, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repository_at(workspace / "origin")
    other = repository_at(tmp_path / "other")
    before = git(other, "for-each-ref")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert (clones.checkout(Application(name="pay", repository="origin")) / "a.py").is_file()
    monkeypatch.delenv("GIT_DIR")
    assert git(other, "for-each-ref") == before


def test_a_missing_git_is_said(clones: GitCheckouts, workspace: Path, monkeypatch: pytest.MonkeyPatch):
    repository_at(workspace / "origin")
    monkeypatch.setenv("PATH", str(workspace))
    with pytest.raises(ApplicationUnavailableError, match="git is not installed"):
        clones.checkout(Application(name="pay", repository="origin"))


def test_git_is_stopped_with_its_children_when_its_time_is_up(
    workspace: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repository_at(workspace / "origin")
    programs = tmp_path / "programs"
    programs.mkdir()
    for fifo in ("never", "alive"):
        os.mkfifo(tmp_path / fifo)
    (programs / "git").write_text(f"#!/bin/sh\nexec 3>'{tmp_path}/alive'\ncat '{tmp_path}/never'\n")
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    clones = GitCheckouts(workspace=workspace, cache=cache, timeout=timedelta(seconds=1))
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    ended = select.poll()
    ended.register(alive, select.POLLHUP)
    with pytest.raises(ApplicationUnavailableError, match="stopped after 1 s"):
        clones.checkout(Application(name="pay", repository="origin"))
    assert ended.poll(10_000) == [(alive, select.POLLHUP)]
    os.close(alive)
