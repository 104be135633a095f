"""Which sources a run had, real git repositories."""

import sys
from pathlib import Path

import pytest
from repositories import git, repository_at

import testflow

WORKFLOW = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
# More files than are handed over ahead: the last of them waits until the first is known to have failed.
STOPPING = {"test_1.py": "def test_a(): assert 1 == 2\n"} | {
    f"test_{n}.py": "def test_b(): pass\n" for n in range(2, 9)
}


@pytest.fixture
def shop(tmp_path):
    return repository_at(tmp_path / "shop")


def test_runs_of_the_same_files_have_the_same_trees(shop, real_shop):
    engine = real_shop({"test_1.py": "def test_a(): pass\n"})
    first, second = engine.execute(WORKFLOW), engine.execute(WORKFLOW)
    (shop / "test_1.py").write_text("def test_a(): assert True\n")
    third = engine.execute(WORKFLOW)
    assert first.trees == second.trees != third.trees
    remembered = {run.run_id: run.trees for run in testflow.History().runs()}
    assert remembered == {run.run_id: run.trees for run in (first, second, third)}
    git(shop, "add", "test_1.py")
    assert third.trees == {"shop": git(shop, "write-tree")}


def test_runs_in_another_interpreter_with_other_packages_or_services_are_under_other_conditions(
    shop, real_shop, tmp_path
):
    engine = real_shop({"test_1.py": "def test_a(): pass\n", ".gitignore": ".venv/\n"})
    first, again = engine.execute(WORKFLOW), engine.execute(WORKFLOW)
    assert first.conditions == again.conditions
    packages = next(Path(sys.prefix).glob("lib/python3*/site-packages"))
    venv = shop / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    (venv / "bin/python").symlink_to(sys.executable)
    libraries = venv / "lib/python{}.{}/site-packages".format(*sys.version_info)
    libraries.mkdir(parents=True)
    (libraries / "own.pth").write_text(str(packages))
    other = engine.execute(WORKFLOW)
    assert other.passed_tests
    (libraries / "extra-1.0.dist-info").mkdir()
    more = engine.execute(WORKFLOW)
    assert other.trees == more.trees
    assert len({first.conditions, other.conditions, more.conditions}) == 3
    assert testflow.History().run(more.run_id).conditions == tuple(sorted(more.conditions))


@pytest.mark.parametrize("secret", ["one", "two"])
def test_another_version_of_a_service_is_another_condition_and_another_password_is_not(shop, real_shop, secret):
    engine = real_shop({"test_1.py": "def test_a(): pass\n"})

    def conditions(version, password):
        service = {"type": "postgres", "version": version, "config": {"password": password}}
        planned = engine.plan(WORKFLOW, environment=testflow.Environment("shop-env").add_service("db", service))
        return planned.conditions

    assert conditions("15", "one") == conditions("15", secret)
    assert conditions("15", "one") != conditions("16", secret)


@pytest.mark.parametrize("changed", [False, True])
def test_a_resumed_run_has_trees_only_where_its_files_are_as_they_were(shop, real_shop, changed):
    engine = real_shop(STOPPING)
    stopped = engine.execute(WORKFLOW, fail_fast=True)
    assert stopped.interrupted_tests
    if changed:
        (shop / "a.py").write_text("a = 2\n")
    resumed = engine.resume()
    assert resumed.trees == ({} if changed else stopped.trees)
    assert testflow.History().run(resumed.run_id).trees == resumed.trees


def test_a_run_has_no_trees_where_one_of_its_applications_has_none(shop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api").mkdir()
    for folder in (shop, tmp_path / "api"):
        (folder / "test_1.py").write_text("def test_a(): pass\n")
    both = testflow.TestWorkflow("w")
    for name in ("shop", "api"):
        both.add_test_selection(name, {"strategy": "all"})
    engine = testflow.Engine(applications={"shop": {}, "api": {}}, reporters=())
    assert engine.execute(both).trees == {}
