"""How far environments are kept apart is asked for by name, and told."""

import pytest

import testflow
from testflow_core.errors import SpecError
from testflow_core.model import Status

SELECTION = {"strategy": "all"}


def declared(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/test_it.py").write_text("def test_it(): pass\n")
    environment = testflow.Environment("e").add_service("idle", {"type": "process", "command": "sleep 1000"})
    return testflow.TestWorkflow("w").add_test_selection("shop", SELECTION), environment


def engine(**asked):
    return testflow.Engine(applications={"shop": {}}, provisioner="process", **asked)


@pytest.mark.parametrize("tier", ["subreaper", "leases"])
def test_a_tier_that_is_asked_for_is_the_one_and_told(tier, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = engine(isolation=tier).execute(*declared(tmp_path))
    assert [each.status for each in run.results] == [Status.PASSED]
    assert run.isolation == tier
    assert f"isolated by {tier}" in (run.reports / "summary.md").read_text(encoding="utf-8")


def test_the_variable_stands_in_for_the_argument(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TESTFLOW_ISOLATION", "subreaper")
    assert engine().execute(*declared(tmp_path)).isolation == "subreaper"


@pytest.mark.parametrize(
    ("argument", "variable", "where"),
    [("namespace", "", r"Engine\(isolation=...\)"), (None, "jail", "TESTFLOW_ISOLATION")],
)
def test_an_unknown_isolation_names_the_known_ones(argument, variable, where, monkeypatch):
    monkeypatch.setenv("TESTFLOW_ISOLATION", variable)
    with pytest.raises(SpecError, match=rf"{where}.*leases, namespaces, required, subreaper"):
        engine(isolation=argument)
