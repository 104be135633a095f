"""The destination `postgres`: a database or a schema of its own for each run, or tables of one that is there."""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from attrs import field, frozen
from psycopg.conninfo import conninfo_to_dict

from testflow_core.errors import Problem
from testflow_core.interfaces import Destination
from testflow_core.model import Loaded
from testflow_core.provisioning.ledger import ledger
from testflow_core.tables import quoted
from testflow_postgres_data import remains, rights, templates
from testflow_postgres_data.filling import fill
from testflow_postgres_data.remains import REMOVER
from testflow_postgres_data.server import Server, execute, server, without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from testflow_core.model import Bench, DataSet, TestData
    from testflow_core.provisioning.ledger import Entry, Ledger

_VARIABLE = "TESTFLOW_POSTGRES_URL"
_REFERENCE = re.compile(r"\{[^{}]+\}")


class By(StrEnum):
    """What a run has for itself on the server."""

    DATABASE = "database"
    SCHEMA = "schema"
    TABLES = "tables"


@frozen(kw_only=True)
class PostgresDestination(Destination):
    """
    Tables in the database that `TESTFLOW_POSTGRES_URL` names, gone after the run.

    `url` tells of a server and a database there. `by` is what is made on it: a `database` of its own, copied from a
    template the second time where `template` allows, a `schema` in that database, or no more than the `tables` in it.
    `schemas` are files of SQL in the workspace, executed first; tables that they do not make are made from the schema.
    """

    url: str = field(repr=False)
    by: By = By.DATABASE
    password: str | None = field(default=None, repr=False)
    schemas: tuple[str, ...] = ()
    template: bool = True

    def problems(self, data: TestData, /) -> Iterable[Problem]:  # noqa: ARG002 - the contract's
        """A URL that is none, or has a password in it."""
        if _REFERENCE.search(self.url):
            return
        path = "$.destinations.postgres.url"
        try:
            parts = conninfo_to_dict(self.url)
        except psycopg.Error as error:
            yield Problem(path, f"does not tell where PostgreSQL is: {str(error).strip()}")
            return
        if parts.get("password"):
            yield Problem(
                path, "leave the password out, it is written down with the declaration; give it as `password`"
            )

    @contextmanager
    def load(self, data: DataSet, bench: Bench) -> Generator[Loaded]:
        """The tables on entry, gone on exit; DataError where the server, a file of SQL or a value refuses."""
        there = server(self.url, self.password)
        schemas = templates.read(self.schemas, bench.checkout)
        with ledger(REMOVER) as mine:
            make = partial(self._makers[self.by], there, data, schemas, mine)
            url, _ = make()

            @contextmanager
            def clone() -> Generator[Loaded]:
                other, entry = make()
                try:
                    yield Loaded(variables={_VARIABLE: other})
                finally:
                    list(remains.remove([entry]))

            def keep(seconds: float) -> str:
                mine.keep(seconds)
                return without_password(url)

            secrets = there.secrets
            copy = None if self.by is By.TABLES else clone
            yield Loaded(variables={_VARIABLE: url}, secrets=secrets, clone=copy, keep=keep)

    @property
    def _makers(self) -> Mapping[By, Callable[[Server, DataSet, templates.Files, Ledger], tuple[str, Entry]]]:
        return {By.DATABASE: self._database, By.SCHEMA: _schema, By.TABLES: _tables}

    def _database(self, there: Server, data: DataSet, schemas: templates.Files, mine: Ledger) -> tuple[str, Entry]:
        entry = {"kind": "database", "name": _new_name(), "url": there.url}
        name = entry["name"]
        with there.session() as session, rights.told(session, data, rights.DATABASE):
            mine.note(entry)
            if not (self.template and data.repeatable):
                templates.made(there, session, name, data, schemas)
            else:
                template = templates.name(session, data, schemas)
                if not templates.copied(session, name, template):
                    templates.make(there, session, template, data, schemas, mine)
                    templates.copied(session, name, template)
                templates.keep(there, template)
        return there.address(database=name), entry


def _schema(there: Server, data: DataSet, schemas: templates.Files, mine: Ledger) -> tuple[str, Entry]:
    entry = {"kind": "schema", "name": _new_name(), "url": there.url}
    name = entry["name"]
    with there.session(autocommit=False) as session, rights.told(session, data, rights.SCHEMA):
        mine.note(entry)
        execute(session, f"CREATE SCHEMA {quoted(name)}")
        execute(session, f"SET LOCAL search_path TO {quoted(name)}")
        fill(session, data, schemas)
    return there.address(schema=name), entry


def _tables(there: Server, data: DataSet, schemas: templates.Files, mine: Ledger) -> tuple[str, Entry]:
    with there.session(autocommit=False) as session, rights.told(session, data, rights.TABLES):
        filled = fill(session, data, schemas)
        # Nothing is removed unless this is there: what was rolled back may have been made by somebody else meanwhile.
        mark = _new_name()
        execute(session, f"CREATE TABLE {quoted(mark)} ()")
        entry: Entry = {"kind": "tables", "mark": mark, "made": filled.made, "there": filled.there, "url": there.url}
        mine.note(entry)
    return there.address(), entry


def _new_name() -> str:
    return f"testflow_{secrets.token_hex(6)}"
