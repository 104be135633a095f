"""What the reporter `bar` shows, on a real terminal and on a pipe."""

import os
import subprocess
import sys
from threading import Thread

import pytest
from testflow_progress_bar import BarReporter

from testflow_core.model import (
    BatchDone,
    BatchSubmitted,
    Choice,
    Outcome,
    PhaseStarted,
    Plan,
    Planned,
    Progressed,
    Run,
    Status,
    TestCase,
    TestEnded,
    TestResult,
    TestWorkflow,
)


def case(name="test_total", file="tests/test_cart.py"):
    return TestCase(application="shop", file=file, name=name)


def ended(name, status=Status.PASSED, attempt=1):
    return TestEnded(outcome=Outcome(test=case(name), status=status, attempt=attempt, batch="1"))


def planned(*tests):
    choices = tuple(Choice(test=test, selected=True, reason="r") for test in tests)
    return Planned(plan=Plan(workflow=TestWorkflow(name="checkout"), choices=choices))


FOUR = [case(f"test_{number}") for number in range(4)]
PLAN, DATA, PROVISION, EXECUTE, CLEAN_UP, REPORT = (
    PhaseStarted(name=name) for name in ("plan", "data", "provision", "execute", "clean up", "report")
)
BEGUN = BatchSubmitted(batch="1", tests=tuple(FOUR))
DONE = BatchDone(batch="1")


def run(run_id="run-1"):
    results = (
        TestResult(test_id="shop::a::one", status=Status.FAILED),
        TestResult(test_id="shop::a::two", status=Status.PASSED, flaky=True),
    )
    return Run(run_id=run_id, workflow="checkout", started=0.0, results=results, phases={"execute": 2.04})


@pytest.fixture
def shown(on_a_terminal):
    def show(*events, columns=100):
        reporter = BarReporter()

        def follow():
            for event in events:
                reporter.observe(event)

        return on_a_terminal(follow, columns)

    return show


def test_the_bar_counts_ended_tests_of_all_that_were_planned(shown):
    frames = shown(PLAN, planned(*FOUR), EXECUTE, BEGUN, ended("test_0"), DONE).frames
    assert frames[0].startswith("execute")
    assert any(each.startswith("execute   0%|") and "| 0/4 [" in each for each in frames)
    assert frames[-1].startswith("execute  25%|")
    assert "| 1/4 [" in frames[-1]


def test_where_files_run_whole_there_is_a_count_and_no_total(shown):
    last = shown(PLAN, planned(case(None)), EXECUTE, ended("test_0"), ended("test_1"), DONE).frames[-1]
    assert last.startswith("execute 2 ended [")
    assert "%" not in last


def test_more_tests_than_were_planned_take_the_total_away(shown):
    last = shown(PLAN, planned(FOUR[0]), EXECUTE, ended("test_0"), ended("test_1"), DONE).frames[-1]
    assert last.startswith("execute 2 ended [")


def test_attempts_of_one_test_count_once_and_make_it_flaky_when_it_passes(shown):
    failed = shown(PLAN, planned(*FOUR), EXECUTE, ended("test_0", Status.FAILED), DONE).frames[-1]
    assert "| 1/4 [" in failed
    assert "1 failed, 0 flaky" in failed
    again = (ended("test_0", Status.FAILED), ended("test_0", attempt=2))
    passed = shown(PLAN, planned(*FOUR), EXECUTE, *again, DONE).frames[-1]
    assert "| 1/4 [" in passed
    assert "0 failed, 1 flaky" in passed


@pytest.mark.parametrize("status", [status for status in Status if status.failing])
def test_errors_and_timeouts_count_as_failed(shown, status):
    assert "1 failed" in shown(EXECUTE, ended("test_0", status), DONE).frames[-1]


def test_the_files_that_run_are_shown_until_they_are_done(shown):
    other = BatchSubmitted(batch="2", tests=(case(None, "tests/test_api.py"),))
    frames = shown(EXECUTE, BEGUN, other, DONE).frames
    assert frames[-2].endswith("tests/test_cart.py, tests/test_api.py")
    assert frames[-1].endswith("flaky  tests/test_api.py")


def test_files_for_which_there_is_no_room_are_a_number_or_nothing(shown):
    many = BatchSubmitted(batch="1", tests=tuple(case(None, f"tests/test_{n}.py") for n in range(30)))
    assert shown(EXECUTE, many).frames[-1].endswith("tests/test_0.py, tests/test_1.py, tests/test_2.py +27")
    assert shown(EXECUTE, many, columns=50).frames[-1].endswith(" flaky")


