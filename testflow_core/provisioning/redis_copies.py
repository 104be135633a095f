"""A Redis server that can be gone back to its start, and whose numbered databases are given out."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core.errors import ProvisionError
from testflow_core.model import Endpoint

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from typing import Self

    from testflow_core.model import By
    from testflow_core.provisioning.launch import Running

NUMBERS = tuple(range(1, 16))
"""The databases beside the first; a server has sixteen where nobody says."""

_LIMIT = 30.0


class RedisSession:
    """A connection to a server (https://redis.io/docs/latest/develop/reference/protocol-spec/, version 2)."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._connection = socket.create_connection((endpoint.host, endpoint.port or 0), timeout=_LIMIT)
        self._answers = self._connection.makefile("rb")
        try:
            if endpoint.password:
                self.ask("AUTH", endpoint.password)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._connection.close()

    def ask(self, *words: str) -> list[str]:
        """The texts of the server's answer, one after the other; ProvisionError with what it says."""
        parts = [word.encode() for word in words]
        lengths = b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        try:
            self._connection.sendall(b"*%d\r\n%s" % (len(parts), lengths))
            return list(self._answer())
        except OSError as error:
            raise ProvisionError(f"Redis says nothing more ({error})") from error

    def _answer(self) -> Generator[str]:
        line = self._answers.readline()
        kind, said = line[:1], line[1:].strip().decode()
        if kind == b"*":
            for _ in range(int(said)):
                yield from self._answer()
        elif kind == b"$":
            yield self._answers.read(int(said) + 2)[:-2].decode(errors="replace")
        elif kind in {b"+", b":"}:
            yield said
        else:
            raise ProvisionError(f"Redis says {said or 'nothing more'}")


@frozen(kw_only=True)
class CopiedCache:
    """A server whose numbered databases are copies of its empty first one."""

    service: str
    endpoint: Endpoint
    _settings: dict[str, str] = field(init=False, factory=dict[str, str], eq=False, repr=False)
    _users: list[str] = field(init=False, factory=list[str], eq=False, repr=False)
    _taken: set[int] = field(init=False, factory=set[int], eq=False, repr=False)
    _lock: threading.Lock = field(init=False, factory=threading.Lock, eq=False, repr=False)

    def keep(self) -> None:
        """Note how the server is set."""
        with self._session("be copied") as session:
            self._settings.update(_settings(session))
            self._users.extend(_if_known(session, "ACL", "LIST"))

    def reset(self) -> None:
        """Empty every database and set the server as it was; ProvisionError with what is not as it was."""
        with self._session("be reset") as session:
            for name, value in _settings(session).items():
                if self._settings.get(name) != value:
                    session.ask("CONFIG", "SET", name, self._settings.get(name, ""))
            session.ask("FLUSHALL")
            session.ask("SCRIPT", "FLUSH")
            _if_known(session, "FUNCTION", "FLUSH")
            now = _settings(session)
            left = [f"the setting {name}" for name, value in self._settings.items() if now.get(name) != value]
            left += [] if _if_known(session, "ACL", "LIST") == self._users else ["its users"]
            keyspace = "".join(session.ask("INFO", "keyspace")).split()[2:]
            left += [f"the database {each}" for each in keyspace]
            if left:
                raise ProvisionError(f"other than it was: {', '.join(left)}")

    @contextmanager
    def clone(self, by: By) -> Generator[Endpoint]:  # noqa: ARG002 (Redis has nothing like schemas)
        """A database of the server's, empty on entry and exit, at another endpoint; ProvisionError if there is none."""
        with self._lock:
            number = next((each for each in NUMBERS if each not in self._taken), None)
            if number is None:
                what = f"has {len(NUMBERS)} databases to give, and all are in use"
                raise ProvisionError(f"the service {self.service} {what}", service=self.service)
            self._taken.add(number)
        try:
            yield evolve(self.endpoint, url=f"{self.endpoint.url}/{number}", database=str(number))
        finally:
            with self._session("lose a copy") as session:
                session.ask("SELECT", str(number))
                session.ask("FLUSHDB")
            with self._lock:
                self._taken.discard(number)

    @contextmanager
    def _session(self, what: str) -> Generator[RedisSession]:
        try:
            with RedisSession(self.endpoint) as session:
                yield session
        except (ProvisionError, OSError) as error:
            said = f"the service {self.service} cannot {what}: {error}"
            raise ProvisionError(said, service=self.service) from error


def copied(running: Running, service: str) -> Running:
    """The server, which can be reset and copied once it is ready."""
    server = CopiedCache(service=service, endpoint=running.endpoint)
    return evolve(running, keep=server.keep, reset=server.reset, clone=server.clone)


def _if_known(session: RedisSession, *words: str) -> list[str]:
    """What is answered, nothing by servers that do not know it: those before 6 have no users, before 7 no functions."""
    answer: list[str] = []
    with suppress(ProvisionError):
        answer = session.ask(*words)
    return answer


def _settings(session: RedisSession) -> Mapping[str, str]:
    names_and_values = iter(_if_known(session, "CONFIG", "GET", "*"))
    return dict(zip(names_and_values, names_and_values, strict=True))
