"""What a batch of unittest asks for, and what it is told."""

from __future__ import annotations

import json

import pytest

from testflow_core.builtin.runners.unittest import UnittestRunner
from testflow_core.model import Status

COMMAND = ("python", "-m", "unittest", "{test_path}")

NAMES = """
    import unittest
    class A(unittest.TestCase):
        def test_a(self): pass
        def test_b(self): pass
    class B(unittest.TestCase):
        def test_b(self): pass
        def test_c(self): pass
    """


def outcomes_of(checkout, *ids, command=COMMAND, **fields):
    checkout.write("tests/test_names.py", NAMES)
    bench = checkout.bench(*command)
    return checkout.run(UnittestRunner(), checkout.batch(bench, *ids, **fields))


def test_only_named_tests_and_classes_run_in_the_order_they_are_named(checkout):
    ids = [f"tests/test_names.py::{name}" for name in ("B", "A::test_bb", "A::test_a")]
    outcomes = outcomes_of(checkout, *ids)
    ran = [outcome.test.name for outcome in outcomes if outcome.status == Status.PASSED]
    assert ran == ["B::test_b", "B::test_c", "A::test_a"]
    (unknown,) = (outcome for outcome in outcomes if outcome.status != Status.PASSED)
    assert unknown.test.name == "A::test_bb"
    assert "no test named A::test_bb in tests/test_names.py; did you mean A::test_b?" in unknown.message


def test_excluded_tests_do_not_run(checkout, to_case):
    exclude = (to_case("tests/test_names.py::A"), to_case("tests/test_names.py::B::test_c"))
    outcomes = outcomes_of(checkout, "tests/test_names.py", exclude=exclude)
    assert [outcome.test.name for outcome in outcomes] == ["B::test_b"]


def test_what_the_command_leaves_out_is_told(checkout):
    command = ("python", "-m", "unittest", "-k", "B.test", "{test_path}")
    named = outcomes_of(checkout, "tests/test_names.py::B::test_c", "tests/test_names.py::A::test_a", command=command)
    assert {outcome.test.name: outcome.status for outcome in named} == {
        "A::test_a": Status.SKIPPED,
        "B::test_c": Status.PASSED,
    }
    (none,) = outcomes_of(checkout, "tests/test_names.py", command=("python", "-m", "unittest", "-k", "nothing"))
    assert none.reason == "the options of unittest deselect every test in tests/test_names.py"


def test_the_first_failure_ends_a_session_whose_command_says_so_and_the_next_batch_has_another(checkout):
    checkout.write("test_x.py", NAMES.replace("def test_a(self): pass", "def test_a(self): self.fail('first')"))
    bench = checkout.bench("python", "-m", "unittest", "-f", "{test_path}")
    with UnittestRunner().session(bench) as session:
        first, *rest = session.run(checkout.batch(bench, "test_x.py"))
        (again,) = session.run(checkout.batch(bench, "test_x.py::B::test_b"))
    assert first.status == Status.FAILED
    assert [outcome.status for outcome in rest] == [Status.INTERRUPTED] * 3
    assert "stops after the first failure" in rest[0].reason
    assert again.status == Status.PASSED


def test_a_test_that_interrupts_unittest_is_an_error_and_the_rest_is_interrupted(checkout):
    checkout.write("test_x.py", NAMES.replace("def test_a(self): pass", "def test_a(self): raise KeyboardInterrupt"))
    first, *rest = outcomes_of(checkout, "test_x.py")
    assert first.status == Status.ERROR
    assert "it stopped unittest: KeyboardInterrupt()" in first.message
    assert [outcome.status for outcome in rest] == [Status.INTERRUPTED] * 3
    assert "test_x.py::A::test_a stopped unittest" in rest[0].reason


def test_a_way_of_the_applications_own_to_run_tests_that_fails_costs_only_its_tests(checkout):
    checkout.write(
        "test_x.py",
        """
        import unittest
        class Own(unittest.TestCase):
            def run(self, result): raise LookupError("no way")
            def test_x(self): pass
        class Other(unittest.TestCase):
            def test_x(self): pass
        class Suite(unittest.TestSuite):
            def run(self, result, debug=False): next(iter(self))(result)
        class Sly(unittest.TestCase):
            def test_x(self): pass
            def test_y(self): pass
        def load_tests(loader, tests, pattern):
            three = [loader.loadTestsFromTestCase(each) for each in (Own, Other, Sly)]
            return unittest.TestSuite([*three[:2], Suite(three[2])])
        """,
    )
    own, other, ran, not_run = outcomes_of(checkout, "test_x.py")
    assert (own.status, own.message) == (Status.ERROR, "LookupError: no way")
    assert other.status == ran.status == Status.PASSED
    assert (not_run.test.name, not_run.reason) == ("Sly::test_y", "its suite has not run it")


