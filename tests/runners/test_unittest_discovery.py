"""What is understood of the command of unittest, and which files are found for it."""

import unittest
from contextlib import redirect_stderr
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.builtin.runners.agent_words import AgentTroubleError
from testflow_core.builtin.runners.unittest import UnittestRunner
from testflow_core.builtin.runners.unittest_command import unittest_command
from testflow_core.model import Application

MODULE = ("python", "-m", "unittest")
LOADS = "def load_tests(loader, tests, pattern): return tests"
FILES = {
    "test_top.py": "",
    "shop/__init__.py": "",
    "shop/tests/__init__.py": "from unittest import TestCase",
    "shop/tests/test_a.py": "",
    "shop/tests/a_test.py": "",
    "shop/tests/test-b.py": "",
    "shop/tests/build/__init__.py": "",
    "shop/tests/build/test_built.py": "",
    "shop/tests/plain/test_plain.py": "",
    "shop/tests/own/__init__.py": LOADS,
    "shop/tests/own/test_own.py": "",
    "shop/tests/own/below/__init__.py": "",
    "shop/tests/own/below/test_below.py": "",
    "shop/tests/has/__init__.py": "class X(TestCase):\n    async def test_x(self): pass",
    ".venv/test_v.py": "",
}
PACKAGES = ["shop/tests/has/__init__.py", "shop/tests/own/__init__.py"]
IN_PACKAGES = ["shop/tests/build/test_built.py", *PACKAGES, "shop/tests/test_a.py"]
EVERYWHERE = [
    "shop/tests/own/below/test_below.py",
    "shop/tests/own/test_own.py",
    "shop/tests/plain/test_plain.py",
    "shop/tests/test-b.py",
    "shop/tests/test_a.py",
    "test_top.py",
]


@pytest.fixture
def found(checkout):
    for file, text in FILES.items():
        checkout.write(file, text)

    def discover(words, *paths, **fields):
        application = Application(name="shop", path=checkout.path, test_command=(*MODULE, *words), **fields)
        return [test.id.removeprefix("shop::") for test in UnittestRunner().discover(application, paths)]

    return discover


@pytest.mark.parametrize(
    ("words", "paths", "expected"),
    [
        (["discover"], [], [*IN_PACKAGES, "test_top.py"]),
        ([], [], [*IN_PACKAGES, "test_top.py"]),
        (["-v"], [], [*IN_PACKAGES, "test_top.py"]),
        (["discover", "-s", "shop/tests", "-t", "."], [], IN_PACKAGES),
        (["discover", "-s", "shop/tests", "-t", "."], ["."], IN_PACKAGES),
        (["discover", "-s", "shop/tests", "-t", "."], ["shop"], IN_PACKAGES),
        (["discover", "-s", "shop/tests", "-t", "."], ["shop/tests/build"], ["shop/tests/build/test_built.py"]),
        (["discover", "-s", "shop/tests", "-t", "."], ["shop/tests/own/test_own.py"], ["shop/tests/own/test_own.py"]),
        (["discover", "-s", "shop.tests"], [], IN_PACKAGES),
        (["discover", "shop/tests", "-p", "*_test.py", "{test_path}"], [], ["shop/tests/a_test.py", *PACKAGES]),
        (["discover", "shop/tests/own"], [], ["shop/tests/own/below/test_below.py", "shop/tests/own/test_own.py"]),
        (["discover", "shop/tests/own", "test*.py", "."], [], ["shop/tests/own/__init__.py"]),
        (["discover", "-s", ".."], [], []),
        (["{test_path}"], [], EVERYWHERE),
        (["{test_path}"], ["shop/tests/plain"], ["shop/tests/plain/test_plain.py"]),
        (["shop.tests.test_a", "test_top.py"], [], ["shop/tests/test_a.py", "test_top.py"]),
        (
            ["shop.tests.test_a.X.test_x", "shop.tests"],
            [],
            ["shop/tests/__init__.py", "shop/tests/test_a.py::X::test_x"],
        ),
        (["shop.nowhere"], [], ["shop/__init__.py::nowhere"]),
        (["nowhere"], [], []),
        (["nowhere"], ["test_top.py"], ["test_top.py"]),
        (["--no-such-option"], [], [*IN_PACKAGES, "test_top.py"]),
    ],
)
def test_those_files_are_found_that_the_command_would_load(found, words, paths, expected):
    assert found(words, *paths) == sorted(expected)


def test_test_files_of_the_application_win_over_the_framework(found):
    assert found(["discover"], test_files=("shop/**/*_test.py",)) == ["shop/tests/a_test.py"]


class Reading(unittest.TestProgram):
    """unittest's own reading of its command line."""

    def __init__(self, words):
        self.discovers = False
        super().__init__(module=None, argv=["unittest", *words], exit=False)

    def createTests(self, from_discovery=False, Loader=None):  # noqa: N802, N803 - unittest's
        self.discovers = from_discovery

    def runTests(self):  # noqa: N802 - unittest's
        pass


NAMES = st.sampled_from(["tests", "tests.test_a", "a_*.py", "."])
OPTIONS = st.sampled_from(["-v", "-q", "-b", "-c", "-f", "--failfast", "--locals"]).map(lambda word: [word])
PATTERNS = st.builds(lambda word: ["-k", word], NAMES)
PLACES = st.builds(
    lambda option, name: [option, name],
    st.sampled_from(["-s", "-p", "-t", "--start-directory", "--pattern", "--top-level-directory"]),
    NAMES,
)
LINES = st.one_of(
    st.lists(OPTIONS | PATTERNS | NAMES.map(lambda word: [word]), max_size=5),
    st.builds(
        lambda named, words: [["discover"], *words, named],
        st.lists(NAMES, max_size=3),
        st.lists(OPTIONS | PATTERNS | PLACES, max_size=5),
    ),
)


@given(LINES)
def test_a_command_is_read_as_unittest_reads_it(line):
    words = [word for part in line for word in part]
    with redirect_stderr(StringIO()):
        try:
            theirs = Reading(words)
        except SystemExit:
            with pytest.raises(AgentTroubleError):
                unittest_command((*MODULE, *words))
            return
    ours = unittest_command((*MODULE, *words))
    assert (ours.discovery is not None) == theirs.discovers
    assert (ours.patterns, ours.failfast, ours.locals) == (
        tuple(theirs.testNamePatterns or ()),
        theirs.failfast,
        theirs.tb_locals,
    )
    if ours.discovery is None:
        assert list(ours.names) == theirs.tests
    else:
        found = ours.discovery
        assert (found.start, found.pattern, found.top) == (theirs.start, theirs.pattern, theirs.top)
