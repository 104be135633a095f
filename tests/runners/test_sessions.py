"""A session's processes: which interpreter, how long they live, and what is left of them."""

from __future__ import annotations

import ast
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

import testflow_core
from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.builtin.runners.unittest import UnittestRunner
from testflow_core.model import Application, Status

AGENT = Path(testflow_core.__file__).parent / "builtin" / "runners" / "agent"


def outcome_of(checkout, **fields):
    checkout.write("test_x.py", "import sys\ndef test_x(): return [sys.version_info[0], sys.executable]\n")
    (outcome,) = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest", **fields), "test_x.py"))
    return outcome


def bare_environment(checkout, where):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout.path / where], check=True)
    return str(checkout.path / where / "bin" / "python")


def test_an_interpreter_without_pytest_says_how_to_get_it(checkout):
    python = bare_environment(checkout, ".venv")
    outcome = outcome_of(checkout)
    assert outcome.status == Status.ERROR
    assert outcome.message == f"no pytest in {python}; install it: {python} -m pip install pytest"


def test_the_interpreter_that_the_application_names_comes_before_its_virtual_environment(checkout):
    bare_environment(checkout, ".venv")
    assert outcome_of(checkout, python=sys.executable).values == [3, sys.executable]


def test_a_relative_interpreter_is_looked_for_in_the_checkout(checkout):
    python = bare_environment(checkout, "env")
    assert python in outcome_of(checkout, python="env/bin/python").message


def test_an_interpreter_that_does_not_exist_is_named(checkout):
    outcome = outcome_of(checkout, python="gone/bin/python")
    assert outcome.status == Status.ERROR
    assert f"{checkout.path}/gone/bin/python cannot be started" in outcome.message


@pytest.mark.parametrize("file", sorted(AGENT.glob("*.py")), ids=lambda file: file.name)
def test_the_agent_keeps_to_the_oldest_python_and_to_the_standard_library(file):
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))
    allowed = {*sys.stdlib_module_names, "pytest"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {name.name.partition(".")[0] for name in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom) and not node.level:
            assert str(node.module).partition(".")[0] in allowed
        elif isinstance(node, ast.Attribute):
            assert node.attr not in {"removeprefix", "removesuffix", "is_relative_to"}


PID = "import os\ndef test_pid(): return os.getpid()\n"


def pids(checkout, *batches):
    """The process that each of these batches, of one session, ran in."""
    with PytestRunner().session(batches[0].bench) as session:
        return [outcome.values for batch in batches for outcome in session.run(batch)]


def agent_of(runner, batch):
    """The process that the worker of a batch, in a session of its own, was forked by."""
    with runner.session(batch.bench) as session:
        (outcome,) = session.run(batch)
    return outcome.values


@pytest.mark.parametrize(("runner", "file"), [(PytestRunner, "test_a.py"), (UnittestRunner, "test_b.py")])
def test_sessions_find_the_agent_that_was_made_ready_before_and_it_ends_with_the_readiness(checkout, runner, file):
    checkout.write("test_a.py", "import os\ndef test_agent(): return os.getppid()\n")
    checkout.write(
        "test_b.py",
        """
        import json, os, unittest
        class Agent(unittest.TestCase):
            def test_agent(self):
                with open(os.environ["TESTFLOW_OUTPUTS"], "w") as stream:
                    json.dump({"agent": os.getppid()}, stream)
        """,
    )
    command = ("python", "-m", "unittest") if runner is UnittestRunner else ("pytest",)
    known, batch = runner(), checkout.batch(checkout.bench(*command), file)
    with known.ready(Application(name="shop", path=checkout.path, test_command=command)):
        agents = [agent_of(known, batch), agent_of(known, batch)]
    alone = agent_of(known, batch)
    assert agents[0] == agents[1] != alone


def test_what_keeps_an_agent_from_getting_ready_is_told_by_the_session(checkout):
    checkout.write("test_a.py", PID)
    runner, batch = PytestRunner(), checkout.batch(checkout.bench("pytest", python="gone"), "test_a.py")
    with (
        runner.ready(Application(name="shop", path=checkout.path, python="gone")),
        runner.session(batch.bench) as session,
    ):
        (outcome,) = session.run(batch)
    assert "gone cannot be started" in outcome.message


def test_a_session_runs_batch_after_batch_in_one_process(checkout):
    for file in ("test_a.py", "test_b.py", "deep/test_c.py", "deep/test_d.py"):
        checkout.write(file, PID)
    bench = checkout.bench("pytest")
    files = ("test_a.py", "test_b.py", "deep/test_c.py", "deep/test_d.py", "test_a.py")
    assert len(set(pids(checkout, *(checkout.batch(bench, file) for file in files)))) == 1


def test_what_would_not_be_the_same_in_a_session_that_has_begun_runs_in_a_new_one(checkout):
    for file in ("test_a.py", "deep/test_a.py", "other/test_b.py"):
        checkout.write(file, PID)
    checkout.write("other/conftest.py", "def pytest_addoption(parser): parser.addoption('--more', default=1)")
    checkout.write("test_inputs.py", "import os\ndef test_pid(n): return os.getpid()\n")
    bench = checkout.bench("pytest")
    found = pids(
        checkout,
        checkout.batch(bench, "test_a.py"),
        checkout.batch(bench, "test_a.py", variables={"MORE": "1"}),
        checkout.batch(bench, "deep/test_a.py", variables={"MORE": "1"}),
        checkout.batch(bench, "other/test_b.py", variables={"MORE": "1"}),
        checkout.batch(bench, "test_inputs.py", variables={"MORE": "1"}, inputs={"n": 1}),
        checkout.batch(bench, "test_inputs.py", variables={"MORE": "1"}, inputs={"n": 1}),
    )
    assert len(set(found)) == 6


def test_files_of_one_name_in_one_batch_run_all_the_same(checkout):
    for file in ("test_a.py", "deep/test_a.py", "deep/er/test_a.py", "test_b.py"):
        checkout.write(file, PID)
    files = ("test_a.py", "deep/test_a.py", "deep/er/test_a.py", "test_b.py")
    found = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), *files))
    assert {outcome.status for outcome in found} == {Status.PASSED}
    assert sorted(outcome.test.file for outcome in found) == sorted(files)
    assert len({outcome.values for outcome in found}) == 3