def test_what_a_test_prints_is_its_own_even_after_one_that_has_printed_more_than_is_kept(checkout):
    checkout.write(
        "test_x.py",
        """
        import sys, unittest
        class Prints(unittest.TestCase):
            def test_a_much(self): print("x" * (20 << 20)); print("y" * (20 << 20), file=sys.stderr)
            def test_b_little(self): print("little"); print("less", file=sys.stderr)
        """,
    )
    much, little = outcomes_of(checkout, "test_x.py")
    assert len(much.stdout) < 300_000
    assert (little.stdout, little.stderr) == ("little\n", "less\n")


def test_a_warning_is_shown_as_unittest_shows_it_unless_the_command_says_how(checkout):
    warns = "import unittest, warnings\nclass X(unittest.TestCase):\n"
    checkout.write("test_x.py", f"{warns}    def test_x(self): warnings.warn('careful', DeprecationWarning)\n")
    (shown,) = outcomes_of(checkout, "test_x.py")
    (silent,) = outcomes_of(checkout, "test_x.py", command=("python", "-W", "ignore", "-m", "unittest", "{test_path}"))
    assert "DeprecationWarning: careful" in shown.stderr
    assert silent.stderr == ""


def test_local_variables_are_told_where_the_command_says_so(checkout):
    fails = (
        "import unittest\nclass X(unittest.TestCase):\n    def test_x(self): price = 7; self.assertEqual(price, 8)\n"
    )
    checkout.write("test_x.py", fails)
    (outcome,) = outcomes_of(checkout, "test_x.py", command=("python", "-m", "unittest", "--locals", "{test_path}"))
    assert "price = 7" in outcome.text


def test_a_suite_that_runs_tests_in_a_way_of_its_own_runs_only_those_that_are_asked_for(checkout, to_case):
    checkout.write(
        "test_x.py",
        """
        import unittest
        ran = []
        class X(unittest.TestCase):
            def test_a(self): self.assertEqual(ran, [])
            def test_b(self): ran.append("b")
            def test_c(self): pass
        class Backwards(unittest.TestSuite):
            def run(self, result, debug=False):
                for test in reversed(list(self)): test(result)
        def load_tests(loader, tests, pattern):
            return unittest.TestSuite([Backwards(map(X, ["test_a", "test_b", "test_c"]))])
        """,
    )
    outcomes = outcomes_of(checkout, "test_x.py", exclude=(to_case("test_x.py::X::test_b"),))
    ended = [(outcome.test.name, outcome.status) for outcome in outcomes]
    assert ended == [("X::test_c", Status.PASSED), ("X::test_a", Status.PASSED)]
    (alone,) = outcomes_of(checkout, "test_x.py::X::test_b")
    assert (alone.test.name, alone.status) == ("X::test_b", Status.PASSED)


def test_values_flow_through_the_files_of_the_batch(checkout):
    checkout.write(
        "test_flow.py",
        """
        import json, os, unittest
        class Flow(unittest.TestCase):
            def test_flow(self):
                with open(os.environ["TESTFLOW_INPUTS"]) as inputs, open(os.environ["TESTFLOW_DATA"]) as data:
                    found = {**json.load(inputs), **json.load(data)}
                with open(os.environ["TESTFLOW_OUTPUTS"], "w") as outputs: json.dump(found, outputs)
        """,
    )
    data = checkout.path / "data.json"
    data.write_text(json.dumps({"users": [{"id": 1}]}), encoding="utf-8")
    (outcome,) = outcomes_of(checkout, "test_flow.py", inputs={"number": 2}, variables={"TESTFLOW_DATA": str(data)})
    assert (outcome.status, outcome.values) == (Status.PASSED, {"number": 2, "users": [{"id": 1}]}), outcome.text


PID = """
    import os, unittest
    class Told(unittest.TestCase):
        def test_pid(self): print(os.getpid(), "pytest" in __import__("sys").modules)
    """


