"""The same job on local processes and on containers: the same tests pass and fail, and go to the same teams."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from containers import on_the_engine
from leftovers import left_in, mentioned

ROOT = Path(__file__).parents[1]
SEED = ROOT.parent / "shared/seed/quickstart.py"
QUICKSTART = SEED if SEED.exists() else ROOT / "examples/quickstart.py"
SCRIPTS = [QUICKSTART, ROOT / "examples/payments/run.py"]
PROVISIONERS = ("process", "docker")

pytestmark = [pytest.mark.docker, pytest.mark.postgres]

# What the history says of a run afterwards, whichever way it was run.
RESULTS = """
select tests.test_id, results.status, diagnoses.category, routes.team
from results join tests on tests.id = results.test
left join diagnoses on diagnoses.run = results.run and diagnoses.test = results.test
left join routes on routes.run = results.run and routes.test = results.test
order by tests.test_id
"""


def run(script, folder, provisioner):
    """What a script prints and what is remembered of it, with a temporary directory of its own."""
    temporary = folder / "temporary"
    temporary.mkdir(parents=True)
    chosen = {"TESTFLOW_PROVISIONER": provisioner} if provisioner else {}
    variables = {"TMPDIR": str(temporary), "TESTFLOW_WORKSPACE": str(ROOT / "examples/payments"), **chosen}
    finished = subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert mentioned(str(temporary)) == []
    assert left_in(temporary) == []
    return finished.stdout, remembered(folder)


def remembered(folder):
    with closing(sqlite3.connect(folder / ".testflow/history.db")) as history:
        return history.execute(RESULTS).fetchall()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}-{script.stem}")
def test_both_provisioners_give_the_same_results_test_by_test_and_leave_nothing(script, tmp_path):
    before = on_the_engine()
    results = {name: run(script, tmp_path / name, name)[1] for name in PROVISIONERS}
    assert on_the_engine() == before
    assert len(results["process"]) > 50
    assert results["docker"] == results["process"]


def test_without_a_word_containers_are_chosen_where_an_engine_answers_and_the_result_says_so(tmp_path):
    printed, _ = run(ROOT / "examples/payments/run.py", tmp_path, None)
    assert "docker (refuses nothing of this environment)" in printed
