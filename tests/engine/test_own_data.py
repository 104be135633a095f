"""Test data of which each test has its own copy, and that stays after a run that failed."""

from __future__ import annotations

import re
import sqlite3
import tempfile
import textwrap
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

import testflow
from testflow_core.errors import DataError
from testflow_core.execution import destinations
from testflow_core.model import Loaded

TESTS = """
import os, pathlib, sqlite3

import pytest


@pytest.mark.parametrize("number", [1, 2])
def test_a_user_leaves(number):
    database = sqlite3.connect(os.environ["TESTFLOW_SQLITE"])
    with database:
        found = database.execute("select count(*) from users").fetchone()
        database.execute("delete from users where id = 1")
    database.close()
    file = pathlib.Path(os.environ["TESTFLOW_FILES"]) / "users.csv"
    lines = file.read_text().count("\\n")
    file.write_text("")
    if os.environ.get("FAILING"):
        raise AssertionError("as it should")
    return [*found, lines]
"""


@pytest.fixture
def shop(monkeypatch):
    """A workspace with one application, and a directory of leases that nobody else has."""
    with tempfile.TemporaryDirectory(prefix="tf-") as name:
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", None)
        (Path(name) / "shop").mkdir()
        (Path(name) / "shop/test_shop.py").write_text(TESTS)
        monkeypatch.chdir(name)
        yield Path(name)
        monkeypatch.undo()


def run(isolation=None, named=("sqlite", "files"), **engine):
    data = testflow.TestData("shop", destinations={name: {} for name in named})
    data.add_generator("users", {"count": 3, "schema": {"id": "sequence"}})
    keys = {"strategy": "all", **({"isolation": isolation} if isolation else {})}
    workflow = testflow.TestWorkflow("shop").add_test_selection("shop", keys)
    return testflow.Engine(applications={"shop": {}}, **engine).execute(workflow, test_data=data)


def values(result):
    assert {str(test.status) for test in result.results} == {"passed"}, result.failed_tests[0].logs
    return [outcome.values for outcome in result.outcomes]


def test_each_test_has_its_own_copy_where_asked_and_else_all_share_one(shop):
    assert values(run()) == [[3, 4], [2, 0]]
    assert values(run(isolation="test")) == [[3, 4], [3, 4]]
    assert values(run(isolation="selection")) == [[3, 4], [2, 0]]


def test_each_test_has_a_file_of_records_of_its_own(shop):
    text = """
        import json, os, pathlib, pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(number):
            file = pathlib.Path(os.environ["TESTFLOW_DATA"])
            found = len(json.loads(file.read_text())["users"])
            file.write_text('{"users": []}')
            return found
    """
    (shop / "shop/test_shop.py").write_text(textwrap.dedent(text))
    assert values(run(named=["records"])) == [3, 0]
    assert values(run("test", named=["records"])) == [3, 3]


def test_a_copy_that_cannot_be_made_is_an_error_of_those_who_need_it(shop, monkeypatch):
    def full(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr("testflow_core.builtin.destinations.directories.copytree", full)
    result = run(isolation="selection")
    assert {str(test.status) for test in result.results} == {"error"}
    said = result.failed_tests[0].logs
    assert "the test data 'shop' could not be copied: the data set 'shop' cannot be copied to" in said
    assert "no space left" in said


def test_data_of_a_failed_run_stays_for_people_to_look_at(shop, monkeypatch):
    assert run(keep_on_failure="10m").kept == ()
    monkeypatch.setenv("FAILING", "1")
    result = run(keep_on_failure="10m")
    assert len(result.kept) == 2
    # What was put in place last is asked first.
    files, sqlite = (re.search(r" in (\S+);", each)[1] for each in result.kept)
    with closing(sqlite3.connect(sqlite)) as database:
        assert database.execute("select count(*) from users").fetchone() == (2,)
    assert (Path(files) / "users.csv").exists()
    assert testflow.clean() == ()
    assert set(testflow.clean(kept=True)) == {
        f"test data in {Path(sqlite).parent}",
        f"test data in {files.rstrip('/')}",
    }
    assert not Path(sqlite).exists()
    assert not Path(files).exists()


def test_what_was_kept_stays_through_the_next_runs_until_its_time_is_over(shop, monkeypatch):
    monkeypatch.setenv("FAILING", "1")
    places = [Path(re.search(r" in (\S+);", each)[1]) for each in run(keep_on_failure="10m").kept]
    monkeypatch.delenv("FAILING")
    for keep in ("10m", None):
        run(keep_on_failure=keep)
    assert testflow.clean() == ()
    assert len(places) == 2
    assert all(place.exists() for place in places)


def test_the_next_run_removes_what_has_had_its_time(shop, monkeypatch):
    monkeypatch.setenv("FAILING", "1")
    result = run(named=("sqlite", "files"), keep_on_failure="1s")
    places = [Path(re.search(r" in (\S+);", each)[1]) for each in result.kept]
    assert all(place.exists() for place in places)
    # The time of all of them is over.
    monkeypatch.setattr("testflow_core.provisioning.ledger.time.time", lambda: 10e9)
    run(named=("sqlite", "files"))
    assert not any(place.exists() for place in places)


def test_what_cannot_be_kept_is_told():
    def full(_: float) -> str:
        raise DataError("no space left")

    said: list[str] = []
    limit = timedelta(minutes=1)
    destinations.keep(Loaded(keep=full), "shop", limit, lambda: True, said.append)
    destinations.keep(Loaded(keep=full), "shop", limit, lambda: False, said.append)
    destinations.keep(Loaded(keep=full), "shop", None, lambda: True, said.append)
    destinations.keep(Loaded(), "shop", limit, lambda: True, said.append)
    assert said == ["the test data 'shop' is not kept: no space left"]


def test_of_several_destinations_those_are_copied_that_can_be():
    @contextmanager
    def clone():
        yield Loaded(variables={"ONE": "copy"}, secrets=("hush",))

    there = destinations.together([Loaded(variables={"ONE": "one"}, clone=clone), Loaded(variables={"TWO": "two"})])
    assert there.clone is not None
    with there.clone() as copy:
        assert copy.variables == {"ONE": "copy", "TWO": "two"}
        assert copy.secrets == ("hush",)
    assert there.variables == {"ONE": "one", "TWO": "two"}
    assert destinations.together([Loaded()]).clone is None
