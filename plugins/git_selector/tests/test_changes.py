"""The change source `git`, on real repositories."""

import os
import py_compile
import select
import subprocess
from datetime import timedelta
from pathlib import Path
from py_compile import PycInvalidationMode

import pytest
from testflow_git_selector import GitChanges

from testflow_core.interfaces import TellsLines
from testflow_core.model import Application, Change

IDENTITY = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")


def git(directory: Path, *arguments: str) -> str:
    command = ["git", "-C", str(directory), *IDENTITY, "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def write(directory: Path, *names: str, text: str = "text\n") -> None:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


def commit(repository: Path, *names: str, text: str = "text\n") -> str:
    write(repository, *names, text=text)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "a commit")
    return git(repository, "rev-parse", "HEAD")


def changes(checkout: Path, base: str | None = None) -> Change:
    return GitChanges().changes(Application(name="pay", path=checkout, base=base))


def program(path: Path, marker: Path) -> str:
    path.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    directory = tmp_path / "repository"
    directory.mkdir()
    git(directory, "init", "--quiet", "--initial-branch=main")
    commit(directory, "src/a.py", "src/b.py", "apps/pay/c.py", "apps/user/d.py")
    return directory


class TestFiles:
    def test_bytecode_beside_its_source_is_no_change_of_its_own(self, repository: Path):
        py_compile.compile(str(repository / "src/a.py"))
        py_compile.compile(str(repository / "src/b.py"), invalidation_mode=PycInvalidationMode.CHECKED_HASH)
        commit(repository, "src/__pycache__/old.cpython-311.pyc")
        base = commit(repository, "other.txt")
        (repository / "src/__pycache__/old.cpython-311.pyc").unlink()
        assert changes(repository, base=base).files == ()

    def test_bytecode_without_a_source_or_never_compared_with_it_is_a_change(self, repository: Path):
        py_compile.compile(str(repository / "src/a.py"), cfile=str(repository / "src/alone.pyc"))
        unchecked = py_compile.compile(
            str(repository / "src/b.py"), invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
        )
        assert unchecked is not None
        write(repository, "src/__pycache__/notes.txt")
        kept = Path(unchecked).relative_to(repository).as_posix()
        assert changes(repository).files == tuple(sorted(["src/__pycache__/notes.txt", kept, "src/alone.pyc"]))

    def test_nothing_changed_is_no_file(self, repository: Path):
        head = git(repository, "rev-parse", "HEAD")
        expected = Change(
            application="pay", files=(), reason="git, compared with HEAD", base=head, head=head, on_main=True
        )
        assert changes(repository) == expected

    def test_a_state_of_the_main_branch_has_nothing_of_its_own(self, repository: Path):
        commit(repository, "src/more.py")
        git(repository, "checkout", "--quiet", "-b", "mine", "HEAD~")
        assert changes(repository).on_main is True
        assert changes(repository, base="HEAD").on_main is None
        write(repository, "src/a.py", text="edited\n")
        assert changes(repository).on_main is False
        commit(repository)
        assert changes(repository).on_main is False

    def test_edited_staged_untracked_and_deleted_files_are_changed(self, repository: Path):
        write(repository, "src/a.py", text="edited\n")
        write(repository, "src/staged.py", "new/untracked.py")
        git(repository, "add", "src/staged.py")
        (repository / "src/b.py").unlink()
        assert changes(repository).files == ("new/untracked.py", "src/a.py", "src/b.py", "src/staged.py")

    def test_a_renamed_file_is_its_old_name_and_its_new_one(self, repository: Path):
        git(repository, "mv", "src/a.py", "src/z.py")
        assert changes(repository).files == ("src/a.py", "src/z.py")

    def test_an_ignored_file_is_not_changed(self, repository: Path):
        commit(repository, ".gitignore", text="*.log\n")
        write(repository, "run.log")
        assert changes(repository).files == ()

    def test_a_touched_file_is_not_changed(self, repository: Path):
        os.utime(repository / "src/a.py", (0, 0))
        assert changes(repository).files == ()

    @pytest.mark.parametrize(
        "name", ["größe.py", "日本/テスト.py", 'a "quoted" name.py', "line\nbreak.py", "-x.py", "a*.py"]
    )
    def test_any_name_is_told_as_it_is(self, repository: Path, name: str):
        commit(repository, name)
        write(repository, name, text="edited\n")
        assert changes(repository).files == (name,)
        git(repository, "rm", "--quiet", "--cached", "--", f":(literal){name}")
        assert changes(repository).files == (name,)

    def test_a_name_that_is_no_text_is_told_as_the_file_system_does(self, repository: Path):
        name = os.fsdecode(b"\xff.py")
        write(repository, name)
        assert changes(repository).files == (name,)

    def test_a_submodule_is_its_folder(self, repository: Path, tmp_path: Path):
        git(tmp_path, "clone", "--quiet", str(repository), "library")
        git(repository, "submodule", "--quiet", "add", "../library", "libs/library")
        commit(repository)
        assert changes(repository).files == ()
        write(repository / "libs/library", "src/a.py", text="edited\n")
        assert changes(repository).files == ("libs/library",)

    def test_a_repository_that_is_not_tracked_is_its_folder(self, repository: Path):
        (repository / "nested").mkdir()
        git(repository / "nested", "init", "--quiet")
        commit(repository / "nested", "a.py")
        assert changes(repository).files == ("nested",)

    def test_of_a_folder_in_a_repository_only_files_below_it_are_told_by_their_path_in_it(self, repository: Path):
        write(repository, "apps/pay/c.py", "apps/user/d.py", "src/a.py", text="edited\n")
        write(repository, "apps/pay/new.py", "apps/user/new.py")
        for base in (None, "HEAD"):
            assert changes(repository / "apps" / "pay", base=base).files == ("c.py", "new.py")

    def test_a_file_moved_into_the_folder_is_new_in_it(self, repository: Path):
        git(repository, "mv", "src/a.py", "apps/pay/a.py")
        assert changes(repository / "apps" / "pay").files == ("a.py",)

    def test_settings_of_the_repository_change_nothing(self, repository: Path):
        for setting in ("diff.renames=copies", "core.quotePath=true", "diff.relative=false", "color.ui=always"):
            git(repository, "config", *setting.split("="))
        git(repository, "mv", "src/a.py", "src/ä.py")
        assert changes(repository).files == ("src/a.py", "src/ä.py")


