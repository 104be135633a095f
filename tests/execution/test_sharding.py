"""Shards on machines that know nothing of each other, merged into one run."""

import shutil

import pytest
from run_results import statuses

import testflow

FILES = {f"test_{number}.py": f"def test_a(): assert {number} != 3\ndef test_b(): pass\n" for number in range(6)}


def workflow():
    return testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})


def machine(folder, tmp_path, monkeypatch):
    """Another machine: its own folder, with a copy of the application and of the history."""
    place = tmp_path / folder
    shutil.copytree(tmp_path / "shop", place / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    if (tmp_path / ".testflow/history.db").exists():
        (place / ".testflow").mkdir()
        shutil.copy(tmp_path / ".testflow/history.db", place / ".testflow")
    monkeypatch.chdir(place)


@pytest.mark.parametrize("by", ["argument", "variable"])
def test_shards_of_a_run_have_all_its_tests_once_and_merge_into_it(real_shop, tmp_path, monkeypatch, by):
    whole = real_shop(FILES).execute(workflow())
    planned = testflow.Engine(applications={"shop": {}}).plan(workflow()).shards(3)
    found = []
    for number in (1, 2, 3):
        machine(f"machine {number}", tmp_path, monkeypatch)
        said = {"shard": f"{number}/3", "run_id": "build-77"}
        if by == "variable":
            monkeypatch.setenv("TESTFLOW_SHARD", f"{number}/3")
            monkeypatch.setenv("TESTFLOW_RUN_ID", "build-77")
            said = {}
        # How many workers a machine has makes no difference to who runs what.
        engine = testflow.Engine(applications={"shop": {}}, reporters=(), workers=number)
        found.append(engine.execute(workflow(), **said))
    names = [set(statuses(run)) for run in found]
    assert names == [
        {f"{each.test.file}::{test}" for each in part.choices for test in ("test_a", "test_b")} for part in planned
    ]
    assert sum(map(len, names)) == 12
    collected = testflow.History(tmp_path / "collected.db")
    for number in (2, 3, 1):
        collected.merge(tmp_path / f"machine {number}/.testflow/history.db")
    run = collected.run("build-77")
    assert statuses(run) == statuses(whole)
    assert [each.run_id for each in found] == ["build-77"] * 3
    assert not run.ok
    track = collected.track("shop::test_3.py::test_a")
    assert track is not None
    assert (track.runs, track.failures) == (2, 2)


def test_a_shard_with_nothing_to_do_is_an_empty_run(real_shop):
    run = real_shop({"test_1.py": "def test_a(): pass\n"}).execute(workflow(), shard=(2, 2))
    assert run.ok
    assert run.results == ()


def test_a_run_that_is_known_is_refused_before_anything_starts(real_shop, tmp_path):
    engine = real_shop({"test_1.py": "from pathlib import Path\ndef test_a(): Path('ran').touch()\n"})
    engine.execute(workflow(), run_id="r.1")
    (tmp_path / "shop/ran").unlink()
    with pytest.raises(testflow.HistoryError, match=r"'r\.1' is in the history already"):
        engine.execute(workflow(), run_id="r.1", shard="1/2")
    assert not (tmp_path / "shop/ran").exists()


@pytest.mark.parametrize("name", ["", ".", "../r", "-r", "a b", "a/b", "x" * 129, 5])
def test_what_cannot_be_a_folder_is_no_name_of_a_run(real_shop, name):
    with pytest.raises(testflow.SpecError, match=r"execute\(run_id=\.\.\.\)"):
        real_shop({}).execute(workflow(), run_id=name)


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "1/2/3", "a/b", (1,), (True, 2), 1.5, "-1/2", "1/99999999"])
def test_what_is_no_shard_is_a_mistake(real_shop, shard, monkeypatch):
    with pytest.raises(testflow.SpecError, match=r"execute\(shard=\.\.\.\)"):
        real_shop({}).execute(workflow(), shard=shard)
    monkeypatch.setenv("TESTFLOW_SHARD", "5/2")
    with pytest.raises(testflow.SpecError, match="TESTFLOW_SHARD"):
        real_shop({}).execute(workflow())
