"""Stops that are wished for."""

from testflow_core.provisioning.interruption import Interruption


def test_what_starts_after_a_stop_was_wished_for_is_ended_at_once():
    ended = []
    interruption = Interruption()
    with interruption.ended_by(lambda: ended.append("before")):
        interruption.wish()
    with interruption.ended_by(lambda: ended.append("after")):
        assert ended == ["before", "after"]


def test_what_has_ended_is_not_ended_again():
    ended = []
    interruption = Interruption()
    with interruption.ended_by(lambda: ended.append("over")):
        pass
    interruption.wish()
    assert ended == []


def test_work_that_starts_after_a_pause_is_paused_at_once_and_goes_on():
    paused, ended = [], []
    interruption = Interruption()
    with interruption.paused_by(lambda: paused.append("before")), interruption.ended_by(lambda: ended.append("all")):
        interruption.pause()
    with interruption.paused_by(lambda: paused.append("after")):
        assert paused == ["before", "after"]
    interruption.pause()
    assert (paused, ended) == (["before", "after"], [])
    assert interruption.paused
    assert not interruption.wished