class TestBase:
    def test_a_declared_base_is_compared_with(self, repository: Path):
        base = git(repository, "rev-parse", "HEAD")
        head = commit(repository, "src/new.py")
        change = changes(repository, base="HEAD~1")
        assert change == Change(
            application="pay", files=("src/new.py",), reason="git, compared with HEAD~1", base=base, head=head
        )

    def test_on_the_main_branch_only_what_is_not_committed_is_changed(self, repository: Path):
        commit(repository, "src/new.py")
        assert changes(repository).files == ()

    def test_on_another_branch_all_since_it_left_the_main_branch_is_changed(self, repository: Path):
        left = git(repository, "rev-parse", "HEAD")
        git(repository, "switch", "--quiet", "--create", "feature")
        commit(repository, "src/feature.py")
        git(repository, "switch", "--quiet", "main")
        commit(repository, "src/main.py")
        git(repository, "switch", "--quiet", "feature")
        change = changes(repository)
        assert change.files == ("src/feature.py",)
        assert change.base == left
        assert change.reason == "git, compared with where HEAD left main"

    def test_the_main_branch_of_the_origin_comes_first(self, repository: Path, tmp_path: Path):
        git(tmp_path, "clone", "--quiet", str(repository), "clone")
        commit(tmp_path / "clone", "src/not_pushed.py")
        change = changes(tmp_path / "clone")
        assert change.files == ("src/not_pushed.py",)
        assert change.reason == "git, compared with where HEAD left origin/HEAD"

    def test_a_main_branch_called_master_is_known(self, repository: Path):
        git(repository, "branch", "--move", "main", "master")
        git(repository, "switch", "--quiet", "--create", "feature")
        commit(repository, "src/feature.py")
        assert changes(repository).files == ("src/feature.py",)

    def test_a_clone_without_branches_of_its_own_knows_the_main_branch_of_the_origin(
        self, repository: Path, tmp_path: Path
    ):
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", str(repository), "clone")
        git(clone, "switch", "--quiet", "--detach")
        git(clone, "branch", "--quiet", "--delete", "main")
        git(clone, "remote", "set-head", "origin", "--delete")
        commit(clone, "src/feature.py")
        assert changes(clone).files == ("src/feature.py",)