def test_what_a_worker_cannot_tear_down_is_told_in_mid_batch_where_another_takes_over(checkout):
    broken = "@pytest.fixture(scope='session')\ndef broken():\n    yield\n    assert 1 == 2, 'left behind'"
    checkout.write("conftest.py", f"import pytest\n{broken}\n")
    for file in ("test_a.py", "deep/test_a.py"):
        checkout.write(file, "def test_x(broken): pass")
    found = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), "test_a.py", "deep/test_a.py"))
    assert [(outcome.test.file, outcome.status) for outcome in found] == [
        ("test_a.py", Status.PASSED),
        ("test_a.py", Status.ERROR),
        ("deep/test_a.py", Status.PASSED),
        ("deep/test_a.py", Status.ERROR),
    ]


def test_a_process_that_dies_while_it_waits_is_told_of_its_last_test_and_costs_no_other(checkout):
    timer = "threading.Timer(0.2, os._exit, [7]).start()"
    checkout.write("test_dies.py", f"import os, threading\ndef test_dies():\n    {timer}\n    return os.getpid()\n")
    checkout.write("test_other.py", PID)
    bench = checkout.bench("pytest")
    with PytestRunner().session(bench) as session:
        (passed,) = session.run(checkout.batch(bench, "test_dies.py"))
        watched = os.pidfd_open(passed.values)
        assert select.select([watched], [], [], 20)[0]
        os.close(watched)
        late, other = session.run(checkout.batch(bench, "test_other.py"))
    assert (passed.status, late.status, other.status) == (Status.PASSED, Status.ERROR, Status.PASSED)
    assert (late.test.file, late.message) == ("test_dies.py", "the test process exited with code 7 after its last test")
    assert other.values != passed.values


@pytest.mark.parametrize("runner", [PytestRunner, UnittestRunner])
def test_a_process_whose_tests_took_modules_away_serves_no_other_batch(checkout, runner):
    checkout.write("shop.py", "class Basket: pass\n")
    checkout.write("till.py", "import shop\ndef empty(): return shop.Basket()\n")
    case = "import os, sys, unittest\nimport till\nclass Test(unittest.TestCase):\n    def test_x(self):\n        "
    checkout.write("test_a.py", f"{case}del sys.modules['shop']\n")
    checkout.write("test_b.py", f"from shop import Basket\n{case}self.assertIsInstance(till.empty(), Basket)\n")
    bench = checkout.bench("python", "-m", runner.__name__.replace("Runner", "").lower())
    with runner().session(bench) as session:
        for file in ("test_a.py", "test_b.py"):
            (outcome,) = session.run(checkout.batch(bench, file))
            assert outcome.status is Status.PASSED, outcome.text


ALIVE = """
import gc, pytest
def test_x():
    gc.collect()
    return sum(isinstance(each, pytest.Module) for each in gc.get_objects())
"""


def test_a_worker_does_not_keep_what_it_has_collected(checkout):
    files = [f"{folder}/test_{number}.py" for folder in "ab" for number in range(10)]
    for file in files:
        checkout.write(file, ALIVE)
        checkout.write(f"{file[0]}/__init__.py", "")
    bench = checkout.bench("pytest")
    *_, last = pids(checkout, *(checkout.batch(bench, file) for file in files))
    assert last <= 3


