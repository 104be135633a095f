"""What a failure says of itself, taken apart: the exceptions, where they were raised, and what was printed."""

from __future__ import annotations

import re
from functools import lru_cache

from attrs import field, frozen


@frozen(kw_only=True)
class Frame:
    """A place in the code: the file as it was printed, the line (0 where unknown), the function, the line's source."""

    file: str
    line: int = 0
    function: str = ""
    source: str = ""

    @property
    def third_party(self) -> bool:
        """Whether it belongs to a library or the platform rather than to the application or its tests."""
        return _is_third_party(self.file)


@frozen(kw_only=True)
class Raised:
    """
    An exception, or the sentence that stands for one where a framework gives none.

    `name` is its class as printed (`redis.exceptions.ConnectionError`), empty where there is none. `frames` are in the
    order from the raising one outwards. `codes` are what a machine wrote: `errno:ECONNREFUSED`, `status:502`,
    `status:5xx`, `signal:SIGSEGV`, `exit:127`.
    """

    name: str
    message: str
    frames: tuple[Frame, ...] = ()
    codes: frozenset[str] = field(factory=frozenset[str])

    @property
    def simple_name(self) -> str:
        """Its class without package."""
        return self.name.rpartition(".")[2].rpartition("$")[2]

    @property
    def text(self) -> str:
        """Class and message as languages print them."""
        if not self.name:
            return self.message
        return f"{self.name}: {self.message}" if self.message else self.name

    @property
    def own_frame(self) -> Frame | None:
        """The innermost frame inside the application or its tests."""
        return next((frame for frame in self.frames if not frame.third_party), None)


@frozen(kw_only=True)
class Exhibit:
    """One piece that rules are tried on: what it is, how close to the cause it stands (0 is closest), what it says."""

    kind: str
    rank: int
    raised: Raised


@frozen(kw_only=True)
class Log:
    """
    What was printed while the test ran: which stream, how close to the cause it stands, and the text.

    `exhibits` is what it says, taken apart, where nothing else says more than that a program has ended.
    """

    kind: str
    rank: int
    text: str
    exhibits: tuple[Exhibit, ...] = ()


@frozen(kw_only=True)
class Account:
    """Everything that a failure says: its exceptions, that of the message first, and its logs."""

    exhibits: tuple[Exhibit, ...]
    logs: tuple[Log, ...] = ()

    @property
    def frame(self) -> Frame | None:
        """The innermost frame inside the application or its tests, of the first exception that has one."""
        return next((each.raised.own_frame for each in self.exhibits if each.raised.own_frame), None)

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """
        Files and lines of all frames inside the application or its tests, each once: the root of the cause first.

        What was being handled when the exception came comes last: it need not have led to it.
        """
        by_cause = sorted(self.exhibits, key=lambda each: _NEAREST.get(each.kind, 1))
        frames = (frame for each in by_cause for frame in each.raised.frames if not frame.third_party)
        return tuple(dict.fromkeys((frame.file, frame.line) for frame in frames))[:FRAME_LIMIT]


FRAME_LIMIT = 24
"""Frames that are told of one failure."""


@lru_cache(maxsize=4_096)
def _is_third_party(file: str) -> bool:
    return file.startswith(_PLATFORM) or _THIRD_PARTY.search(file) is not None


_NEAREST = {"cause": 0, "context": 2}
_THIRD_PARTY = re.compile(
    r"(?:site|dist)-packages/|/lib/python|node_modules/|node:|<frozen |/python3\.|internal/process", re.ASCII
)
_PLATFORM = (
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "org.junit.",
    "junit.",
    "org.testng.",
    "org.hamcrest.",
    "org.assertj.",
    "org.mockito.",
    "org.apache.maven.",
    "org.gradle.",
    "org.springframework.",
    "org.hibernate.",
    "worker.org.gradle.",
    "kotlin.",
    "reactor.",
    "io.netty.",
)
