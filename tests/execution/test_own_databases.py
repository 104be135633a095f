"""Databases of tests' own, on a real server: over attempts, in a run that is resumed, and beside what all share."""

import pytest
from run_results import statuses

import testflow

pytestmark = pytest.mark.postgres

# Each run of it adds a table, which is in the way of the next in the same database.
ADDS = """
import os, pathlib, subprocess, psycopg
def add():
    with psycopg.connect(os.environ["DB_URL"]) as connection:
        connection.execute("create table seen ()")
        with open("seen", "a") as seen:
            print(os.environ["DB_DATABASE"], file=seen)
def test_a():
    add()
    assert {condition}
def test_b(): add()
"""


def environment():
    return testflow.Environment("e").add_service("db", {"type": "postgres"})


def selections(*isolations, **terms):
    made = testflow.TestWorkflow("w")
    for number, isolation in enumerate(isolations, start=1):
        keys = {"strategy": "all", "test_paths": [f"test_{number}.py"], "isolation": isolation, **terms}
        made.add_test_selection("shop", keys)
    return made


def seen(tmp_path):
    return (tmp_path / "shop" / "seen").read_text().split()


def test_a_run_that_is_resumed_gives_what_is_left_databases_of_their_own(real_shop, tmp_path):
    engine = real_shop({"test_1.py": ADDS.format(condition=False), "test_2.py": ADDS.format(condition=True)})
    stopped = engine.execute(selections("test", "test"), environment(), fail_fast=True)
    assert statuses(stopped)["test_2.py"] == "interrupted"
    resumed = engine.resume()
    assert statuses(resumed)["test_2.py::test_a"] == "passed"
    names = seen(tmp_path)
    assert all(name.startswith("db_") for name in names)
    assert len(set(names)) >= 2


def test_once_their_names_are_known_each_test_and_each_attempt_finds_nothing_of_the_others(real_shop, tmp_path):
    condition = "pathlib.Path('tried').exists() or pathlib.Path('tried').touch()"
    engine = real_shop({"test_1.py": ADDS.format(condition=condition)})
    first = engine.execute(selections("test"), environment())
    assert statuses(first)["test_1.py::test_b"] == "failed"
    assert any("told them apart yet: shop::test_1.py" in warning for warning in first.warnings)
    for name in ("seen", "tried"):
        (tmp_path / "shop" / name).unlink()
    again = engine.execute(selections("test", attempts=2), environment())
    assert set(statuses(again).values()) == {"passed"}
    assert len(set(seen(tmp_path))) == len(seen(tmp_path)) == 3
    assert again.warnings == ()


KEPT = """
import os, pathlib
def test_the_password_is_kept_for_who_resumes():
    [kept] = pathlib.Path("..", ".testflow").rglob("generated.json")
    assert os.environ["DB_PASSWORD"] in kept.read_text()
    assert False, os.environ["DB_PASSWORD"]
"""


def test_the_password_of_a_server_of_its_own_is_kept_for_who_resumes_and_told_to_nobody(real_shop):
    engine = real_shop({"test_1.py": KEPT})
    run = engine.execute(selections({"scope": "selection", "by": "server"}), environment())
    assert [failure.message for failure in run.failed_tests] == ["AssertionError: ********\nassert False"]
