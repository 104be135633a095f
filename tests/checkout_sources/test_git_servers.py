"""The checkout source `git` with real servers on loopback."""

import os
import shutil
from pathlib import Path

import pytest
from git_servers import GitHttpServer, git_daemon, refusing_port
from repositories import commit, git, repository_at

from testflow_core.builtin.checkout_sources.git import GitCheckouts
from testflow_core.errors import ApplicationUnavailableError
from testflow_core.model import Application


def address(web: GitHttpServer, path: str = "pay/.git", user: str = "") -> str:
    return f"http://{user}127.0.0.1:{web.server_address[1]}/{path}"


def reason(clones: GitCheckouts, repository: str) -> str:
    """Why an application of this repository is unavailable."""
    with pytest.raises(ApplicationUnavailableError) as caught:
        clones.checkout(Application(name="pay", repository=repository))
    return str(caught.value)


@pytest.fixture
def origin(served: Path) -> Path:
    repository = repository_at(served / "pay")
    commit(repository, {"b.py": "b = 1\n"})
    git(repository, "tag", "v1")
    git(repository, "branch", "side", "HEAD~1")
    return repository


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a shell script of a name first on PATH."""
    directory = tmp_path / "programs"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")

    def put(name: str, script: str) -> Path:
        (directory / name).write_text(f"#!/bin/sh\n{script}\n")
        (directory / name).chmod(0o755)
        return directory / name

    return put


def test_a_repository_served_by_http_is_cloned_whole_and_its_main_branch_known(
    clones: GitCheckouts, web: GitHttpServer, origin: Path
):
    checkout = clones.checkout(Application(name="pay", repository=address(web)))
    assert (checkout / "b.py").read_text() == "b = 1\n"
    assert git(checkout, "rev-list", "--count", "HEAD") == "2"
    assert git(checkout, "tag") == "v1"
    assert git(checkout, "rev-parse", "--symbolic-full-name", "origin/HEAD") == "refs/remotes/origin/main"
    assert git(checkout, "merge-base", "HEAD", "origin/side") == git(origin, "rev-parse", "side")


def test_a_repository_served_by_git_daemon_is_cloned_and_brought_up_to_date(
    clones: GitCheckouts, served: Path, origin: Path
):
    with git_daemon(served) as port:
        application = Application(name="pay", repository=f"git://127.0.0.1:{port}/pay")
        checkout = clones.checkout(application)
        head = commit(origin, {"c.py": ""})
        git(origin, "branch", "--quiet", "--delete", "--force", "side")
        assert clones.checkout(application) == checkout
        assert git(checkout, "rev-parse", "HEAD") == head
        assert "origin/side" not in git(checkout, "branch", "--remotes")
        assert "has no such repository" in reason(clones, f"git://127.0.0.1:{port}/missing")


@pytest.mark.parametrize("form", ["ssh://git@127.0.0.1:2222{path}", "git@127.0.0.1:{path}"])
def test_ssh_is_told_to_ask_nothing(clones: GitCheckouts, origin: Path, program, tmp_path: Path, form: str):
    program("ssh", f'echo "$@" >> "{tmp_path}/told"; for command; do :; done; exec sh -c "$command"')
    checkout = clones.checkout(Application(name="pay", repository=form.format(path=origin)))
    assert (checkout / "b.py").is_file()
    told = (tmp_path / "told").read_text().splitlines()
    assert told
    assert all("-o BatchMode=yes" in line and "git@127.0.0.1" in line for line in told)


def test_a_users_own_ssh_command_is_kept(
    clones: GitCheckouts, origin: Path, program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program("ssh", f'echo "$@" >> "{tmp_path}/told"; for command; do :; done; exec sh -c "$command"')
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
    clones.checkout(Application(name="pay", repository=f"git@127.0.0.1:{origin}"))
    assert "-i key -o BatchMode=yes" in (tmp_path / "told").read_text()


def test_a_server_that_hangs_up_is_not_taken_for_a_damaged_clone(
    clones: GitCheckouts, web: GitHttpServer, origin: Path
):
    application = Application(name="pay", repository=address(web))
    checkout = clones.checkout(application)
    before = git(checkout, "rev-parse", "HEAD")
    commit(origin, {"c.txt": os.urandom(300_000).hex()})
    web.cut = 100_000
    said = reason(clones, address(web))
    assert "the connection to 127.0.0.1 broke off; try again" in said
    assert web.packs == 2
    assert git(checkout, "rev-parse", "HEAD") == before
    web.cut = None
    assert git(clones.checkout(application), "rev-parse", "HEAD") == git(origin, "rev-parse", "HEAD")
    assert not list((checkout / ".git" / "objects" / "pack").glob("tmp_*"))


def test_a_server_that_hangs_up_in_the_first_pack_leaves_no_half_clone(
    clones: GitCheckouts, web: GitHttpServer, origin: Path, cache: Path
):
    commit(origin, {"c.txt": os.urandom(300_000).hex()})
    web.cut = 100_000
    assert "the connection to 127.0.0.1 broke off" in reason(clones, address(web))
    assert [path.suffix for path in cache.iterdir()] == [".lock"]


def test_a_damaged_clone_of_a_remote_repository_is_made_anew(clones: GitCheckouts, web: GitHttpServer, origin: Path):
    application = Application(name="pay", repository=address(web))
    shutil.rmtree(clones.checkout(application) / ".git")
    assert git(clones.checkout(application), "rev-parse", "HEAD") == git(origin, "rev-parse", "HEAD")


def test_an_empty_repository_is_unavailable(clones: GitCheckouts, web: GitHttpServer, served: Path):
    git(served, "init", "--quiet", "empty")
    assert "has no commit yet" in reason(clones, address(web, "empty/.git"))


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (403, "the host 127.0.0.1 denies access; check `repository`, give git credentials for it"),
        (404, "the host 127.0.0.1 has no such repository, or shows it to others only; check `repository`"),
        (500, "the server on 127.0.0.1 is in trouble; try again later"),
    ],
)
def test_what_the_server_answers_is_said_in_plain_words(
    clones: GitCheckouts, web: GitHttpServer, status: int, why: str
):
    web.status = status
    said = reason(clones, address(web))
    assert why in said
    assert said.endswith("or give the application a path")


@pytest.mark.parametrize("scheme", ["http", "https", "git", "ssh"])
def test_a_refused_connection_is_said(clones: GitCheckouts, scheme: str):
    if scheme == "ssh" and not shutil.which("ssh"):
        pytest.skip("no ssh here")
    with refusing_port() as port:
        said = reason(clones, f"{scheme}://127.0.0.1:{port}/o/n")
    assert "the host 127.0.0.1 refuses the connection; check `repository` and that the server runs" in said


@pytest.mark.parametrize("configured", ["GIT_ASKPASS", "SSH_ASKPASS", "core.askPass"])
def test_nobody_is_asked_for_credentials(
    clones: GitCheckouts, web: GitHttpServer, program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: str
):
    asking = program("ask", f"touch '{tmp_path}/asked'; echo token")
    if configured == "core.askPass":
        configure(monkeypatch, configured, str(asking))
    else:
        monkeypatch.setenv(configured, str(asking))
    web.credentials = "user:token"
    assert "the host 127.0.0.1 asks for credentials" in reason(clones, address(web))
    assert not (tmp_path / "asked").exists()


def configure(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", name)
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", value)


@pytest.mark.parametrize("user", ["", "user@"])
def test_credential_helpers_of_git_are_used(
    clones: GitCheckouts, web: GitHttpServer, origin: Path, monkeypatch: pytest.MonkeyPatch, user: str
):
    name = "" if user else "echo username=user; "
    configure(monkeypatch, "credential.helper", f"!f() {{ {name}echo password=token; }}; f")
    web.credentials = "user:token"
    assert (clones.checkout(Application(name="pay", repository=address(web, user=user))) / "b.py").is_file()


def test_credentials_of_the_address_are_used_and_stand_nowhere(
    clones: GitCheckouts, web: GitHttpServer, origin: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    configure(monkeypatch, "credential.helper", f"!f() {{ cat >> '{tmp_path}/kept'; }}; f")
    web.credentials = "user:s3cr@t"
    running: list[bytes] = []
    web.observe = lambda: running.extend(_command_lines())
    checkout = clones.checkout(Application(name="pay", repository=address(web, user="user:s3cr%40t@")))
    assert (checkout / "b.py").is_file()
    assert git(checkout, "config", "remote.origin.url") == address(web)
    secrets = (b"s3cr@t", b"s3cr%40t")
    files = [path.read_bytes() for path in cache.rglob("*") if path.is_file()]
    assert not [text for text in [*files, *running] if any(secret in text for secret in secrets)]
    assert not (tmp_path / "kept").exists()
    if Path("/proc/self").exists():
        assert any(b"git-remote-http" in line for line in running)


def _command_lines() -> list[bytes]:
    lines: list[bytes] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except OSError:  # it has ended meanwhile
            continue
    return lines


def test_wrong_credentials_of_the_address_are_denied_and_not_said(clones: GitCheckouts, web: GitHttpServer):
    web.credentials = "user:token"
    said = reason(clones, address(web, user="user:s3cret@"))
    assert "the host 127.0.0.1 denies access" in said
    assert "s3cret" not in said
    assert "'http://***@127.0.0.1:" in said


def test_without_the_network_a_clone_in_the_cache_is_offered_and_not_taken_for_the_newest(
    clones: GitCheckouts, served: Path, origin: Path
):
    with git_daemon(served) as port:
        repository = f"git://127.0.0.1:{port}/pay"
        checkout = clones.checkout(Application(name="pay", repository=repository))
    said = reason(clones, repository)
    assert "refuses the connection" in said
    assert (
        f"(its commit {git(origin, 'rev-parse', 'HEAD')} is in the cache: the path {str(checkout)!r} uses that)" in said
    )
    assert (checkout / "b.py").is_file()
