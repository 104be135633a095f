"""What a run had around its tests is remembered, merged and dropped with it."""

import pytest
from attrs import evolve
from remembered_runs import run

import testflow
from testflow_core.history import History
from testflow_core.model import Certificate

CERTIFICATES = (
    Certificate(environment="shop [old]", held={"process": ("db", "cache"), "port": ("5432",)}, seconds=0.25),
    Certificate(environment="", held={}, left={"directory": ("/tmp/run",)}),  # noqa: S108 - a name
)
CIRCUMSTANCES = {
    "provisioner": "process",
    "isolation": "namespaces",
    "origin": "shop: new",
    "stopped": "by Ctrl-C",
    "trees": {"shop": "t1"},
    "conditions": ("Linux x86_64", "shop: python3.13"),
    "data": {"orders": "v1", "users": "v2"},
    "certificates": CERTIFICATES,
    "phases": {"provision shop": 2.0, "execute": 1.0},
}


def told(found):
    return {name: getattr(found, name) for name in CIRCUMSTANCES}


@pytest.fixture
def remembered():
    history = History(None)
    history.record(evolve(run("r1", a="."), **CIRCUMSTANCES))
    return history


def test_circumstances_are_as_they_were(remembered):
    found = remembered.run("r1")
    assert told(found) == CIRCUMSTANCES
    assert (found.ok, found.leaks) == (False, CERTIFICATES[1].leaks)


def test_a_merge_takes_them_over_again_and_again(remembered):
    other = History(None)
    for _ in range(2):
        other.merge(remembered)
        assert told(other.run("r1")) == CIRCUMSTANCES


def test_shards_of_a_run_have_those_of_all(remembered):
    shard = {
        "certificates": (Certificate(environment="shop [new]"),),
        "data": {"orders": "v1"},
        "stopped": "",
        "conditions": ("Linux x86_64", "shop: python3.11"),
    }
    other = History(None)
    other.record(evolve(run("r1", b="."), **shard))
    one, two = History(None), History(None)
    for whole, parts in ((one, (remembered, other)), (two, (other, remembered))):
        for part in parts:
            whole.merge(part)
    assert told(one.run("r1")) == told(two.run("r1"))
    assert sorted(map(str, one.run("r1").certificates)) == sorted(map(str, (*CERTIFICATES, *shard["certificates"])))
    assert one.run("r1").data == CIRCUMSTANCES["data"]
    assert one.run("r1").conditions == ("Linux x86_64", "shop: python3.11", "shop: python3.13")


def test_the_same_declaration_of_data_is_the_same_version_wherever_it_is_put(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/test_a.py").write_text("def test_a(): pass\n")
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
    engine = testflow.Engine(applications={"shop": {}}, reporters=())

    def version(**given):
        data = testflow.TestData("users", **given).add_generator("users", {"count": 1, "schema": {"id": "uuid"}})
        (found,) = engine.execute(workflow, test_data=data).data.values()
        return found

    first = version()
    assert version(destinations={"records": {}, "files": {}}) == first
    assert version(seed=7) != first