@pytest.mark.parametrize("columns", [5, 20, 41, 60, 79, 200])
def test_no_line_is_wider_than_the_terminal(shown, columns):
    wide = BatchSubmitted(batch="1", tests=(case(None, "tests/\N{CJK UNIFIED IDEOGRAPH-4E00}" * 9),))
    told = (PROVISION, Progressed(text="pulling \N{CJK UNIFIED IDEOGRAPH-4E00} " * 30), EXECUTE, wide)
    terminal = shown(PLAN, planned(*FOUR), *told, ended("test_0"), columns=columns)
    assert max(len(each) + each.count("\N{CJK UNIFIED IDEOGRAPH-4E00}") for each in terminal.frames) <= columns


def test_what_takes_its_time_stands_behind_the_name_of_its_phase(shown):
    pulling = Progressed(text="db: pulling \x1b[31mredis:7\x1b[0m,\n30 of 45 MB\x07")
    frames = shown(DATA, PROVISION, pulling, EXECUTE).frames
    assert frames[0].startswith("data [")
    assert any(
        each.startswith("provision [") and each.endswith("db: pulling redis:7, 30 of 45 MB\ufffd") for each in frames
    )
    assert "redis" not in frames[-1]


def test_what_is_said_while_tests_run_stays(shown):
    terminal = shown(PLAN, planned(*FOUR), EXECUTE, Progressed(text="stopping: 3 tests failed"), CLEAN_UP)
    assert terminal.left == "stopping: 3 tests failed"


@pytest.mark.parametrize("end", [(CLEAN_UP,), (CLEAN_UP, PhaseStarted(name="triage")), (PLAN,)], ids=str)
def test_nothing_is_left_once_a_run_ends_is_interrupted_or_is_followed_by_another(shown, end):
    terminal = shown(PLAN, planned(*FOUR), PROVISION, EXECUTE, BEGUN, ended("test_0"), *end, Progressed(text="late"))
    assert any("1/4" in each or "0/4" in each for each in terminal.frames)
    assert terminal.left == ""


def test_before_there_is_anything_to_clean_up_nothing_is_shown(shown):
    assert shown(PLAN, Progressed(text="cloning"), planned(*FOUR)).text == ""


def test_the_next_run_counts_from_nothing(shown):
    first = (PLAN, planned(*FOUR), EXECUTE, BEGUN, ended("test_0", Status.FAILED))
    last = shown(*first, PLAN, planned(*FOUR[:2]), EXECUTE, ended("test_1"), DONE).frames[-1]
    assert "| 1/2 [" in last
    assert "0 failed, 0 flaky" in last
    assert "test_cart" not in last


def test_a_report_takes_the_bar_away_and_says_how_the_run_ended(on_a_terminal):
    def show():
        reporter = BarReporter()
        for event in (PLAN, planned(*FOUR), EXECUTE, BEGUN):
            reporter.observe(event)
        reporter.report(run())
        reporter.report(run())

    assert on_a_terminal(show).left == "checkout: 1 failed, 1 passed (1 of them flaky) in 2.04s"


def test_events_may_come_from_several_threads_one_at_a_time(on_a_terminal):
    reporter = BarReporter()

    def show():
        for event in (PLAN, planned(*FOUR), EXECUTE, BEGUN, *(ended(f"test_{n}") for n in range(4)), DONE, CLEAN_UP):
            thread = Thread(target=reporter.observe, args=(event,))
            thread.start()
            thread.join(10)

    terminal = on_a_terminal(show)
    assert "| 4/4 [" in terminal.frames[-1]
    assert terminal.left == ""


EVERYTHING = (PLAN, planned(*FOUR), PROVISION, Progressed(text="x"), EXECUTE, BEGUN, ended("test_0"), DONE, CLEAN_UP)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_on_a_pipe_nothing_is_written(capfd, monkeypatch, stream):
    read, write = os.pipe()
    with os.fdopen(read) as reading:
        with os.fdopen(write, "w") as writing:
            monkeypatch.setattr(sys, stream, writing)
            reporter = BarReporter()
            for event in EVERYTHING:
                reporter.observe(event)
            reporter.report(run())
            monkeypatch.undo()
        assert reading.read() == ""
    assert capfd.readouterr() == ("", "")


def test_on_a_terminal_that_cannot_go_back_nothing_is_written(shown, on_a_terminal, monkeypatch):
    def show():
        monkeypatch.setenv("TERM", "dumb")
        reporter = BarReporter()
        for event in EVERYTHING:
            reporter.observe(event)

    assert on_a_terminal(show).text == ""


def test_without_standard_error_nothing_is_written_and_nothing_raised(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    reporter = BarReporter()
    for event in EVERYTHING:
        reporter.observe(event)
    reporter.report(run())


def test_a_bar_starts_neither_a_thread_nor_a_process():
    program = (
        "import threading, multiprocessing.resource_tracker as tracker, io\n"
        "from testflow_progress_bar.bar import Bar\n"
        "Bar(io.StringIO(), 'execute').say('db: pulling')\n"
        "print(threading.active_count(), tracker._resource_tracker._pid)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout == "1 None\n"
