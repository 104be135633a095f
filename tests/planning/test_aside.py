"""Work that is done aside while a plan is made."""

import threading

import pytest

from testflow_core.planning.aside import aside


def test_the_answer_is_there_once_the_work_has_ended():
    go_on = threading.Event()
    with aside(lambda: go_on.wait(20) and "tree") as looked_for:
        go_on.set()
        assert looked_for.answer() == "tree"


def test_what_the_work_raised_is_raised_where_its_answer_is_asked_for():
    def refuse():
        raise LookupError("no tree")

    with aside(refuse) as looked_for, pytest.raises(LookupError, match="no tree"):
        looked_for.answer()


def test_nothing_goes_on_once_planning_has_failed():
    go_on, ended = threading.Event(), []

    def work():
        go_on.wait(20)
        ended.append(True)

    def fail():
        with aside(work):
            go_on.set()
            raise ValueError("no plan")

    with pytest.raises(ValueError, match="no plan"):
        fail()
    assert ended == [True]
