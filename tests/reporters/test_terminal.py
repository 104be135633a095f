"""The reporter `terminal`, on a pipe and on a real terminal."""

import io
import os
import pty
import re
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from attrs import evolve

from testflow_core.builtin.reporters.terminal import TerminalReporter
from testflow_core.interfaces import Observes
from testflow_core.model import (
    Application,
    BatchDone,
    BatchSubmitted,
    Choice,
    Event,
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

from .conftest import failure


def case(name: str | None, application: str = "shop") -> TestCase:
    return TestCase(application=application, file="tests/test_cart.py", name=name)


def ended(name: str, status: Status = Status.PASSED, message: str = "", attempt: int = 1) -> TestEnded:
    return TestEnded(outcome=Outcome(test=case(name), status=status, duration=0.5, message=message, attempt=attempt))


def planned(number: int = 3) -> Planned:
    choices = tuple(Choice(test=case(f"test_{each}"), selected=each > 0, reason="r") for each in range(number))
    return Planned(
        plan=Plan(
            workflow=TestWorkflow(name="checkout"),
            applications={"shop": Application(name="shop")},
            choices=(*choices, Choice(test=case(None, "bank"), selected=False, reason="r")),
            unavailable={case(None, "web"): "no checkout"},
        )
    )


EVENTS: tuple[Event, ...] = (
    PhaseStarted(name="plan"),
    planned(),
    PhaseStarted(name="execute"),
    ended("test_1"),
    ended("test_2", Status.FAILED, "AssertionError: 1 != 2\nmore"),
    PhaseStarted(name="report"),
)


def watched(*events: Event) -> None:
    reporter = TerminalReporter()
    for event in events:
        reporter.observe(event)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, show: Callable[[], None]) -> str:
    """What `show` writes to a pseudo-terminal of 60 columns."""
    master, slave = pty.openpty()
    pieces: list[bytes] = []

    def drain() -> None:
        # Linux says EIO, macOS an empty read, once the other side is closed.
        try:
            while piece := os.read(master, 65_536):
                pieces.append(piece)
        except OSError:
            return

    reader = Thread(target=drain)
    reader.start()
    with monkeypatch.context() as patch, os.fdopen(slave, "w", encoding="utf-8") as stream:
        patch.setattr(sys, "stdout", stream)
        patch.setenv("COLUMNS", "60")
        patch.setenv("TERM", "xterm")
        show()
    reader.join(10)
    os.close(master)
    return b"".join(pieces).decode().replace("\r\n", "\n")


def test_it_can_observe():
    assert isinstance(TerminalReporter(), Observes)


def test_progress_on_a_pipe_is_plain_lines(capsys: pytest.CaptureFixture[str]):
    watched(*EVENTS)
    assert capsys.readouterr().out == (
        "  plan       choosing what to run\n"
        "             checkout\n"
        "             shop  2 of 3 tests\n"
        "             bank  0 of 1 test file\n"
        "             web   unavailable: no checkout\n"
        "  execute    running tests\n"
        "  ✓ shop::tests/test_cart.py::test_1  0.50s\n"
        "  ✗ shop::tests/test_cart.py::test_2  0.50s\n"
        "      AssertionError: 1 != 2\n"
        "  report     writing reports\n"
    )


PULLING = "db: pulling postgres:13.4, 45 of 130 MB"


def test_what_takes_its_time_is_told_on_a_pipe(capsys: pytest.CaptureFixture[str]):
    watched(PhaseStarted(name="provision"), Progressed(text=f"{PULLING}\n(layer 3)"))
    assert capsys.readouterr().out == f"  provision  bringing the environment up\n             {PULLING} (layer 3)\n"


def test_what_takes_its_time_updates_on_a_terminal_and_gives_way_to_what_follows(monkeypatch: pytest.MonkeyPatch):
    events = (Progressed(text="pulling, 1 of 2 MB"), Progressed(text="pulling, 2 of 2 MB"), PhaseStarted(name="report"))
    text = on_a_terminal(monkeypatch, lambda: watched(*events))
    assert text.count("\r\x1b[K") == 3
    left = re.sub(r"\x1b\[[0-9;]*m", "", re.sub(r"[^\n]*\r\x1b\[K", "", text))
    assert left == "  report     writing reports\n"


def test_what_is_handed_to_workers_is_worth_no_line(capsys: pytest.CaptureFixture[str]):
    watched(BatchSubmitted(batch="1", tests=(case(None),)), BatchDone(batch="1"))
    assert capsys.readouterr().out == ""


def test_a_second_attempt_is_told(capsys: pytest.CaptureFixture[str]):
    watched(ended("test_1", Status.FAILED), ended("test_1", attempt=2))
    assert "test_1  0.50s, attempt 2" in capsys.readouterr().out


