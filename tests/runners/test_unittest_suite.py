"""Every test of a suite ends as under `python -m unittest` itself, in every Python that is served."""

import re
import subprocess
import sys

import pytest
from pythons import base_python
from unittest_suite import plain, written

from testflow_core.builtin.runners.unittest import UnittestRunner
from testflow_core.model import Application

PYTHONS = ["3.8", "3.9", "3.10", "3.12", "3.13", None]
DISCOVER = ("discover", "-s", "tests", "-t", ".")
COMMANDS = {
    "discover": DISCOVER,
    "by pattern": ("discover", "tests", "*_kinds.py", "."),
    "from the start": ("discover", "-s", "tests/pkg", "-p", "check_*.py"),
    "a package by its name": ("discover", "-s", "tests.deep"),
    "some tests": (*DISCOVER, "-k", "Kinds.test_*s", "-k", "shared"),
    "names": ("tests.test_kinds.SubTests", "tests/test_fixtures.py", "tests.test_broken_class.Fine.test_c"),
}
# What comes before the names of modules that are not imported from the checkout itself.
TOPS = {COMMANDS["from the start"]: "tests.pkg."}


@pytest.fixture(params=PYTHONS, ids=lambda version: version or "ours")
def python(request, tmp_path):
    """An interpreter that has nothing installed, or ours."""
    if request.param is None:
        return sys.executable
    folder = tmp_path / "bare"
    subprocess.run([base_python(request.param), "-m", "venv", "--without-pip", folder], check=True)
    return str(folder / "bin" / "python")


def under_testflow(checkout, python, *words):
    """How each test that is discovered ends, in the words of unittest; and how often something is told."""
    bench = checkout.bench("python", "-m", "unittest", *words, python=python)
    application = Application(name="shop", path=checkout.path, test_command=bench.command)
    runner = UnittestRunner()
    tests = [test.id.removeprefix("shop::") for test in runner.discover(application, ())]
    told = {}
    seen = set()
    # A batch for several files, then some of one each: a worker takes them one after the other.
    with runner.session(bench) as session:
        for batch in [tests[:5], *([test] for test in tests[5:])]:
            for outcome in session.run(checkout.batch(bench, *batch)) if batch else ():
                assert outcome.reason != "its suite has not run it"
                late = outcome.test in seen
                seen.add(outcome.test)
                # unittest itself says nothing of a file without a test that was asked for.
                if "deselect every test" not in outcome.reason:
                    name = in_its_words(outcome, late).removeprefix(TOPS.get(words, ""))
                    told.setdefault(name, []).append(str(outcome.status))
        assert list(session.finish()) == []
    return told


def in_its_words(outcome, late):
    module = outcome.test.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if outcome.test.name is None:
        return f"the file {module}"
    name = re.sub(r"\[\d+\]$", "", outcome.test.name)
    kind, _, method = name.rpartition("::")
    if not kind:
        # What is no method of a class has a name of its own.
        return name
    where = f"{module}.{kind.replace('::', '.')}"
    fixture, colon, _ = outcome.message.partition(": ")
    if outcome.reason == "no class today":
        fixture, colon = "setUpClass", ": "
    if colon and fixture.endswith(("Class", "Module")):
        assert late == fixture.startswith("tearDown")
        return f"{fixture} ({module if fixture.endswith('Module') else where})"
    return f"{where}.{method}"


def in_our_words(test):
    """A file that cannot be loaded is a test for unittest; what a file imports is ours for that file."""
    test = re.sub(r"^unittest\.loader\.\w+\.", "the file ", test)
    return test.replace("tests.shared.", "tests.test_kinds.")


def compared(checkout, python, words):
    ours = under_testflow(checkout, python, *words)
    theirs = {in_our_words(test): kinds for test, kinds in plain(python, checkout.path, *words).items()}
    assert set(ours) == set(theirs)
    for test, kinds in theirs.items():
        if test.startswith("setUp"):
            # Each test that cannot run because of it is told.
            assert set(ours[test]) == set(kinds), test
        elif len(ours[test]) == len(kinds):
            assert ours[test] == kinds, test
        else:
            assert ours[test] == kinds[:1], "of several things that go wrong in a test the first decides"


def test_every_test_ends_as_under_plain_unittest(checkout, python):
    written(checkout)
    compared(checkout, python, DISCOVER)


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_command_runs_the_tests_that_unittest_runs_for_it(checkout, words):
    written(checkout)
    compared(checkout, sys.executable, words)


def test_the_tests_of_a_broken_class_or_module_are_told_each(checkout):
    written(checkout)
    told = under_testflow(checkout, sys.executable, *DISCOVER)
    assert told["setUpClass (tests.test_broken_class.Broken)"] == ["error", "error"]
    assert told["setUpModule (tests.test_broken_module)"] == ["error", "error"]
