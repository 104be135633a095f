"""What tests touched, as a selector may ask it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@frozen(kw_only=True)
class Outdated:
    """
    A file that is not as it was when `tests` were recorded.

    `before` and `now` are its content then and now; None where it is not known, is not there, or is too large.
    """

    path: str
    tests: int
    before: bytes | None
    now: bytes | None


class TouchedMap(Protocol):
    """
    What each test of an application touched when it was last recorded.

    Tests are numbered by their place in `tests`, each `file::name`; a set of them is an integer whose bits are their
    numbers. Only those in `recorded` are known. Paths are relative to the checkout, with `/` between their parts; units
    are functions and classes by their qualified names, and `<module>`.
    """

    @property
    def python(self) -> str:
        """The version of Python that they ran with: `3.13`."""
        ...

    @property
    def tests(self) -> tuple[str, ...]:
        """What the tests are called."""
        ...

    @property
    def recorded(self) -> int:
        """The tests that are known."""
        ...

    @property
    def files(self) -> tuple[str, ...]:
        """The files that tests entered or read."""
        ...

    @property
    def opaque(self) -> int:
        """The tests that start programs of which nobody knows what they touch: any change may concern them."""
        ...

    def entering(self, path: str, unit: str) -> int:
        """The tests that enter a unit of a file, by themselves or by what they rely on."""
        ...

    def using(self, path: str) -> int:
        """The tests that enter anything of a file, or read it, or hand it to a program."""
        ...

    def reading(self, path: str) -> int:
        """The tests that read a file for its content."""
        ...

    def missing(self, path: str) -> int:
        """The tests that would notice if there were a file of this path, where there was none."""
        ...

    def sought(self, path: str) -> int:
        """Those of them that have looked for it by its name."""
        ...

    def finding(self, path: str) -> int:
        """The tests that ask whether there is a file or a folder of this path, where there was one."""
        ...

    def listing(self, path: str) -> int:
        """The tests that look at what is in the folder of a path, which is another once the path is new or gone."""
        ...

    def starting(self, path: str) -> int:
        """The tests that start a program and name it the file."""
        ...

    def running(self, name: str) -> int:
        """The tests that run code which is made meanwhile and asks for a name, as `exec` and `eval` do."""
        ...

    def asking(self, name: str) -> int:
        """The tests that are text themselves, as examples in documents are, and ask for a name."""
        ...

    @property
    def showing_lines(self) -> int:
        """The tests that enter what asks in which line something is."""
        ...

    @property
    def attaching(self) -> int:
        """The tests that enter what attaches a database to another one, of which nobody tells where it is."""
        ...

    @property
    def connecting(self) -> int:
        """The tests that connect to something, or meet a connection that is open."""
        ...

    @property
    def sharing(self) -> tuple[int, ...]:
        """For each thing that outlives tests and that they may change, those that have it in common."""
        ...

    def searching(self, folder: str) -> int:
        """The tests that look for a module which a folder would be, or a part of."""
        ...

    @property
    def absent(self) -> tuple[str, ...]:
        """What was looked for, and was not there."""
        ...

    def units(self, path: str) -> Mapping[str, int]:
        """The units of a file that tests enter, each with those tests."""
        ...

    def outdated(self, checkout: Path) -> Iterator[Outdated]:
        """The files that are not as they were, found by size and time, and where these differ by content."""
        ...

    def places(self, tests: int) -> tuple[str, ...]:
        """What the tests of a set are called, in the order of their numbers."""
        ...
