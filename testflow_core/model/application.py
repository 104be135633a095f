"""The system under test."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from attrs import field, frozen


@frozen(kw_only=True)
class Readiness:
    """
    How a started service shows that it can be used.

    Every check that is named must hold: `http`, a path that answers with a status below 400; `log`, a regular
    expression that a line of the log matches; `exec`, a command that exits 0. Where none is named, the first port must
    accept a connection.
    """

    http: str | None = None
    log: str | None = None
    exec: tuple[str, ...] | None = None
    timeout: timedelta = timedelta(seconds=60)


@frozen(kw_only=True)
class Start:
    """How an application is started as a service from its checkout; it listens on HOST and PORT."""

    command: tuple[str, ...]
    readiness: Readiness = field(factory=Readiness)
    env: Mapping[str, str] = field(factory=dict[str, str])


@frozen(kw_only=True)
class Application:
    """
    An application under test.

    `path` is where its checkout is, as declared or, once planned, as found. `changed_files` is None where nobody
    declared a change, and empty where it is declared unchanged. `interface` are patterns of the files that those who
    use it rely on, as in .gitignore; None where that may be any file. `artifacts` are globs of files that tests leave
    for people to look at where one failed.
    """

    name: str
    repository: str | None = None
    path: Path | None = None
    test_command: tuple[str, ...] = ("pytest", "{test_path}")
    changed_files: tuple[str, ...] | None = None
    base: str | None = None
    depends_on: tuple[str, ...] = ()
    python: str | None = None
    start: Start | None = None
    test_files: tuple[str, ...] | None = None
    interface: tuple[str, ...] | None = None
    artifacts: tuple[str, ...] = ()
