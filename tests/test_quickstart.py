"""The quickstart and the payments example, run as a newcomer runs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from leftovers import left_in, mentioned

ROOT = Path(__file__).parents[1]
OURS = ROOT / "examples/quickstart.py"
SEED = ROOT.parent / "shared/seed/quickstart.py"
SCRIPTS = [OURS, *([SEED] if SEED.exists() else [])]

PLANTED = "payment-service::tests/test_processor.py::test_yen_have_no_minor_units"


def run(script, tmp_path, **variables):
    """What a script prints, run with a temporary directory of its own, by which its leftovers can be known."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary), **variables}
    finished = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return finished, temporary


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
def test_the_quickstart_finds_the_planted_bug_and_leaves_nothing(script, tmp_path):
    finished, temporary = run(script, tmp_path, TESTFLOW_WORKSPACE=str(ROOT / "examples/payments"))
    assert finished.returncode == 0, finished.stderr
    lines = finished.stdout.splitlines()
    assert lines[2] == "Tests failed: 1"
    executed, passed = (int(line.rpartition(" ")[2]) for line in lines[:2])
    assert executed == passed + 1
    assert lines[3:6] == [f"Test: {PLANTED}", "Category: validation", "Assigned to: api-team"]
    assert lines[6].startswith("Logs: payment.errors.ValidationError: invalid input")
    assert mentioned(str(temporary)) == []
    assert left_in(temporary) == []
    assert {each.name for each in tmp_path.iterdir()} == {".testflow", "temporary"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.parent.name)
def test_the_quickstart_runs_unchanged_in_memory_the_same_each_time(script, tmp_path):
    outputs = set()
    for attempt in ("first", "second"):
        (tmp_path / attempt).mkdir()
        finished, temporary = run(script, tmp_path / attempt, TESTFLOW_PLUGINS="memory", PATH="")
        assert finished.returncode == 0, finished.stderr
        outputs.add(finished.stdout)
        assert {each.name for each in (tmp_path / attempt).iterdir()} == {"temporary"}
        assert left_in(temporary) == []
    assert outputs == {"Tests executed: 5\nTests passed: 5\nTests failed: 0\n"}


def test_the_payments_example_tells_its_story_and_exits_0(tmp_path):
    finished, temporary = run(ROOT / "examples/payments/run.py", tmp_path)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    for told in (
        PLANTED,
        "validation",
        "api-team",
        "payment-service",
        "user-service",
        "web-frontend",
        ".testflow/reports",
    ):
        assert told in finished.stdout
    assert mentioned(str(temporary)) == []
