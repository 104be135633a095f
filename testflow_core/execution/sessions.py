"""Runs a batch where it is called, in a runner's session that is kept warm for the next one."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.errors import PluginError
from testflow_core.interfaces import RUNNER, GetsReady

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from testflow_core.interfaces import Runner, RunnerSession
    from testflow_core.model import Application, Batch, Bench, Outcome
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins


class _Session:
    """An open session of one runner for one bench."""

    def __init__(self, name: str, runner: Runner, bench: Bench) -> None:
        self._exit = ExitStack()
        self.key = (name, bench)
        self.session: RunnerSession = self._exit.enter_context(runner.session(bench))

    def close(self) -> None:
        self._exit.close()


class WarmSessions:
    """
    A `RunBatch` that keeps sessions for the next batch of the same bench, whichever thread that runs in.

    Leaving the `with` ends the sessions, and what they started.
    """

    def __init__(self, plugins: Plugins, calls: PluginCalls) -> None:
        self._plugins = plugins
        self._calls = calls
        self._lock = threading.Lock()
        self._runners: dict[str, Runner] = {}
        self._idle: list[_Session] = []
        self._busy: set[_Session] = set()
        self._expected: dict[tuple[str, str], ExitStack] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock, ExitStack() as exits:
            for readiness in self._expected.values():
                exits.callback(readiness.close)
            for session in (*self._idle, *self._busy):
                exits.callback(session.close)
            self._expected.clear()
            self._idle.clear()
            self._busy.clear()

    def expect(self, runner: str, application: Application) -> None:
        """Tests of this application are likely to come: a runner that can gets ready, others wait for a batch."""
        if (runner, application.name) in self._expected:
            return
        readiness = self._expected[runner, application.name] = ExitStack()
        with suppress(PluginError):
            found = self._runner(runner)
            if isinstance(found, GetsReady):
                able = found
                self._calls.answer(RUNNER, runner, lambda: readiness.enter_context(able.ready(application)), None)

    def warm(self, runner: str, bench: Bench) -> None:
        """Open a session that the first batch of this bench will find."""
        session = self._session(runner, bench)
        with self._lock:
            self._idle.append(session)

    def __call__(self, batch: Batch) -> Iterator[Outcome]:
        """The outcomes of the batch as they come, marked as its own."""
        session = self._taken(batch) or self._opened(batch)
        try:
            for outcome in session.session.run(batch):
                yield (
                    outcome
                    if outcome.batch
                    else evolve(outcome, batch=batch.id, flow=batch.flow, attempt=batch.attempt)
                )
        except BaseException:
            # A session that raised, or was left half way, is not used again.
            with self._lock:
                self._busy.discard(session)
            session.close()
            raise
        with self._lock:
            self._busy.discard(session)
            self._idle.append(session)

    def finish(self) -> list[Outcome]:
        """What only the end of all batches tells, of all sessions that are idle, which end at the same time."""
        with self._lock:
            sessions = list(self._idle)
        if not sessions:
            return []
        with ThreadPoolExecutor(len(sessions), thread_name_prefix="testflow-finish") as pool:
            return [outcome for told in pool.map(self._finished, sessions) for outcome in told]

    def _finished(self, session: _Session) -> list[Outcome]:
        return self._calls.answer(RUNNER, session.key[0], lambda: list(session.session.finish()), [])

    def _session(self, name: str, bench: Bench) -> _Session:
        return _Session(name, self._runner(name), bench)

    def _runner(self, name: str) -> Runner:
        with self._lock:
            # The same one for all sessions: they may share what is costly.
            runner = self._runners.get(name) or self._plugins.load(RUNNER, name)
            self._runners[name] = runner
        return runner

    def _taken(self, batch: Batch) -> _Session | None:
        with self._lock:
            for session in self._idle:
                if session.key == (batch.runner, batch.bench):
                    self._idle.remove(session)
                    self._busy.add(session)
                    return session
        return None

    def _opened(self, batch: Batch) -> _Session:
        session = self._session(batch.runner, batch.bench)
        with self._lock:
            self._busy.add(session)
        return session
