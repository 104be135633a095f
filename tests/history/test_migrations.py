"""Files of earlier versions: read as they are, and brought to the present with all they knew."""

import sqlite3
from contextlib import closing

import pytest
from remembered_runs import case, run
from sqlite_utils import Database

from testflow_core.history import History
from testflow_core.history.connection import APPLICATION_ID, SCHEMA_VERSION
from testflow_core.history.migrations import MIGRATIONS

INSERTS = """
insert into runs (run_id, workflow, started, ok, provisioner) values ('r1', 'w', 1.0, 0, 'process');
insert into runs (run_id, workflow, started, ok, provisioner) values ('r2', 'w', 2.0, 1, 'process');
insert into tests (test_id, application, file, name)
    values ('shop::tests/test_cart.py::a', 'shop', 'tests/test_cart.py', 'a');
insert into reasons (text) values ('its file changed');
insert into choices (run, test, selected, priority, reason) values (1, 1, 1, 2.0, 1);
insert into results values (1, 1, 'failed', 3.0, 1);
insert into results values (2, 1, 'passed', 1.0, 1);
insert into attempts (run, test, flow, attempt, status, started, duration, message, text)
    values (1, 1, '', 1, 'failed', 1.5, 3.0, 'no stock', 'Traceback');
insert into phases values (1, 0, 'execute', 4.0);
insert into tracks (test, runs, failures, last_status, mean_duration, last_run, last_started)
    values (1, {runs}, {failures}, 'passed', 2.0, 'r2', 2.0);
"""

WITH_VERDICTS = 4


def older(path, version, runs=2, failures=1):
    """A file as testflow left it when it knew `version` migrations."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        names = [each.name for each in MIGRATIONS.pending(Database(connection))]
        assert len(names) == SCHEMA_VERSION
        MIGRATIONS.apply(Database(connection), stop_before=names[version] if version < len(names) else None)
        connection.executescript(INSERTS.format(runs=runs, failures=failures))
        if version >= WITH_VERDICTS:
            connection.execute("update tracks set verdicts = '.F', failed_in = '1'")
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.execute(f"pragma user_version = {version}")
    return History(path)


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_the_past_is_read_from_any_earlier_version_without_a_change(tmp_path, version):
    history = older(tmp_path / "history.db", version)
    before = (tmp_path / "history.db").read_bytes()
    (track,) = history.past(["shop"]).of(case("a"))
    assert (track.runs, track.failures, track.mean_duration) == (2, 1, 2.0)
    assert (tmp_path / "history.db").read_bytes() == before


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
@pytest.mark.parametrize("how", ["ask", "record", "merge"])
def test_any_earlier_version_is_brought_to_the_present_with_all_it_knew(tmp_path, version, how):
    history = older(tmp_path / "history.db", version)
    if how == "record":
        history.record(run("r3", 3.0, b="."))
    if how == "merge":
        other, history = history, History(tmp_path / "merged.db")
        assert history.merge(other).added == ("r1", "r2")
    track = history.track(case("a").id)
    assert track is not None
    assert (track.runs, track.failures, track.verdicts, len(track.failed_in)) == (2, 1, ".F", 1)
    found = history.run("r1")
    assert [(each.test, each.reason) for each in found.choices] == [(case("a"), "its file changed")]
    assert [each.message for each in found.outcomes] == ["no stock"]
    assert dict(found.phases) == {"execute": 4.0}


def test_what_runs_told_that_somebody_deleted_stays_counted(tmp_path):
    history = older(tmp_path / "history.db", WITH_VERDICTS - 1, runs=5, failures=3)
    history.record(run("late", 0.5, a="F"))
    track = history.track(case("a").id)
    assert track is not None
    assert (track.runs, track.failures, track.verdicts) == (6, 4, ".FF")
