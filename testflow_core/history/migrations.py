"""The tables of the history, one migration after the other; a migration that was released is never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

from testflow_core.history.connection import APPLICATION_ID, SCHEMA_VERSION

if TYPE_CHECKING:
    import sqlite3

MIGRATIONS = Migrations("testflow")

_RUNS = (
    """create table runs (id integer primary key, run_id text not null unique, workflow text not null,
    started real not null, ok integer not null check (ok in (0, 1)), provisioner text not null) strict""",
    """create table tests (id integer primary key, test_id text not null unique, application text not null,
    file text not null, name text) strict""",
    "create index tests_of_application on tests (application)",
    # A run of 100,000 tests gives few different reasons.
    "create table reasons (id integer primary key, text text not null unique) strict",
    """create table choices (run integer not null references runs (id) on delete cascade,
    test integer not null references tests (id), selected integer not null check (selected in (0, 1)),
    priority real not null, reason integer not null references reasons (id),
    primary key (run, test)) strict, without rowid""",
    """create table results (run integer not null references runs (id) on delete cascade,
    test integer not null references tests (id), status text not null, duration real not null,
    reason integer not null references reasons (id), primary key (run, test)) strict, without rowid""",
    """create table attempts (run integer not null references runs (id) on delete cascade,
    test integer not null references tests (id), flow text not null, attempt integer not null, status text not null,
    started real not null, duration real not null, message text not null, text text not null,
    primary key (run, test, flow, attempt)) strict, without rowid""",
    """create table diagnoses (run integer not null references runs (id) on delete cascade,
    test integer not null references tests (id), category text not null, reason text not null,
    evidence_kind text, evidence text, primary key (run, test)) strict, without rowid""",
    """create table routes (run integer not null references runs (id) on delete cascade,
    test integer not null references tests (id), team text not null, reason text not null,
    primary key (run, test)) strict, without rowid""",
    """create table phases (run integer not null references runs (id) on delete cascade, position integer not null,
    name text not null, seconds real not null, primary key (run, position)) strict, without rowid""",
    """create table plugin_failures (run integer not null references runs (id) on delete cascade,
    position integer not null, kind text not null, name text not null, traceback text not null,
    primary key (run, position)) strict, without rowid""",
    """create table warnings (run integer not null references runs (id) on delete cascade, position integer not null,
    text text not null, primary key (run, position)) strict, without rowid""",
)

_TRACKS = """create table tracks (test integer primary key references tests (id), runs integer not null,
    failures integer not null, last_status text not null, mean_duration real not null, last_run text not null,
    last_started real not null) strict"""


@MIGRATIONS()
def runs_and_tracks(database: Database) -> None:
    """Runs with all that was learnt in them, and the aggregates that planning reads."""
    for statement in (*_RUNS, _TRACKS):
        database.conn.execute(statement)


_RESUMABLE = (
    """alter table runs add column state text not null default 'ended'
    check (state in ('running', 'stopped', 'ended'))""",
    "alter table runs add column manifest blob",
    "alter table attempts add column batch text not null default ''",
    "alter table attempts add column reason text not null default ''",
    "alter table attempts add column stdout text not null default ''",
    "alter table attempts add column stderr text not null default ''",
    "alter table attempts add column value text",
    """create table marks (run integer not null references runs (id) on delete cascade, batch text not null,
    mark text not null check (mark in ('begun', 'ended')), primary key (run, batch, mark)) strict, without rowid""",
    """create table timings (test integer not null references tests (id),
    run integer not null references runs (id) on delete cascade, median real not null,
    primary key (test, run)) strict, without rowid""",
)


@MIGRATIONS()
def runs_that_can_be_resumed(database: Database) -> None:
    """What a run is to do and what has become of it, written while it goes on; how long performance tests took."""
    for statement in _RESUMABLE:
        database.conn.execute(statement)


@MIGRATIONS()
def variants(database: Database) -> None:
    """A test in a variant of an environment is a test of its own, with a past of its own."""
    database.conn.execute("alter table tests add column variant text not null default ''")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to the present version, within the transaction that is open."""
    MIGRATIONS.apply(Database(connection, execute_plugins=False))
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
