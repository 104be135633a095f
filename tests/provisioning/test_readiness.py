"""When a started service can be used."""

from __future__ import annotations

import socket
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import readiness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from testflow_core.provisioning.supervised import Supervised
    from testflow_core.provisioning.supervisor import Supervisor

    Python = Callable[[str], list[str]]

LOOPBACK = "127.0.0.1"
SECOND = timedelta(seconds=1)


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = int(self.path.strip("/"))
        self.send_response(status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name it has where it is overridden)
        pass


@pytest.fixture
def web_port() -> Iterator[int]:
    with HTTPServer((LOOPBACK, 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture
def sleeper(supervisor: Supervisor, env: Mapping[str, str], tmp_path: Path, python: Python) -> Supervised:
    return supervisor.spawn(python("import signal; signal.pause()"), cwd=tmp_path, env=env)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "service.log"
    path.touch()
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def test_a_port_is_ready_when_it_accepts():
    with socket.create_server((LOOPBACK, 0)) as server:
        assert readiness.port_probe(LOOPBACK, server.getsockname()[1])(1) is None


def test_a_port_that_refuses_is_named():
    port = free_port()
    assert f"{LOOPBACK}:{port}" in (readiness.port_probe(LOOPBACK, port)(1) or "")


@pytest.mark.parametrize(("status", "ready"), [(200, True), (204, True), (302, True), (404, False), (503, False)])
def test_an_answer_below_400_is_ready(web_port: int, status: int, *, ready: bool):
    missing = readiness.http_probe(LOOPBACK, web_port, f"/{status}")(5)
    assert (missing is None) == ready
    assert ready or f"answers {status}" in (missing or "")


def test_nobody_there_to_answer_is_not_ready():
    assert "no answer from http://" in (readiness.http_probe(LOOPBACK, free_port(), "/")(1) or "")


def test_an_answer_that_is_no_http_is_not_ready():
    with socket.create_server((LOOPBACK, 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert readiness.http_probe(LOOPBACK, server.getsockname()[1], "/")(5) is not None
        thread.join()


def test_a_log_line_that_matches_is_ready_whenever_it_is_written(log: Path):
    probe = readiness.log_probe(log, r"listening on \d+")
    assert r"'listening on \\d+'" in (probe(1) or "")
    with log.open("a") as stream:
        stream.write("starting\nlisten")
        stream.flush()
        assert probe(1) is not None
        stream.write("ing on 80\nserving\n")
    assert probe(1) is None


def test_a_log_longer_than_what_is_read_at_once_is_searched_whole(log: Path):
    log.write_text("x" * 50 + "\n" + "y" * readiness.LOG_LIMIT * 3 + "\nready at last\n")
    assert readiness.log_probe(log, "^ready at last$")(1) is None


@pytest.mark.parametrize(
    ("program", "missing"),
    [
        ("pass", None),
        ("raise SystemExit(4)", "ended with exit code 4"),
        ("import signal; signal.pause()", "did not end"),
    ],
)
def test_a_command_that_exits_0_is_ready(
    supervisor: Supervisor, env: Mapping[str, str], tmp_path: Path, python: Python, program: str, missing: str | None
):
    found = readiness.exec_probe(supervisor, python(program), cwd=tmp_path, env=env)(2 if missing is None else 0.3)
    if missing == "did not end" or missing is None:
        assert (found is None) == (missing is None)
    else:
        # On a busy machine the interpreter may not have got that far.
        assert found is not None


def test_waiting_ends_when_every_probe_was_satisfied_once(sleeper: Supervised, log: Path):
    asked: list[str] = []

    def probe(name: str, times: int) -> readiness.Probe:
        def look(_seconds: float) -> str | None:
            asked.append(name)
            return None if asked.count(name) == times else "not yet"

        return look

    readiness.wait_until_ready("s", sleeper, [probe("a", 2), probe("b", 3)], limit=20 * SECOND, log=log)
    assert asked == ["a", "a", "b", "b", "b"]


def test_a_service_that_dies_is_told_at_once_with_its_exit_code_and_its_log(
    supervisor: Supervisor, env: Mapping[str, str], tmp_path: Path, python: Python, log: Path
):
    with log.open("w") as stream:
        program = "import sys; print('\\n'.join(map(str, range(50))), flush=True); sys.exit('no database')"
        process = supervisor.spawn(
            python(program), cwd=tmp_path, env=env, stdout=stream.fileno(), stderr=stream.fileno()
        )
    started = time.monotonic()
    probe = readiness.port_probe(LOOPBACK, free_port())
    with pytest.raises(ProvisionError) as caught:
        readiness.wait_until_ready("api", process, [probe], limit=60 * SECOND, log=log)
    assert time.monotonic() - started < 30
    assert str(caught.value).startswith("the service api ended with exit code 1 while starting; the last lines")
    assert str(caught.value).endswith("49\nno database")
    assert "\n29\n" not in str(caught.value)
    assert "\n29\n" in caught.value.logs["api"]
    assert caught.value.service == "api"


def test_a_service_whose_port_somebody_else_answers_has_died_all_the_same(
    supervisor: Supervisor, env: Mapping[str, str], tmp_path: Path, log: Path
):
    process = supervisor.spawn(["sh", "-c", "kill -SEGV $$"], cwd=tmp_path, env=env)
    process.wait(20)
    with socket.create_server((LOOPBACK, 0)) as stranger:
        probe = readiness.port_probe(LOOPBACK, stranger.getsockname()[1])
        with pytest.raises(ProvisionError, match="was ended by SIGSEGV while starting; its log is empty"):
            readiness.wait_until_ready("api", process, [probe], limit=SECOND, log=log)


def test_a_service_that_is_never_ready_is_told_with_what_is_missing(sleeper: Supervised, log: Path):
    log.write_text("warming up\n")
    probe = readiness.port_probe(LOOPBACK, free_port())
    with pytest.raises(ProvisionError, match=r"(?s)was not ready within 0\.05 s: no connection.*warming up"):
        readiness.wait_until_ready("api", sleeper, [probe], limit=0.05 * SECOND, log=log)


@pytest.mark.parametrize(
    ("code", "words"), [(0, "ended with exit code 0"), (-9, "was ended by SIGKILL"), (-40, "signal 40")]
)
def test_an_exit_is_put_in_words(code: int, words: str):
    assert words in readiness.describe_exit(code)


def test_only_the_end_of_a_long_log_is_kept(log: Path):
    log.write_text("a" + "b" * readiness.LOG_LIMIT)
    assert readiness.tail(log) == "b" * readiness.LOG_LIMIT


def test_a_log_that_is_not_there_is_empty(tmp_path: Path):
    assert readiness.tail(tmp_path / "none") == ""
