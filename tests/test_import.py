"""What `import testflow` leaves alone: each costs time, and is imported by whoever first needs it."""

import subprocess
import sys

import pytest

import testflow
from testflow_core import model, specs

HEAVY = ("networkx", "sqlite_utils", "jinja2", "stevedore", "faker", "docker", "psycopg")


def loaded(statement: str) -> set[str]:
    """The modules of a fresh interpreter after a statement."""
    program = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    return set(run.stdout.split())


@pytest.fixture(scope="module")
def modules() -> set[str]:
    return loaded("import testflow")


@pytest.mark.parametrize("heavy", HEAVY)
def test_importing_testflow_leaves_it_alone(modules: set[str], heavy: str):
    assert "testflow" in modules
    assert {each for each in modules if each.partition(".")[0] == heavy} == set()


def test_importing_testflow_imports_nothing_else_of_ours(modules: set[str]):
    assert {each for each in modules if each.startswith("testflow")} == {"testflow"}


def test_no_name_that_testflow_offers_imports_a_fake_a_plugin_or_what_is_heavy():
    modules = loaded("import testflow\nfor name in testflow.__all__: getattr(testflow, name)")
    own = {each for each in modules if each.startswith("testflow")}
    assert {each for each in own if each.startswith(("testflow_core.testing", "testflow_core.builtin"))} == set()
    assert {each.partition(".")[0] for each in own} == {"testflow", "testflow_core"}
    assert {each for each in modules if each.partition(".")[0] in HEAVY} == set()


def test_deciding_what_to_run_imports_neither_networkx_nor_sqlite_utils(tmp_path):
    (tmp_path / "shop/tests").mkdir(parents=True)
    (tmp_path / "shop/tests/test_a.py").write_text("def test_a(): pass\n")
    workflow = "testflow.TestWorkflow('w').add_test_selection('shop', {})"
    environment = "testflow.Environment('e').add_service('a', {'type': 'process', 'command': 'true'})"
    engine = f"testflow.Engine(workspace={str(tmp_path)!r}, applications={{'shop': {{}}}})"
    first = testflow.TestWorkflow("w").add_test_selection("shop", {})
    testflow.Engine(workspace=tmp_path, applications={"shop": {}}).execute(first)
    modules = loaded(f"import testflow\nassert {engine}.plan({workflow}, {environment}).choices[0].selected")
    assert {
        each for each in modules if each.partition(".")[0] in {"networkx", "sqlite_utils", "jinja2", "faker"}
    } == set()


def test_declaring_everything_leaves_it_alone():
    modules = loaded(
        "import testflow\n"
        "testflow.register_application('shop', {'start': {'command': 'run'}})\n"
        "testflow.Environment('e').add_service('db', {'type': 'postgres'})\n"
        "testflow.TestData('d').add_generator('users', {'count': 1, 'schema': {'id': 'uuid'}})\n"
        "testflow.TestWorkflow('w').add_test_selection('shop', {}).set_failure_analysis({})"
    )
    assert {each for each in modules if each.partition(".")[0] in HEAVY} == set()


def test_every_name_that_testflow_offers_is_there():
    modules = loaded("import testflow\nassert all(hasattr(testflow, name) for name in testflow.__all__)")
    assert "testflow" in modules


def test_making_data_does_not_wait_for_what_runs_are_made_of():
    modules = loaded(
        "import testflow\n"
        "data = testflow.TestData('d').add_generator('a', {'count': 1000, 'schema': {'id': 'uuid', 'name': 'name'}})\n"
        "assert len(list(testflow.generate(data)['a'])) == 1000"
    )
    assert {
        each for each in modules if each.partition(".")[0] in {"faker", "numpy", "networkx", "sqlite_utils"}
    } == set()
    unneeded = {f"testflow_core.model.{name}" for name in ("plan", "run", "event", "history", "change")}
    assert modules & unneeded == set()


@pytest.mark.parametrize("package", [model, specs])
def test_every_name_of_a_package_has_its_home(package):
    assert {name for name in package.__all__ if not hasattr(package, name)} == set()
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing
