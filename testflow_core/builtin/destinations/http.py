"""The destination `http`: each record is sent to an API, and deleted there in the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from secrets import token_hex
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import quote, urlsplit

from attrs import evolve, field, frozen

from testflow_core.builtin.destinations.text import json_text
from testflow_core.errors import DataError, Problem
from testflow_core.interfaces import Destination
from testflow_core.model import Json, Loaded
from testflow_core.provisioning.ledger import Ledger, ledger
from testflow_core.tables import filling_order, tables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from testflow_core.model import Bench, DataSet, Record, TestData
    from testflow_core.provisioning.ledger import Entry

REMOVER = f"{__name__}:remove"
_COPY = "{copy}"
_LIMIT = 10.0
_SHOWN = 300
_GONE = (404, 410)
_LOCAL = ("localhost", "127.0.0.1", "::1")


@frozen(kw_only=True)
class HttpDestination(Destination):
    """
    A POST of each record to the path of its entity below `url`, those that are referred to first.

    `paths` are by entity, `/users` where none is named. Unless `remove` says otherwise, each is deleted in the end: at
    the `Location` that was answered, or below the path by the field `key` of what was answered, or else was sent.

    `{copy}` in an address, a path or a header is a name of its own for the run, and for each test that has a copy: a
    tenant, or a prefix. Tests find the address by `TESTFLOW_HTTP`, and the name by `TESTFLOW_HTTP_COPY`.
    """

    url: str
    paths: Mapping[str, str] = field(factory=dict[str, str])
    headers: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    key: str = "id"
    remove: bool = True

    def problems(self, data: TestData, /) -> Iterable[Problem]:
        """Paths of entities that there are not, and an address that is none."""
        path = "$.destinations.http"
        for entity in self.paths:
            if entity not in data.entities:
                known = ", ".join(data.entities) or "none"
                yield Problem(f"{path}.paths.{entity}", f"there is no entity {entity!r} (known: {known})")
        if not self.url.startswith(("http://", "https://", "{")):
            yield Problem(f"{path}.url", f"expected an address of http or https, got {self.url!r}")

    @contextmanager
    def load(self, data: DataSet, bench: Bench) -> Generator[Loaded]:
        """All records sent on entry, those of a failed load deleted again; DataError names the record that failed."""
        # What two copies would have in common, the API would refuse the second time.
        if not any(_COPY in each for each in (self.url, *self.paths.values(), *self.headers.values())):
            with self._in_place(data) as keep:
                yield Loaded(keep=keep)
            return

        @contextmanager
        def sent() -> Generator[Loaded]:
            name = f"testflow-{token_hex(6)}"
            copy = self._named(name)
            with copy.load(data, bench) as there:
                variables = {"TESTFLOW_HTTP": copy.url, "TESTFLOW_HTTP_COPY": name}
                yield evolve(there, variables=variables, clone=sent)

        with sent() as loaded:
            yield loaded

    def _named(self, name: str) -> Self:
        return evolve(
            self,
            url=self.url.replace(_COPY, name),
            paths={entity: path.replace(_COPY, name) for entity, path in self.paths.items()},
            headers={header: value.replace(_COPY, name) for header, value in self.headers.items()},
        )

    @contextmanager
    def _in_place(self, data: DataSet) -> Generator[Callable[[float], str] | None]:
        """The records sent, with what leaves them there for a time; None where they stay anyway."""
        with ledger(REMOVER) if self.remove else nullcontext() as mine, _Api(self.url, self.headers) as api:
            for entity in filling_order(tables_of(data)):
                for number, record in enumerate(data.records[entity]):
                    self._send(api, entity, record, f"{entity}[{number}]", mine)
            yield partial(_keep, mine, api.shown) if mine is not None else None

    def _send(self, api: _Api, entity: str, record: Record, place: str, mine: Ledger | None) -> None:
        path = self.paths.get(entity, f"/{quote(entity)}")
        try:
            body = json_text(record)
        except (TypeError, ValueError, RecursionError) as error:
            raise DataError(f"{place} cannot be sent: {error}") from error
        status, answer, location = api.ask("POST", path, body)
        if status // 100 != 2:  # noqa: PLR2004 - success, as HTTP has it
            shown = answer.decode(errors="replace").strip()[:_SHOWN]
            raise DataError(f"{place} was refused by POST {api.base}{path}: {status} {shown}".rstrip())
        if mine is not None:
            where = location or f"{path.rstrip('/')}/{self._key(answer, record, place)}"
            mine.note({"url": api.base, "path": where, "headers": dict(self.headers)})

    def _key(self, answer: bytes, record: Record, place: str) -> str:
        try:
            told: Json = json.loads(answer)
        except ValueError:
            told = None
        found = told.get(self.key) if isinstance(told, Mapping) else None
        value = record.get(self.key) if found is None else found
        if value is None:
            raise DataError(
                f"{place} could not be deleted: neither it nor what was answered has the field {self.key!r};"
                ' name another as `key`, or say {"remove": False}'
            )
        return quote(str(value), safe="")


def _keep(mine: Ledger, place: str, seconds: float) -> str:
    mine.keep(seconds)
    return place


class _Api:
    """A connection that is used again; requests below a base."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.base = url.rstrip("/")
        self.local = parts.hostname in _LOCAL
        # Without who asks and his password.
        self.shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
        self._prefix = parts.path.rstrip("/")
        self._headers = headers
        self._connection = kind(parts.netloc.rpartition("@")[2], timeout=_LIMIT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, verb: str, path: str, body: str | None = None) -> tuple[int, bytes, str]:
        """The status, the body and the location that are answered; DataError where nobody does."""
        headers = {**({"Content-Type": "application/json"} if body is not None else {}), **self._headers}
        target = path if "://" in path else f"{self._prefix}{path}"
        try:
            self._connection.request(verb, target, None if body is None else body.encode(), headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Location", "").removeprefix(self._prefix)
        except ConnectionRefusedError as error:
            raise _AbsentError(f"{verb} {self.base}{path} was not answered: {error}", local=self.local) from error
        except (OSError, HTTPException, ValueError) as error:
            self._connection.close()
            raise DataError(f"{verb} {self.base}{path} was not answered: {error or type(error).__name__}") from error


class _AbsentError(DataError):
    """Nobody listens there; `local` where that is this machine."""

    def __init__(self, message: str, *, local: bool) -> None:
        super().__init__(message)
        self.local = local


def remove(entries: Sequence[Entry]) -> Iterator[str]:
    """Delete records; what is gone already, with its service or without, is no matter."""
    for entry in entries:
        url, path = str(entry["url"]), str(entry["path"])
        with _Api(url, cast("Mapping[str, str]", entry["headers"])) as api:
            try:
                status, answer, _ = api.ask("DELETE", path)
            except _AbsentError as error:
                if error.local:
                    continue
                raise
        if not (status // 100 == 2 or status in _GONE):  # noqa: PLR2004 - success, as HTTP has it
            shown = answer.decode(errors="replace").strip()[:_SHOWN]
            raise DataError(f"DELETE {url}{path} of test data was refused: {status} {shown}".rstrip())
        yield f"record {url}{path}"
