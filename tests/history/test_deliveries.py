"""What was sent of runs is remembered, and what was not is asked for."""

import pytest
from remembered_runs import run

from testflow_core.history import History
from testflow_core.model import Delivery, Message

OPENED = Message(action="open", subject="a/b#1", title="down", body="why", url="https://a.test/1", sent=True)
MISSED = Message(action="open", subject="late", title="late", body="why")


def delivery(*messages, trouble="", **facts):
    return Delivery(reporter="github_issues", place="a/b", messages=messages, trouble=trouble, **facts)


@pytest.fixture(params=["disk", "memory"])
def history(request, tmp_path):
    made = History(tmp_path / "history.db" if request.param == "disk" else None)
    made.record(run("r1", 1.0, a="F"))
    made.record(run("r2", 2.0, a="F"))
    return made


def test_what_was_sent_is_remembered_without_its_bodies(history):
    history.put_deliveries("r1", [delivery(OPENED, MISSED, trouble="503", again="again()", remarks=("2 more",))])
    [found] = history.run("r1").deliveries
    assert (found.run_id, found.trouble, found.again, found.remarks) == ("r1", "503", "again()", ("2 more",))
    assert [(each.subject, each.body, each.sent) for each in found.messages] == [
        ("a/b#1", "", True),
        ("late", "", False),
    ]
    assert history.run("r2").deliveries == ()


def test_what_did_not_arrive_is_told_until_it_has(history):
    for name in ("r2", "r1"):
        history.put_deliveries(name, [delivery(MISSED, trouble="503")])
    assert [each.run_id for each in history.undelivered()] == ["r1", "r2"]
    history.put_deliveries("r1", [delivery(OPENED)])
    assert [each.run_id for each in history.undelivered()] == ["r2"]


def test_a_dry_run_misses_nothing(history):
    history.put_deliveries("r1", [delivery(MISSED, trouble="no token", dry=True)])
    assert history.undelivered() == ()
    assert history.run("r1").deliveries[0].dry


def test_of_a_run_that_is_not_known_nothing_is_remembered(history):
    history.put_deliveries("r9", [delivery(MISSED, trouble="503")])
    assert history.undelivered() == ()


def test_an_empty_history_has_missed_nothing(tmp_path):
    assert History(tmp_path / "none.db").undelivered() == ()


@pytest.mark.parametrize("arrived_here", [True, False])
def test_a_merge_keeps_what_has_arrived_whichever_history_knows_it(tmp_path, arrived_here):
    here, there = History(tmp_path / "here.db"), History(tmp_path / "there.db")
    for each in (here, there):
        each.record(run("r1", 1.0, a="F"))
    (here if arrived_here else there).put_deliveries("r1", [delivery(OPENED)])
    (there if arrived_here else here).put_deliveries("r1", [delivery(MISSED, trouble="503")])
    for _ in range(2):
        here.merge(there)
        assert here.undelivered() == ()
        assert [each.subject for each in here.run("r1").deliveries[0].sent] == ["a/b#1"]
