"""A history that stays small by itself."""

import time

import pytest
from remembered_runs import case, run

import testflow
from testflow_core.history import History

DAY = 86_400


def remembered(path, **limits):
    return testflow.History(path, **limits).store


def test_old_runs_go_once_they_are_a_tenth_and_what_they_told_stays_counted(tmp_path):
    history = remembered(tmp_path / "history.db", keep="10d")
    now = time.time()
    for number in range(12):
        history.record(run(f"new {number}", now + number, a="."))
    History(history.path).record(run("old 0", now - 20 * DAY, a="F"))
    history.record(run("newer", now + 100, a="."))
    assert history.knows("old 0")
    assert len(history.runs()) == 14
    History(history.path).record(run("old 1", now - 19 * DAY, a="F"))
    history.record(run("newest", now + 101, a="."))
    assert [each.run_id for each in history.runs() if each.run_id.startswith("old")] == []
    track = history.track(case("a").id)
    assert track is not None
    assert (track.runs, track.failures) == (16, 2)


def test_the_oldest_go_where_the_file_is_too_large(tmp_path):
    history = remembered(tmp_path / "history.db", max_bytes=320_000)
    for number in range(12):
        history.record(run(f"r{number:02}", float(number), **{f"test_{each}": "." for each in range(300)}))
        assert history.path.stat().st_size <= 320_000
    names = [each.run_id for each in history.runs()]
    assert names == sorted(names, reverse=True)
    assert names[0] == "r11"
    assert 1 <= len(names) < 12


@pytest.mark.parametrize("limits", [{"keep": "never"}, {"keep": 0}, {"max_bytes": 0}, {"max_bytes": True}])
def test_what_is_no_limit_is_a_mistake(tmp_path, limits):
    with pytest.raises(testflow.SpecError, match=rf"History\({next(iter(limits))}=\.\.\.\)"):
        testflow.History(tmp_path / "history.db", **limits)


def test_an_engine_takes_a_history(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/test_a.py").write_text("def test_a(): pass\n")
    history = testflow.History(tmp_path / "elsewhere.db")
    engine = testflow.Engine(applications={"shop": {}}, history=history, reporters=())
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
    assert [each.run_id for each in history.runs()] == [] != [engine.execute(workflow).run_id]
    assert len(history.runs()) == 1