def test_thousands_of_tests_do_not_flood_a_log(capsys: pytest.CaptureFixture[str]):
    watched(planned(5_001), *(ended(f"test_{each}") for each in range(1, 5_001)))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 250
    assert lines[-1] == "  5,000 of 5,000 ended, 0 failed"


def test_on_a_terminal_a_line_updates_and_failures_stay(monkeypatch: pytest.MonkeyPatch):
    text = on_a_terminal(monkeypatch, lambda: watched(*EVENTS))
    assert "\r\x1b[K  1 of 2 ended, 0 failed  " in text
    assert "\r\x1b[K  2 of 2 ended, 1 failed  " in text
    left = re.sub(r"\x1b\[[0-9;]*m", "", re.sub(r"[^\n]*\r\x1b\[K", "", text))
    assert "test_1" not in left
    assert "✗ shop::tests/test_cart.py::test_2" in left
    assert left.endswith("  report     writing reports\n")


def test_a_live_line_fits_the_terminal(monkeypatch: pytest.MonkeyPatch):
    text = on_a_terminal(monkeypatch, lambda: watched(planned(), ended("test_" + "x" * 300)))
    live = re.sub(r"\x1b\[[0-9;]*m", "", text.rsplit("\r\x1b[K", 1)[1])
    assert len(live) < 60


def test_colours_are_for_terminals_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch, run: Run):
    def show() -> None:
        TerminalReporter().report(run)

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m" in on_a_terminal(monkeypatch, show)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in on_a_terminal(monkeypatch, show)