class TestWhereGitCannotSay:
    @pytest.mark.parametrize("base", ["missing", "v1.0", "--output=stolen", "-x", "nul\0byte", "0" * 40])
    def test_an_unknown_base_is_named(self, repository: Path, base: str):
        change = changes(repository, base=base)
        assert change.files is None
        assert change.reason == f"git does not know the base {base!r}"
        assert sorted(path.name for path in repository.iterdir()) == [".git", "apps", "src"]

    def test_a_shallow_clone_that_lacks_the_base_says_how_to_get_it(self, repository: Path, tmp_path: Path):
        base = git(repository, "rev-parse", "HEAD")
        commit(repository, "src/new.py")
        git(tmp_path, "clone", "--quiet", "--depth=1", repository.as_uri(), "clone")
        change = changes(tmp_path / "clone", base=base)
        assert change.files is None
        assert "the clone is shallow and lacks the base" in change.reason
        assert "--unshallow" in change.reason

    def test_a_shallow_clone_that_lacks_the_common_commit_says_how_to_get_it(self, repository: Path, tmp_path: Path):
        git(repository, "switch", "--quiet", "--create", "feature")
        commit(repository, "src/feature.py")
        git(repository, "switch", "--quiet", "main")
        commit(repository, "src/main.py")
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", repository.as_uri(), "clone")
        git(clone, "switch", "--quiet", "feature")
        assert changes(clone).files is None
        assert "the clone is shallow and lacks the base that HEAD and origin/HEAD share" in changes(clone).reason

    def test_no_main_branch_is_said(self, repository: Path):
        git(repository, "branch", "--move", "main", "trunk")
        assert changes(repository).files is None
        assert "give the application a base" in changes(repository).reason

    def test_no_common_commit_is_said(self, repository: Path):
        git(repository, "switch", "--quiet", "--orphan", "other")
        commit(repository, "src/x.py")
        assert changes(repository).files is None
        assert "HEAD and main have no commit in common" in changes(repository).reason

    def test_no_commit_yet_is_said(self, tmp_path: Path):
        git(tmp_path, "init", "--quiet")
        assert changes(tmp_path) == Change(
            application="pay", files=None, reason="the repository has no commit yet", base=None
        )

    def test_no_repository_is_said(self, tmp_path: Path):
        assert changes(tmp_path).reason == f"{tmp_path} is in no git repository"
        assert changes(tmp_path).files is None

    def test_a_bare_repository_is_no_checkout(self, repository: Path, tmp_path: Path):
        git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare.git")
        assert changes(tmp_path / "bare.git").files is None
        assert "work tree" in changes(tmp_path / "bare.git").reason

    @pytest.mark.parametrize("ignored", [True, False])
    def test_a_folder_that_the_repository_around_it_does_not_track_is_said(self, repository: Path, *, ignored: bool):
        if ignored:
            commit(repository, ".gitignore", text="work/\n")
        write(repository, "work/pay/a.py")
        change = changes(repository / "work" / "pay")
        assert change.files is None
        assert "is not tracked by the git repository around it" in change.reason

    @pytest.mark.parametrize("path", [None, Path("missing")])
    def test_no_checkout_is_said(self, path: Path | None):
        change = GitChanges().changes(Application(name="pay", path=path))
        assert change.files is None
        assert change.reason == "pay has no checkout to ask git about"

    def test_a_missing_git_is_said(self, repository: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("PATH", str(repository))
        assert changes(repository).files is None
        assert changes(repository).reason == "git is not installed"

    def test_a_damaged_repository_is_said_in_the_words_of_git(self, repository: Path):
        (repository / ".git" / "index").write_bytes(b"nonsense")
        assert changes(repository).files is None
        assert "index" in changes(repository).reason

    def test_git_is_stopped_with_its_children_when_its_time_is_up(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        programs = tmp_path / "programs"
        programs.mkdir()
        for fifo in ("never", "alive"):
            os.mkfifo(tmp_path / fifo)
        (programs / "git").write_text(f"#!/bin/sh\nexec 3>'{tmp_path}/alive'\ncat '{tmp_path}/never'\n")
        (programs / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
        ended = select.poll()
        ended.register(alive, select.POLLHUP)
        change = GitChanges(timeout=timedelta(seconds=1)).changes(Application(name="pay", path=repository))
        assert change.files is None
        assert change.reason == "git rev-parse was stopped after 1 s"
        assert ended.poll(10_000) == [(alive, select.POLLHUP)]
        os.close(alive)

    def test_an_endless_answer_is_not_read(self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        programs = tmp_path / "programs"
        programs.mkdir()
        (programs / "git").write_text("#!/bin/sh\nhead --bytes=70000000 /dev/zero\n")
        (programs / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        assert changes(repository).reason == "git rev-parse said more than 67,108,864 bytes"


class TestSafety:
    """Nothing that a repository configures is run."""

    @pytest.mark.parametrize("setting", ["core.fsmonitor", "diff.external", "core.pager", "pager.diff"])
    def test_programs_of_the_configuration_are_not_run(self, repository: Path, tmp_path: Path, setting: str):
        marker = tmp_path / "marker"
        git(repository, "config", setting, program(tmp_path / "program", marker))
        write(repository, "src/a.py", text="edited\n")
        assert changes(repository).files == ("src/a.py",)
        assert not marker.exists()

    @pytest.mark.parametrize(
        ("attribute", "setting"),
        [
            ("diff=evil", "diff.evil.textconv"),
            ("diff=evil", "diff.evil.command"),
            ("filter=evil", "filter.evil.clean"),
            ("filter=evil", "filter.evil.process"),
            ("filter=e.v.il", "filter.e.v.il.clean"),
        ],
    )
    def test_programs_of_attributes_are_not_run(self, repository: Path, tmp_path: Path, attribute: str, setting: str):
        commit(repository, ".gitattributes", text=f"* {attribute}\n")
        marker = tmp_path / "marker"
        git(repository, "config", setting, program(tmp_path / "program", marker))
        git(repository, "config", f"{setting.rpartition('.')[0]}.required", "true")
        write(repository, "src/a.py", text="ABCD\n")
        os.utime(repository / "src/b.py", (0, 0))
        assert changes(repository).files == ("src/a.py",)
        assert not marker.exists()

    def test_a_filter_that_cannot_be_switched_off_leaves_the_change_unknown(self, repository: Path, tmp_path: Path):
        git(repository, "config", "filter.e=vil.clean", program(tmp_path / "program", tmp_path / "marker"))
        assert changes(repository).files is None
        assert "filter.e=vil.clean" in changes(repository).reason

    def test_a_filter_of_the_user_is_run(self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        (tmp_path / "user").write_text('[filter "upper"]\n\tclean = tr a-z A-Z\n')
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "user"))
        commit(repository, ".gitattributes", text="upper.txt filter=upper\n")
        commit(repository, "upper.txt", text="text\n")
        write(repository, "upper.txt", text="TEXT\n")
        assert changes(repository).files == ()

    @pytest.mark.parametrize("hook", ["post-index-change", "post-checkout", "fsmonitor-watchman"])
    def test_hooks_are_not_run(self, repository: Path, tmp_path: Path, hook: str):
        (repository / ".git" / "hooks").mkdir(exist_ok=True)
        program(repository / ".git" / "hooks" / hook, tmp_path / "marker")
        os.utime(repository / "src/a.py", (0, 0))
        assert changes(repository).files == ()
        assert not (tmp_path / "marker").exists()

    def test_programs_of_a_submodule_are_not_run(self, repository: Path, tmp_path: Path):
        git(tmp_path, "clone", "--quiet", str(repository), "library")
        git(repository, "submodule", "--quiet", "add", "../library", "library")
        commit(repository)
        git(repository / "library", "config", "core.fsmonitor", program(tmp_path / "program", tmp_path / "marker"))
        write(repository / "library", "src/a.py", text="edited\n")
        assert changes(repository).files == ("library",)
        assert not (tmp_path / "marker").exists()

    def test_git_variables_of_a_surrounding_hook_do_not_mislead(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        other = tmp_path / "other"
        other.mkdir()
        git(other, "init", "--quiet")
        write(repository, "src/a.py", text="edited\n")
        monkeypatch.setenv("GIT_DIR", str(other / ".git"))
        monkeypatch.setenv("GIT_EXTERNAL_DIFF", program(tmp_path / "program", tmp_path / "marker"))
        assert changes(repository).files == ("src/a.py",)
        assert not (tmp_path / "marker").exists()


class TestLines:
    @pytest.fixture
    def changed(self, repository: Path) -> Path:
        """A file of ten lines, of which a branch has changed two in commits, one on disk, and taken one away."""
        commit(repository, "src/a.py", text="".join(f"line {at}\n" for at in range(1, 11)))
        git(repository, "checkout", "--quiet", "-b", "mine")
        text = (repository / "src/a.py").read_text()
        commit(repository, "src/a.py", text=text.replace("line 2\n", "second\n").replace("line 3\n", "third\n"))
        text = (repository / "src/a.py").read_text()
        commit(repository, "src/a.py", text=text.replace("third\n", "3rd\n"))
        text = (repository / "src/a.py").read_text()
        write(repository, "src/a.py", text=text.replace("line 6\n", "").replace("line 9\n", "ninth\n"))
        return repository

    def told(self, repository: Path, file: str = "src/a.py", base: str | None = None):
        application = Application(name="pay", path=repository, base=base)
        source = GitChanges()
        assert isinstance(source, TellsLines)
        return [*source.changed_lines(application, source.changes(application), file)]

    def test_lines_are_told_with_the_commits_that_wrote_them(self, changed: Path):
        found = self.told(changed)
        assert [(each.first, each.last, each.author, bool(each.commit)) for each in found] == [
            (2, 2, "Tester", True),
            (3, 3, "Tester", True),
            (6, 5, "", False),
            (8, 8, "", False),
        ]
        assert {each.summary for each in found} == {"a commit", ""}
        assert len({each.commit for each in found}) == 3

    def test_a_new_file_is_all_its_lines_and_nobodys_before_it_is_committed(self, changed: Path):
        write(changed, "src/new.py", text="one\ntwo\n")
        assert self.told(changed, "src/new.py") == []
        git(changed, "add", "src/new.py")
        assert [(each.first, each.last, each.commit) for each in self.told(changed, "src/new.py")] == [(1, 2, "")]

    def test_a_file_that_is_gone_or_of_another_name_has_no_lines(self, changed: Path):
        assert self.told(changed, "no/such.py") == []
        (changed / "src/b.py").unlink()
        assert [(each.first, each.last) for each in self.told(changed, "src/b.py")] == [(1, 0)]

    @pytest.mark.parametrize("file", ["--output=x", ":(top)src/a.py", "a\0b", "../outside.py"])
    def test_an_odd_name_is_no_option_and_no_pattern(self, changed: Path, file: str):
        assert self.told(changed, file) == []
        assert not (changed / "x").exists()

    def test_lines_of_a_checkout_below_the_repository_are_told(self, changed: Path):
        write(changed, "apps/pay/c.py", text="changed\n")
        (found,) = self.told(changed / "apps/pay", "c.py")
        assert (found.file, found.first, found.last) == ("c.py", 1, 1)

    def test_nothing_that_the_repository_configures_is_run(self, changed: Path, tmp_path: Path):
        marker = tmp_path / "ran"
        tool = program(tmp_path / "tool.sh", marker)
        write(changed, ".gitattributes", text="*.py diff=mine filter=mine\n")
        for key in ("diff.mine.textconv", "diff.mine.command", "filter.mine.clean", "blame.ignoreRevsFile"):
            git(changed, "config", key, tool)
        self.told(changed)
        assert not marker.exists()

    def test_without_a_base_or_a_checkout_nothing_is_told(self, tmp_path: Path):
        assert self.told(tmp_path) == []
        change = Change(application="pay", files=("a.py",), reason="declared", base="HEAD")
        assert [*GitChanges().changed_lines(Application(name="pay"), change, "a.py")] == []
        application = Application(name="pay", path=tmp_path)
        assert [*GitChanges().changed_lines(application, change, "a.py")] == []
