"""The tables of the history, one migration after the other; a migration that was released is never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlite_utils import Database, Migrations

from testflow_core.history.connection import APPLICATION_ID, SCHEMA_VERSION
from testflow_core.history.statistics import count_anew

if TYPE_CHECKING:
    import sqlite3

MIGRATIONS = Migrations("testflow")

COUNTED = 11
"""The latest version in which tracks keep something new."""

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


_VERDICTS = (
    "alter table tracks add column verdicts text not null default ''",
    "alter table tracks add column failed_in text not null default ''",
    # What is known of tests from runs whose results were dropped.
    """create table pruned (test integer primary key references tests (id), runs integer not null,
    failures integer not null, last_status text not null, mean_duration real not null, last_run text not null,
    last_started real not null, verdicts text not null, failed_in text not null) strict""",
    "create table dropped (run_id text primary key) strict, without rowid",
    "alter table runs add column source text not null default ''",
    # What a run had of each application: the same text is the same tree.
    """create table trees (run integer not null references runs (id) on delete cascade, application text not null,
    tree text not null, primary key (run, application)) strict, without rowid""",
)


@MIGRATIONS()
def verdicts(database: Database) -> None:
    """How the latest runs of each test ended, and which failed together."""
    for statement in _VERDICTS:
        database.conn.execute(statement)
    # Of runs that somebody has deleted nothing is left but what the tracks say.
    database.conn.execute("""
    insert into pruned
    select tracks.test, runs - coalesce(number, 0), max(failures - coalesce(failing, 0), 0), last_status, mean_duration,
        '', 0, '', ''
    from tracks left join (select test, count(*) as number, sum(status != 'passed') as failing from results
        where status in ('passed', 'failed', 'error', 'timed_out') group by test) as counted
        on counted.test = tracks.test
    where runs > coalesce(number, 0)""")


_AUDITS = (
    "alter table choices add column left_out_by text not null default ''",
    """create table audits (run integer not null references runs (id) on delete cascade,
    test integer not null references tests (id), strategy text not null,
    missed integer not null check (missed in (0, 1)), primary key (run, test)) strict, without rowid""",
    """create table dropped_audits (run_id text not null, strategy text not null, audited integer not null,
    missed integer not null, primary key (run_id, strategy)) strict, without rowid""",
)


@MIGRATIONS()
def audits(database: Database) -> None:
    """What ran although a strategy had left it out; of runs whose results were dropped, how much of it."""
    for statement in _AUDITS:
        database.conn.execute(statement)


_FLAKINESS = (
    # Failures are few: what looks for them does not look at all the rest.
    """create index attempts_that_failed on attempts (test, run) where status in ('failed', 'error', 'timed_out')""",
    """create table quarantines (test_id text primary key, since real not null, until real not null,
    reason text not null) strict, without rowid""",
    # What was said of a failure besides how it ended: that it does not count, that it is new.
    """create table standings (run integer not null references runs (id) on delete cascade,
    test integer not null references tests (id), quarantined text not null, regression text not null,
    primary key (run, test)) strict, without rowid""",
)


@MIGRATIONS()
def flakiness(database: Database) -> None:
    """Failures found at once, quarantines, and what was said of failures."""
    for statement in _FLAKINESS:
        database.conn.execute(statement)


_CIRCUMSTANCES = (
    "alter table runs add column isolation text not null default ''",
    "alter table runs add column origin text not null default ''",
    "alter table runs add column stopped text not null default ''",
    # What there was of each environment while it was up, and what it has left: names by their kinds, as JSON.
    """create table environments (run integer not null references runs (id) on delete cascade,
    position integer not null, environment text not null, held text not null, remained text not null,
    seconds real not null, primary key (run, position)) strict, without rowid""",
    # The same version is the same records.
    """create table data_sets (run integer not null references runs (id) on delete cascade, name text not null,
    version text not null, primary key (run, name)) strict, without rowid""",
)


@MIGRATIONS()
def circumstances(database: Database) -> None:
    """The environments that runs had, and the versions of their data sets."""
    for statement in _CIRCUMSTANCES:
        database.conn.execute(statement)


_CAUSES = (
    # `masked` is what an analyzer compares causes by.
    """create table clusters (id text primary key, category text not null, title text not null,
    masked text not null) strict, without rowid""",
    # The cluster that failures with a fingerprint were put in.
    "create table fingerprints (fingerprint text primary key, cluster text not null) strict, without rowid",
    "create index fingerprints_of_cluster on fingerprints (cluster)",
    """create table causes (run integer not null references runs (id) on delete cascade, cluster text not null,
    category text not null, title text not null, owner text not null, tracker text not null,
    blocking integer not null check (blocking in (0, 1)), also_red integer check (also_red in (0, 1)),
    verdict text not null default '', primary key (run, cluster)) strict, without rowid""",
    """create table members (run integer not null references runs (id) on delete cascade,
    test integer not null references tests (id), cluster text not null,
    primary key (run, test)) strict, without rowid""",
    # The runs that had a cause, also those that were dropped.
    """create table sightings (cluster text not null, run_id text not null, started real not null,
    primary key (cluster, run_id)) strict, without rowid""",
    # The applications of which a run had a state of the main branch.
    """create table mains (run integer not null references runs (id) on delete cascade, application text not null,
    primary key (run, application)) strict, without rowid""",
    # What people have said of a cause; the empty text where they said nothing.
    """create table overrides (cluster text primary key, since real not null, team text not null,
    category text not null, reason text not null) strict, without rowid""",
)


@MIGRATIONS()
def causes(database: Database) -> None:
    """The causes of failures, the runs that had them, and what people have said of them."""
    for statement in _CAUSES:
        database.conn.execute(statement)


_PLANS = (
    # What had changed: paths as JSON, null where nobody could say.
    """create table changes (run integer not null references runs (id) on delete cascade, application text not null,
    files text, reason text not null, base text not null, head text not null,
    primary key (run, application)) strict, without rowid""",
    # What of it no test that was chosen is known to reach.
    """create table uncovered (run integer not null references runs (id) on delete cascade, position integer not null,
    application text not null, file text not null, unit text not null, reason text not null,
    known integer not null check (known in (0, 1)), primary key (run, position)) strict, without rowid""",
)


@MIGRATIONS()
def plans(database: Database) -> None:
    """What had changed, and what of it was not known to be tested, so that a plan can be told from the history."""
    for statement in _PLANS:
        database.conn.execute(statement)


_DELIVERIES = """create table deliveries (run integer not null references runs (id) on delete cascade,
    reporter text not null, place text not null, dry integer not null check (dry in (0, 1)), trouble text not null,
    again text not null, remarks text not null, messages text not null,
    primary key (run, reporter, place)) strict, without rowid"""


@MIGRATIONS()
def deliveries(database: Database) -> None:
    """What was sent of a run to where people work, and what was not."""
    database.conn.execute(_DELIVERIES)


_CONDITIONS = (
    # What the tests of a run ran in, a name for each part of it: other conditions, other names.
    """create table conditions (run integer not null references runs (id) on delete cascade, name text not null,
    primary key (run, name)) strict, without rowid""",
    # In the order of the failures, what their messages have in common with others.
    "alter table tracks add column causes text not null default ''",
    "alter table pruned add column causes text not null default ''",
)


@MIGRATIONS()
def conditions_and_causes(database: Database) -> None:
    """What tests ran in, so that jobs of a matrix are told apart, and what failures have in common."""
    for statement in _CONDITIONS:
        database.conn.execute(statement)


_EXPLANATIONS = (
    # As JSON: what a diagnosis says besides its category, its reason and its evidence.
    "alter table diagnoses add column details text not null default ''",
    "alter table diagnoses add column verdict text not null default ''",
    # As JSON: what there was around an attempt that failed.
    "alter table attempts add column context text not null default ''",
)


@MIGRATIONS()
def explanations(database: Database) -> None:
    """All that a diagnosis says, what is to blame for each failure, and what there was around it."""
    for statement in _EXPLANATIONS:
        database.conn.execute(statement)


@MIGRATIONS()
def terms(database: Database) -> None:
    """What was declared for a run, as JSON that is compressed, so that the run can be done again."""
    database.conn.execute("alter table runs add column terms blob")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to the present version, within the transaction that is open."""
    (version,) = connection.execute("pragma user_version").fetchone()
    MIGRATIONS.apply(Database(connection, execute_plugins=False))
    if version < COUNTED:
        # What tracks keep is worked out of results that are there; so it is of no migration, but of the present.
        count_anew(connection, [test for (test,) in connection.execute("select test from tracks")])
    connection.execute(f"pragma application_id = {APPLICATION_ID}")
    connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
