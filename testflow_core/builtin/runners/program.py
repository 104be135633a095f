"""Runs one program to its end, within limits of time and output."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.runners.agent.texts import LIMIT, first_lines, limited
from testflow_core.provisioning.interruption import current

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from testflow_core.provisioning.supervisor import Supervisor

OUTPUT_LIMIT = 64 << 20
STDOUT, STDERR = "stdout", "stderr"
CHECK_INTERVAL = 0.5
# npm, perl's Test::More and Node's TAP say that what they ran has failed, which is known.
_NOISE = re.compile(
    r"npm (ERR!|error|warn|notice)\b|Node\.js v\d|\s+at |[\^~\s{}\[\]()]*$"
    r"|# Looks like |# Tests were run but |\s*error: 'test failed'$"
)
_TELLING = re.compile(r"(Uncaught\s+)?[\w.]*(Error|Exception)\b.*:|(fatal|error)\b.*:", re.IGNORECASE)
ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@frozen(kw_only=True)
class Ending:
    """
    How a program ended: `code` is its exit code, or the negative number of a signal.

    `timed_out` and `flooded` tell that it was ended because of its time or its output.
    """

    code: int
    duration: float
    started: float
    stdout: str
    stderr: str
    timed_out: bool = False
    flooded: bool = False

    @property
    def telling(self) -> str:
        """The line of its output that is likeliest to say what went wrong: the last that names an error."""
        for pattern in (_TELLING, None):
            for text in (self.stderr, self.stdout):
                lines = [line.strip().removeprefix("# ") for line in text.splitlines() if not _NOISE.match(line)]
                found = [line for line in lines if pattern is None or pattern.match(line)]
                if found:
                    return first_lines(found[-1])
        return ""


def run_program(
    argv: Sequence[str],
    supervisor: Supervisor,
    *,
    cwd: Path,
    env: Mapping[str, str],
    directory: Path,
    timeout: float,
) -> Ending:
    """
    Run it with nothing on standard input; what it has started is gone when this returns.

    Output is kept in the files `stdout` and `stderr` of `directory`. Raises what the supervisor raises where the
    program cannot be started.
    """
    paths = (directory / STDOUT, directory / STDERR)
    with paths[0].open("wb") as out, paths[1].open("wb") as err:
        started, clock = time.time(), time.monotonic()
        process = supervisor.spawn(argv, cwd=cwd, env=env, stdout=out.fileno(), stderr=err.fileno())
        try:
            timed_out = flooded = False
            with current().ended_by(lambda: process.end(grace=0)):
                while process.wait(max(0.0, min(CHECK_INTERVAL, clock + timeout - time.monotonic()))) is None:
                    timed_out = time.monotonic() >= clock + timeout
                    flooded = sum(path.stat().st_size for path in paths) > OUTPUT_LIMIT
                    if timed_out or flooded:
                        break
        finally:
            duration = time.monotonic() - clock
            process.end(grace=0)
    return Ending(
        code=process.wait(0) or 0,
        duration=duration,
        started=started,
        stdout=_read(paths[0]),
        stderr=_read(paths[1]),
        timed_out=timed_out,
        flooded=flooded,
    )


def _read(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as stream:
        said = stream.read(2 * LIMIT)
        if size > 2 * LIMIT:
            stream.seek(max(size - LIMIT, 2 * LIMIT))
            said += stream.read(LIMIT)
    return limited(ESCAPE.sub("", said.decode("utf-8", "replace")))
