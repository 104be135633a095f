"""Work that waits for other programs, done aside while planning goes on."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

A = TypeVar("A")


class Aside(Generic[A]):
    """An answer that is being looked for."""

    def __init__(self, work: Callable[[], A]) -> None:
        self._work = work
        self._answers: list[A] = []
        self._errors: list[BaseException] = []
        # Of a daemon thread a killed interpreter would leave behind what it has begun.
        self._thread = threading.Thread(target=self._find, name="testflow-aside", daemon=False)
        self._thread.start()

    def answer(self) -> A:
        """The answer, once it is there; raises what looking for it raised."""
        self._thread.join()
        for error in self._errors:
            raise error
        return self._answers[0]

    def end(self) -> None:
        """Wait until nothing goes on any more, whatever came of it."""
        self._thread.join()

    def _find(self) -> None:
        try:
            self._answers.append(self._work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is asked for
            self._errors.append(error)


@contextmanager
def aside(work: Callable[[], A]) -> Generator[Aside[A]]:
    """Begin some work; it has ended when this is left."""
    going_on = Aside(work)
    try:
        yield going_on
    finally:
        going_on.end()