def test_the_summary(run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    TerminalReporter().report(run)
    assert capsys.readouterr().out == (
        "\n"
        "  application      passed  failed  skipped  unavailable  interrupted      time\n"
        "  payment-service       1       1        0            0            0     1.55s\n"
        "  user-service          0       0        1            0            1     0.00s\n"
        "  web                   0       0        0            2            0     0.00s\n"
        "\n"
        "  ✗ payment-service::tests/test_processor.py::test_rounding\n"
        "      ValidationError: amount 10.005 has more than two decimals\n"
        "      assert 422 == 201\n"
        "    validation → api-team  failed after 0.05s\n"
        "\n"
        "  ! web: 2 tests unavailable\n"
        "      no checkout\n"
        "\n"
        "  ! user-service: 1 test interrupted\n"
        "      stopped\n"
        "\n"
        "  warning  13.4 could not be had, 15.3 is used\n"
        "  plugin failed  the reporter 'chat' raised OSError: gone\n"
        "\n"
        "  ✗ 1 failed, 1 passed, 1 skipped, 2 unavailable, 1 interrupted in 8.00s\n"
        "    plan 0.50s · execute 7.50s\n"
        "    environment  process: it refuses nothing\n"
        "    reports      reports/20261122-203446-5f3a\n"
    )


def test_one_run_is_summed_up_once_and_the_next_again(run: Run, capsys: pytest.CaptureFixture[str]):
    reporter = TerminalReporter()
    reporter.report(run)
    first = capsys.readouterr().out
    reporter.report(run)
    assert capsys.readouterr().out == ""
    reporter.report(evolve(run, run_id="another"))
    assert capsys.readouterr().out == first


def test_a_run_that_passed_ends_in_one_calm_line(run: Run, capsys: pytest.CaptureFixture[str]):
    TerminalReporter().report(
        evolve(run, results=run.results[:1], warnings=(), plugin_failures=(), provisioner="", reports=None)
    )
    assert capsys.readouterr().out.splitlines()[-2:] == ["  ✓ 1 passed in 8.00s", "    plan 0.50s · execute 7.50s"]


def test_a_leak_is_told_before_the_warnings_and_fails_the_run(leaking: Run, capsys: pytest.CaptureFixture[str]):
    TerminalReporter().report(evolve(leaking, results=leaking.results[:1]))
    out = capsys.readouterr().out
    told = "  leak  the environment 'shop' has left the process 4711 (api_server); end or remove it by hand\n"
    assert out.index(told) < out.index("  warning  ")
    assert "  ✗ 2 leaks, 1 passed in 8.00s\n" in out


def test_a_run_without_tests_can_be_summed_up(run: Run, capsys: pytest.CaptureFixture[str]):
    TerminalReporter().report(evolve(run, results=()))
    assert "no tests in 8.00s" in capsys.readouterr().out


def test_failures_that_look_alike_share_their_evidence(run: Run, capsys: pytest.CaptureFixture[str]):
    results = tuple(failure(case(f"test_{number}"), Status.ERROR) for number in range(30))
    TerminalReporter().report(evolve(run, results=results))
    out = capsys.readouterr().out
    assert out.count("assert 422 == 201") == 1
    assert "29 more tests failed in the same way:" in out
    assert "and 19 more in the reports" in out
    assert "30 errors" in out


def test_only_so_many_causes_and_lines_are_shown(run: Run, capsys: pytest.CaptureFixture[str]):
    results = tuple(
        failure(case(f"test_{number}"), message=f"cause {number}\n" * 1 + "a\nb\nc\nd") for number in range(9)
    )
    TerminalReporter(failures=2, lines=3).report(evolve(run, results=results))
    out = capsys.readouterr().out
    assert "7 more causes of failure in the reports" in out
    assert "      (3 more lines in the reports)\n" in out
    assert "cause 1" in out
    assert "cause 2" not in out


def test_a_terminal_is_told_nothing_that_it_would_obey(run: Run, capsys: pytest.CaptureFixture[str]):
    nasty = "\x1b[2Jgone \x1b]0;title\x07\x9b31m\x08 \x00"
    result = failure(evolve(case("n"), name=f"n{nasty}"), message=nasty)
    unavailable = TestResult(test_id="w::f", status=Status.UNAVAILABLE, reason=nasty)
    TerminalReporter().report(evolve(run, results=(result, unavailable), warnings=(nasty,)))
    watched(ended(f"x{nasty}", Status.FAILED, nasty))
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", capsys.readouterr().out) == []


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_any_encoding_can_show_it(run: Run, monkeypatch: pytest.MonkeyPatch, encoding: str):
    buffer = io.BytesIO()
    with io.TextIOWrapper(buffer, encoding=encoding, write_through=True) as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        TerminalReporter().report(evolve(run, warnings=("漢字",)))
        watched(*EVENTS)
        text = buffer.getvalue().decode(encoding)
    assert "validation -> api-team" in text
    assert "  + shop::tests" in text
    assert "\\u6f22" in text


def test_long_evidence_wraps_on_a_terminal(monkeypatch: pytest.MonkeyPatch, run: Run):
    message = " ".join(["word"] * 18) + " the point"
    text = on_a_terminal(
        monkeypatch, lambda: TerminalReporter().report(evolve(run, results=(failure(case("n"), message=message),)))
    )
    assert "the point" in text


def test_the_causes_are_told_before_the_failures(caused: Run, capsys: pytest.CaptureFixture[str]):
    TerminalReporter().report(caused)
    out = capsys.readouterr().out
    told = out[out.index("  1 cause\n") : out.index("ValidationError")]
    assert "    amount <number> has | more than two decimals\n" in told
    assert "      validation, api-team, 1 test, in 4 runs since 2026-11-18, last 2026-11-21, also red on main\n" in told
    assert "      caused by this change: src/pay.py changed\n" in told
    assert "      look at src/pay.py:3 (not committed)\n" in told


def test_more_causes_than_are_shown_are_counted(caused: Run, capsys: pytest.CaptureFixture[str]):
    more = tuple(evolve(caused.clusters[0], id=f"1:{at}", owner=None, times=0) for at in range(3))
    TerminalReporter(failures=1).report(evolve(caused, clusters=(*more, *caused.clusters)))
    out = capsys.readouterr().out
    assert "  4 causes\n" in out
    assert "      validation, nobody named, 1 test, new, also red on main\n" in out
    assert "    and 3 more in the reports\n" in out


def test_failures_of_one_cause_share_the_evidence_of_the_first(caused: Run, capsys: pytest.CaptureFixture[str]):
    results = tuple(failure(case(f"test_{at}"), message=f"port {at} is taken") for at in range(3))
    cluster = evolve(caused.clusters[0], tests=tuple(each.label for each in results))
    TerminalReporter().report(evolve(caused, results=results, clusters=(cluster,)))
    out = capsys.readouterr().out
    assert "port 0 is taken" in out
    assert "port 1 is taken" not in out
    assert "2 more tests failed in the same way:" in out


def test_what_was_sent_and_what_was_not_is_told_with_how_to_send_it_later(
    delivering: Run, capsys: pytest.CaptureFixture[str]
):
    TerminalReporter().report(delivering)
    said = capsys.readouterr().out
    assert "  sent  github_issues to a/b: open a/b#7 (no | space), update a/b#3\n" in said
    assert "  left  github_issues to a/b: 1 more cause\n" in said
    assert (
        "  not sent  jira_issues to PAY: open 'cause 0', open 'cause 1', open 'cause 2', open 'cause 3', open 'cause 4'"
        " and 2 more: Jira answered 503; send it later by send(1)\n"
    ) in said
    assert "  dry run  webhook would open 'cause 0'\n" in said
