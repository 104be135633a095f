"""Applications have Pythons and pytests of their own: every test ends as under plain pytest, in each of them."""

import pytest
from plain_pytest import CALLED, plain
from pythons import with_pytest

from testflow_core.builtin.runners.pytest import PytestRunner

# The oldest and the newest that are served, and what lies between.
PYTHONS = [("3.8", "7.0.0"), ("3.9", "7.4.4"), ("3.10", "8.0.0"), ("3.12", "8.4.2"), ("3.13", "9.2.0")]

SUITE = {
    "conftest.py": """
        import pytest
        @pytest.fixture(scope="session")
        def whole(): yield 1
        @pytest.fixture(autouse=True)
        def always(): yield
        @pytest.fixture(params=["one", "other"], scope="module")
        def either(request): yield request.param
    """,
    "test_kinds.py": """
        import pytest, warnings
        def test_passes(whole): print("said")
        def test_fails(): assert 1 == 2
        def test_warns(): warnings.warn("careful")
        @pytest.mark.skip(reason="not today")
        def test_skipped(): pass
        @pytest.mark.xfail
        def test_expected(): assert 0
        @pytest.mark.xfail
        def test_unexpected(): pass
        @pytest.mark.xfail(strict=True)
        def test_strict(): pass
        @pytest.mark.parametrize("x", ["a b", "[]", "\\n"])
        def test_parameters(x): pass
        def test_fixture(either): assert either == "one"
        @pytest.fixture
        def broken(): raise LookupError("no set-up")
        def test_set_up(broken): pass
        @pytest.fixture
        def left(): yield; raise LookupError("no tear-down")
        def test_torn_down(left): pass
    """,
    "pkg/__init__.py": "",
    "pkg/conftest.py": """
        import pytest
        @pytest.fixture(scope="package")
        def package(): yield 2
    """,
    "pkg/test_classes.py": """
        class TestX:
            @classmethod
            def setup_class(cls): cls.v = 1
            def test_m(self, package, whole): assert self.v == package - whole
    """,
    "pkg/test_unittest.py": """
        import unittest
        class U(unittest.TestCase):
            @classmethod
            def setUpClass(cls): cls.v = 1
            def test_u(self): self.assertEqual(self.v, 1)
            def test_f(self): self.fail()
            def test_s(self): self.skipTest("why not")
    """,
    "deep/test_import.py": "import nowhere_to_be_found",
    "deep/test_module.py": """
        def setup_module(module): module.z = 3
        def test_z(): assert z == 3
    """,
    "deep/er/test_raises.py": "def test_e(): raise ValueError",
}
FILES = sorted(file for file in SUITE if "test_" in file)


@pytest.fixture(params=[*PYTHONS, None], ids=lambda pair: "-".join(pair) if pair else "ours")
def python(request):
    """An interpreter that has a pytest."""
    return with_pytest(request.param)


def test_every_test_ends_as_under_plain_pytest(checkout, python):
    for file, text in SUITE.items():
        checkout.write(file, text)
    bench = checkout.bench("pytest", python=python)
    # One batch of several files, then some of one: a worker takes them one after the other.
    batches = [FILES[:3], *([file] for file in FILES[3:])]
    with PytestRunner().session(bench) as session:
        outcomes = [outcome for files in batches for outcome in session.run(checkout.batch(bench, *files))]
        outcomes += session.finish()
    ours = {}
    for outcome in outcomes:
        name = outcome.test.name and outcome.test.name.rpartition("::")[2]
        key = (outcome.test.file, name) if name else outcome.test.file
        assert key not in ours, "a test has two outcomes"
        ours[key] = CALLED[outcome.status]
    # A file that cannot be collected has no tests, and its own line in the report.
    broken = ours.pop("deep/test_import.py")
    theirs = plain(python, checkout.path)
    assert [theirs.pop(key) for key in list(theirs) if key[1] == "deep.test_import"] == [broken]
    assert ours == {key: {"error"} if "error" in kinds else kinds for key, kinds in theirs.items()}