SCOPES = """
import pytest
def made(scope):
    @pytest.fixture(scope=scope)
    def fixture():
        with open("log", "a") as log: log.write(f"+{scope} ")
        yield
        with open("log", "a") as log: log.write(f"-{scope} ")
    return fixture
whole, folder, file = made("session"), made("package"), made("module")
"""


def test_a_worker_lets_go_of_many_tests_that_it_has_run_also_where_python_would_not_look_for_them(checkout):
    many = "import gc\ngc.disable()\n" + "".join(f"def test_{number}(): pass\n" for number in range(1000))
    checkout.write("test_many.py", many)
    count = "sum(type(each) is pytest.Function for each in gc.get_objects())"
    checkout.write("test_last.py", f"import gc, pytest\ndef test_last(): return [gc.isenabled(), {count}]\n")
    bench = checkout.bench("pytest")
    with PytestRunner().session(bench) as session:
        assert len(list(session.run(checkout.batch(bench, "test_many.py")))) == 1000
        (outcome,) = session.run(checkout.batch(bench, "test_last.py"))
    enabled, left = outcome.values
    assert not enabled
    assert left < 10


def test_what_is_set_up_for_a_session_or_a_folder_serves_many_batches(checkout):
    for folder in ("one", "two"):
        checkout.write(f"{folder}/__init__.py", "")
        for name in "ab":
            checkout.write(f"{folder}/test_{name}.py", "def test_x(whole, folder, file): pass")
    checkout.write("conftest.py", SCOPES)
    bench = checkout.bench("pytest")
    with PytestRunner().session(bench) as session:
        for file in ("one/test_a.py", "one/test_b.py", "two/test_a.py"):
            (outcome,) = session.run(checkout.batch(bench, file))
            assert outcome.status is Status.PASSED, outcome.text
        assert list(session.finish()) == []
    log = (checkout.path / "log").read_text()
    assert log.count("+session") == log.count("-session") == 1
    assert log.count("+module") == log.count("-module") == 3
    assert log.count("+package") == log.count("-package") <= 2
    assert log.split()[-1] == "-session"


def test_the_fixtures_of_a_folder_serve_every_batch_below_it(checkout):
    given = "import pytest\n@pytest.fixture\ndef given(): return 'from above'\n"
    checkout.write("deep/conftest.py", given)
    nearer = "import pytest\n@pytest.fixture\ndef given(given): return 'nearer, and ' + given\n"
    checkout.write("deep/er/conftest.py", nearer)
    files = ["deep/er/test_a.py", "deep/test_b.py", "test_c.py", "deep/other/test_d.py", "deep/er/still/test_e.py"]
    for file in files:
        checkout.write(file, "def test_x(given): return given\n")
    bench = checkout.bench("pytest")
    found = pids(checkout, *(checkout.batch(bench, file) for file in files))
    above, below = "from above", "nearer, and from above"
    assert found == [below, above, None, above, below]


@pytest.mark.parametrize("scope", ["session", "package"])
def test_what_cannot_be_torn_down_is_an_error_of_the_last_test_that_had_it(checkout, scope):
    checkout.write("one/__init__.py", "")
    fixture = f"@pytest.fixture(scope={scope!r})\ndef broken():\n    yield\n    assert 1 == 2, 'left behind'"
    checkout.write("one/conftest.py", f"import pytest\n{fixture}\n")
    checkout.write("one/test_a.py", "def test_first(broken): pass\ndef test_last(): pass\n")
    batch = checkout.batch(checkout.bench("pytest"), "one/test_a.py")
    first, last, late = checkout.run(PytestRunner(), batch)
    assert (first.status, last.status, late.status) == (Status.PASSED, Status.PASSED, Status.ERROR)
    assert (late.test, late.batch) == (last.test, batch.id)
    assert "left behind" in late.message


def test_a_worker_looks_at_no_file_beside_those_it_is_to_run(checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    checkout.write(
        "conftest.py",
        """
        import os
        def pytest_collect_file(file_path):
            with open(os.environ["SEEN"], "a") as stream: stream.write(file_path.name + chr(10))
        """,
    )
    for name in ("a", "b", "c", "sub/d", "sub/e"):
        checkout.write(f"{name[:-1]}test_{name[-1]}.py", "def test_it(): pass\n")
    bench = checkout.bench("pytest")
    with PytestRunner().session(bench) as session:
        for file in ("test_a.py", "sub/test_d.py", "test_c.py"):
            (outcome,) = session.run(checkout.batch(bench, file))
            assert outcome.status == Status.PASSED
    assert (tmp_path / "seen").read_text().split() == ["test_a.py", "test_d.py", "test_c.py"]
