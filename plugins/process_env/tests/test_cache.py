"""Data directories that are made once: whole or not there, copied and never changed, gone when nobody uses them."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from testflow_process_env import ProcessProvisioner, cache

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Service, Site
from testflow_core.provisioning import lease_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "home" / "cache"
    monkeypatch.setenv(cache.VARIABLE, str(directory))
    return directory


@pytest.fixture
def made(tmp_path: Path) -> Path:
    directory = tmp_path / "made"
    (directory / "base" / "empty").mkdir(parents=True)
    (directory / "base" / "1").write_bytes(b"one")
    (directory / "log").write_bytes(b"x" * 300_000 + bytes(3_000_000) + b"y" + bytes(1_000_000))
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    return {str(each.relative_to(directory)): each.read_bytes() for each in directory.rglob("*") if each.is_file()}


def give(name: str, source: Path) -> None:
    cache.make(name, lambda target: cache.copy(source, target))


def taken(name: str, target: Path) -> bool:
    entry = cache.find(name)
    return entry is not None and cache.take(entry, target)


def up(directory: Path, **config: str) -> str:
    """A server that went up and down again there; the log of its making."""
    directory.mkdir(mode=0o700)
    site = Site(lease="test", directory=directory, workspace=directory.parent)
    environment = Environment(name="e", services={"db": Service(name="db", type="postgres", config=config)})
    with ProcessProvisioner().provision(environment, site) as provisioned:
        with psycopg.connect(provisioned.endpoints["db"].url or "") as connection:
            connection.execute("create table t as select generate_series(1, 1000)")
        return provisioned.logs["db"].read_text()


def test_a_copy_is_whole_private_and_keeps_its_holes(home: Path, made: Path, tmp_path: Path):
    give("entry", made)
    assert taken("entry", tmp_path / "copy")
    assert contents(tmp_path / "copy") == contents(made)
    assert (tmp_path / "copy" / "base" / "empty").is_dir()
    assert {each.stat().st_mode & 0o077 for each in (tmp_path / "copy").rglob("*")} == {0}
    assert (tmp_path / "copy" / "log").stat().st_blocks * 512 < 1_500_000
    assert [each.name for each in home.iterdir()] == ["entry"]


def test_what_was_never_given_cannot_be_taken(home: Path, tmp_path: Path):
    assert not taken("entry", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert home.is_dir()


def test_an_entry_that_cannot_be_read_whole_is_not_taken(home: Path, made: Path, tmp_path: Path):
    give("entry", made)
    (home / "entry" / "zzz").symlink_to("nowhere")
    assert not taken("entry", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_many_givers_at_once_leave_one_entry(home: Path, made: Path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give, ["entry"] * 16, [made] * 16))
    assert [each.name for each in home.iterdir()] == ["entry"]
    assert contents(home / "entry") == contents(made)


def test_what_a_killed_giver_left_is_removed_and_what_a_living_one_makes_is_not(home: Path, tmp_path: Path):
    for name in ("dead.part", "alive.part"):
        (home / name).mkdir(parents=True)
    home.chmod(0o700)
    descriptor = lease_files.create(home / "alive.part" / ".lock")
    try:
        assert not taken("entry", tmp_path / "copy")
        assert [each.name for each in home.iterdir()] == ["alive.part"]
    finally:
        os.close(descriptor)


def test_an_entry_that_nobody_used_for_long_is_removed(home: Path, made: Path, tmp_path: Path):
    for name in ("old", "used"):
        give(name, made)
    long_ago = time.time() - cache.KEPT - 60
    os.utime(home / "old", (long_ago, long_ago))
    assert taken("used", tmp_path / "copy")
    assert [each.name for each in home.iterdir()] == ["used"]


def test_an_entry_that_somebody_holds_stays(home: Path, made: Path):
    give("held", made)
    descriptor = os.open(home / "held", os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.utime(home / "held", (0, 0))
        assert cache.find("other") is None
        assert [each.name for each in home.iterdir()] == ["held"]
    finally:
        os.close(descriptor)
    assert cache.find("other") is None
    assert not list(home.iterdir())


@pytest.mark.parametrize("trouble", ["none", "a file", "shared", "relative"])
def test_without_a_place_that_is_ours_alone_there_is_no_cache(
    trouble: str, tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
):
    place = tmp_path / "place"
    if trouble == "a file":
        place.touch()
    if trouble == "shared":
        place.mkdir()
        place.chmod(0o777)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(cache.VARIABLE, {"none": "", "relative": "place"}.get(trouble, str(place)))
    give("entry", made)
    assert not taken("entry", tmp_path / "copy")
    assert not (place / "entry").exists()


@pytest.mark.parametrize("named", [True, False])
def test_it_is_in_the_users_cache_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, named: bool):
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if named:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.home() == tmp_path / ("xdg" if named else ".cache") / "testflow" / "postgres"


@pytest.mark.postgres
def test_the_second_server_needs_no_initdb_and_leaves_the_cache_as_it_was(home: Path, tmp_path: Path):
    assert "selecting default" in up(tmp_path / "1")
    (entry,) = home.iterdir()
    before = contents(entry)
    assert "selecting default" not in up(tmp_path / "2")
    assert contents(entry) == before
    assert not list(entry.rglob("postmaster.pid"))


@pytest.mark.postgres
def test_where_memory_cannot_be_shown_the_server_comes_up_and_the_cache_is_filled(home: Path, tmp_path: Path):
    # The kernel cannot be told this path: what was made is in the cache, and is shown to no server.
    assert "selecting default" in up(tmp_path / "a:b")
    assert "selecting default" not in up(tmp_path / "2")
    assert len(list(home.iterdir())) == 1


def test_the_program_that_fills_the_cache_copies_a_directory(home: Path, made: Path):
    cache.main("entry", str(made))
    assert contents(home / "entry") == contents(made)
    assert [each.name for each in home.iterdir()] == ["entry"]


def test_what_cannot_be_filled_is_no_entry_and_leaves_nothing(home: Path):
    def fails(_: Path) -> None:
        raise ProvisionError("no")

    def has_no_disk(target: Path) -> None:
        target.mkdir()
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ProvisionError):
        cache.make("entry", fails)
    assert cache.make("entry", has_no_disk) is None
    assert not list(home.iterdir())


@pytest.mark.postgres
def test_a_server_needs_no_cache_that_can_be_written_to(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(cache.VARIABLE, "")
    assert "selecting default" in up(tmp_path / "1")
    assert not home.exists()


@pytest.mark.postgres
def test_another_user_has_an_entry_of_its_own(home: Path, tmp_path: Path):
    up(tmp_path / "1")
    up(tmp_path / "2", user="Pay Er@é", password="it's \\ 1")  # noqa: S106 (made up)
    assert len(list(home.iterdir())) == 2
