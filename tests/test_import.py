"""What `import testflow` leaves alone: each costs time, and is imported by whoever first needs it."""

import subprocess
import sys

import pytest

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


def test_importing_testflow_imports_no_fake_and_no_plugin(modules: set[str]):
    own = {each for each in modules if each.startswith("testflow")}
    assert {each for each in own if each.startswith(("testflow_core.testing", "testflow_core.builtin"))} == set()
    assert {each.partition(".")[0] for each in own} == {"testflow", "testflow_core"}


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
