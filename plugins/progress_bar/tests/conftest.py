"""A terminal that tests can look at."""

import os
import pty
import re
import sys
import termios
import tty
from contextlib import contextmanager
from threading import Thread

import pytest
from attrs import define, field


@define
class Terminal:
    """A pseudo-terminal; what is written to it is read at once, so that nobody waits for a full buffer."""

    stream: object
    pieces: list = field(factory=list)

    def drain(self, master):
        # Linux says EIO, macOS an empty read, once the other side is closed.
        try:
            while piece := os.read(master, 65_536):
                self.pieces.append(piece)
        except OSError:
            return

    @property
    def text(self):
        """All that was written, once the terminal is closed."""
        return b"".join(self.pieces).decode().replace("\r\n", "\n")

    @property
    def frames(self):
        """What its last line has shown, one after the other."""
        return [each.rstrip() for each in re.split(r"[\r\n]", self.text) if each.strip()]

    @property
    def left(self):
        """What a person sees in the end."""
        screen = []
        for line in self.text.split("\n"):
            shown = ""
            for over in line.split("\r"):
                shown = over + shown[len(over) :]
            screen.append(shown.rstrip())
        return "\n".join(screen).strip()


@contextmanager
def opened(columns):
    """A terminal of so many columns, which may be read once it is closed."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, columns))
    tty.setraw(slave)
    with os.fdopen(slave, "w", encoding="utf-8", errors="backslashreplace") as stream:
        terminal = Terminal(stream)
        reader = Thread(target=terminal.drain, args=(master,))
        reader.start()
        yield terminal
    reader.join(10)
    os.close(master)
    assert not reader.is_alive()


@pytest.fixture
def on_a_terminal(monkeypatch):
    """Standard error is a terminal while something is shown; answers that terminal once it is closed."""

    def shown(show, columns=100):
        with opened(columns) as terminal, monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", terminal.stream)
            patch.setenv("TERM", "xterm")
            show()
        return terminal

    return shown
