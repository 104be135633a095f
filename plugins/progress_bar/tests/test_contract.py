"""The reporter `bar` keeps the contracts of its interface, on a terminal and without one."""

import os
import pty
import termios
import tty

import pytest
from testflow_progress_bar import BarReporter

from testflow_core.testing.contracts import ReporterContract, ReporterThatObserves

# What nobody else writes: where it is read, all that came before it has been read, too.
MARK = b"\x00read\x00"


class TestOnATerminal(ReporterContract, ReporterThatObserves):
    @pytest.fixture
    def terminal(self, monkeypatch):
        master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 100))
        tty.setraw(slave)
        monkeypatch.setenv("TERM", "xterm")
        with os.fdopen(slave, "w", encoding="utf-8") as stream:
            yield master, stream
        os.close(master)

    @pytest.fixture
    def reporter(self, terminal):
        return BarReporter(stream=terminal[1])

    @pytest.fixture
    def published(self, terminal):
        master, stream = terminal
        read = [b""]

        def so_far(_):
            stream.write(MARK.decode())
            stream.flush()
            while not read[0].endswith(MARK):
                read[0] += os.read(master, 65_536)
            read[0] = read[0].removesuffix(MARK)
            return read[0]

        return so_far


class TestOnAPipe(ReporterThatObserves):
    @pytest.fixture
    def reporter(self):
        return BarReporter()
