"""Runs a batch where it is called, in a runner's session that is kept warm for the next one."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.interfaces import RUNNER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from testflow_core.interfaces import RunnerSession
    from testflow_core.model import Batch, Outcome
    from testflow_core.registry import Plugins


class _Session:
    """An open session, which does not start again once it is closed."""

    def __init__(self, plugins: Plugins, batch: Batch) -> None:
        self._exit = ExitStack()
        self.key = (batch.runner, batch.bench)
        runner = plugins.load(RUNNER, batch.runner)
        self.session: RunnerSession = self._exit.enter_context(runner.session(batch.bench))

    def close(self) -> None:
        self._exit.close()


class WarmSessions:
    """
    A `RunBatch` that keeps one session for each thread and bench.

    Leaving the `with` ends the sessions, and what they started.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._lock = threading.Lock()
        self._open: dict[int, list[_Session]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock, ExitStack() as exits:
            for session in (session for sessions in self._open.values() for session in sessions):
                exits.callback(session.close)
            self._open.clear()

    def __call__(self, batch: Batch) -> Iterator[Outcome]:
        """The outcomes of the batch as they come, marked as its own."""
        session = self._session(batch)
        try:
            for outcome in session.session.run(batch):
                yield evolve(outcome, batch=batch.id, flow=batch.flow, attempt=batch.attempt)
        except Exception:
            self._forget(session)
            raise

    def _session(self, batch: Batch) -> _Session:
        with self._lock:
            own = self._open.setdefault(threading.get_ident(), [])
        for session in own:
            if session.key == (batch.runner, batch.bench):
                return session
        session = _Session(self._plugins, batch)
        own.append(session)
        return session

    def _forget(self, session: _Session) -> None:
        """A session that raised is not used again."""
        self._open[threading.get_ident()].remove(session)
        session.close()