def test_a_session_runs_batch_after_batch_in_one_process_without_pytest(checkout):
    files = ("test_a.py", "deep/test_a.py", "deep/er/test_a.py")
    for file in files:
        checkout.write(file, PID)
    bench = checkout.bench(*COMMAND)
    with UnittestRunner().session(bench) as session:
        said = [outcome.stdout for file in (*files, *files) for outcome in session.run(checkout.batch(bench, file))]
    assert len(said) == 6
    assert len(set(said)) == 1
    assert said[0].endswith("False\n")


def test_a_batch_with_other_variables_or_inputs_has_a_process_of_its_own(checkout):
    checkout.write("test_pid.py", PID.replace("print(", "print(os.environ.get('MORE'), "))
    bench = checkout.bench(*COMMAND)
    batches = [{}, {"variables": {"MORE": "1"}}, {}, {"inputs": {"n": 1}}, {"inputs": {"n": 1}}]
    with UnittestRunner().session(bench) as session:
        said = [
            outcome.stdout.split()[:2]
            for fields in batches
            for outcome in session.run(checkout.batch(bench, "test_pid.py", **fields))
        ]
    assert [more for more, _ in said] == ["None", "1", "None", "None", "None"]
    assert len({pid for _, pid in said}) == 5


def test_what_a_test_forks_and_lets_go_on_tells_nothing(checkout):
    checkout.write(
        "test_x.py",
        """
        import os, unittest
        class Forks(unittest.TestCase):
            def test_forks(self):
                child = os.fork()
                if child: self.assertEqual(os.waitpid(child, 0)[1], 0)
            def test_goes_on(self): pass
        """,
    )
    outcomes = outcomes_of(checkout, "test_x.py")
    assert [(each.test.name, each.status) for each in outcomes] == [
        ("Forks::test_forks", Status.PASSED),
        ("Forks::test_goes_on", Status.PASSED),
    ]


LEFT_BEHIND = """
    import os, unittest
    def tearDownModule(): {}
    class A(unittest.TestCase):
        def test_a(self): pass
    """


def test_a_process_that_dies_between_files_is_told_of_the_last_and_costs_no_test(checkout):
    checkout.write("test_a.py", LEFT_BEHIND.format("os._exit(9)"))
    checkout.write("test_b.py", LEFT_BEHIND.format("pass"))
    passed, told, other = outcomes_of(checkout, "test_a.py", "test_b.py")
    assert (passed.status, other.status) == (Status.PASSED, Status.PASSED)
    assert (told.test.file, told.test.name, told.status) == ("test_a.py", None, Status.ERROR)
    assert "exited with code 9 between its tests" in told.message


def test_what_cannot_be_torn_down_is_an_error_of_the_last_test_that_had_it(checkout):
    checkout.write("test_a.py", LEFT_BEHIND.format("raise LookupError('left behind')"))
    passed, late = outcomes_of(checkout, "test_a.py")
    assert (passed.test, passed.status) == (late.test, Status.PASSED)
    assert (late.status, late.message) == (Status.ERROR, "tearDownModule: LookupError: left behind")
    assert late.batch == "one/1"


def test_a_module_that_comes_from_elsewhere_is_an_error_that_says_where_from(checkout):
    checkout.write("json.py", "import unittest\n")
    (outcome,) = outcomes_of(checkout, "json.py")
    assert outcome.status == Status.ERROR
    assert "'json' is imported from" in outcome.message


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (("pytest", "{test_path}"), "does not run `-m unittest`"),
        (("python", "-m", "unittest", "--shuffle", "{test_path}"), "unrecognized arguments: --shuffle"),
        (("python", "-m", "unittest", "{tset_path}"), "{tset_path}"),
        (("python", "-m", "unittest", "x{test_path}"), "must be a word of its own"),
    ],
)
def test_a_command_that_cannot_be_read_is_the_error_of_each_test(checkout, command, part):
    outcomes = outcomes_of(checkout, "tests/test_names.py::A::test_a", "tests/test_names.py::B", command=command)
    assert [outcome.status for outcome in outcomes] == [Status.ERROR] * 2
    assert part in outcomes[0].message


def test_options_of_the_interpreter_in_the_command_are_kept(checkout):
    checkout.write("test_w.py", PID.replace("print(", "print(__import__('sys').warnoptions, "))
    command = ("python", "-W", "error", "-m", "unittest", "{test_path}")
    (outcome,) = outcomes_of(checkout, "test_w.py", command=command)
    assert "['error']" in outcome.stdout
