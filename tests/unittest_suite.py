"""A suite with everything that unittest does, and how each test of it ends under unittest itself."""

import json
import subprocess
from textwrap import dedent

FILES = {
    "tests/__init__.py": "",
    "tests/test_kinds.py": """
        import unittest, warnings
        from tests.shared import Shared

        class Kinds(unittest.TestCase):
            def test_passes(self): print("said")
            def test_fails(self): self.assertEqual(1, 2, "sums are hard")
            def test_raises(self): {}["key"]
            def test_exits(self): raise SystemExit(3)
            def test_warns(self): warnings.warn("careful", DeprecationWarning)
            @unittest.skip("not today")
            def test_skipped(self): pass
            @unittest.skipIf(True, "on no machine")
            def test_skipped_if(self): pass
            def test_skips_itself(self): self.skipTest("after a look")
            @unittest.expectedFailure
            def test_expected(self): self.fail("known")
            @unittest.expectedFailure
            def test_unexpected(self): pass
            def test_cleanup_fails(self): self.addCleanup(lambda: 1 / 0)

        class SetUp(unittest.TestCase):
            def setUp(self): raise LookupError("no set-up")
            def test_x(self): pass

        class TearDown(unittest.TestCase):
            def tearDown(self): raise LookupError("no tear-down")
            def test_x(self): pass
            def test_y(self): self.fail("first")

        @unittest.skip("the whole class")
        class Skipped(unittest.TestCase):
            def test_x(self): pass

        class Asynchronous(unittest.IsolatedAsyncioTestCase):
            async def asyncSetUp(self): self.v = 1
            async def test_passes(self): self.assertEqual(self.v, 1)
            async def test_fails(self): self.assertEqual(self.v, 2)

        class SubTests(unittest.TestCase):
            def test_some_fail(self):
                for number in range(4):
                    with self.subTest("half", number=number): self.assertEqual(number % 2, 0)
            def test_one_raises(self):
                with self.subTest(number=1): raise ValueError("odd")
            def test_all_pass(self):
                with self.subTest(number=1): pass
            def test_one_is_skipped(self):
                with self.subTest(number=1): self.skipTest("odd")

        class Inherits(Shared): pass

        class Outer:
            class Inner(unittest.TestCase):
                def test_x(self): pass
        Inner = Outer.Inner
    """,
    "tests/shared.py": """
        import unittest
        class Shared(unittest.TestCase):
            def test_shared(self): pass
    """,
    "tests/test_fixtures.py": """
        import unittest
        log = []
        def setUpModule(): log.append("module")
        class Classes(unittest.TestCase):
            @classmethod
            def setUpClass(cls): log.append("class")
            @classmethod
            def tearDownClass(cls): log.append("end")
            def test_a(self): self.assertEqual(log, ["module", "class"])
            def test_b(self): self.assertEqual(log, ["module", "class"])
        class Next(unittest.TestCase):
            def test_c(self): self.assertEqual(log, ["module", "class", "end"])
    """,
    "tests/test_broken_class.py": """
        import unittest
        class Broken(unittest.TestCase):
            @classmethod
            def setUpClass(cls): raise LookupError("no class")
            def test_a(self): pass
            def test_b(self): pass
        class Fine(unittest.TestCase):
            def test_c(self): pass
        class Skips(unittest.TestCase):
            @classmethod
            def setUpClass(cls): raise unittest.SkipTest("no class today")
            def test_d(self): pass
    """,
    "tests/test_broken_module.py": """
        import unittest
        def setUpModule(): raise LookupError("no module")
        class One(unittest.TestCase):
            def test_a(self): pass
        class Two(unittest.TestCase):
            def test_b(self): pass
    """,
    "tests/test_left_behind.py": """
        import unittest
        def tearDownModule(): raise LookupError("module left behind")
        class First(unittest.TestCase):
            @classmethod
            def tearDownClass(cls): raise LookupError("class left behind")
            def test_a(self): pass
            def test_b(self): pass
        class Last(unittest.TestCase):
            def test_c(self): pass
    """,
    "tests/test_load_tests.py": """
        import doctest, unittest
        def double(number):
            '''
            >>> double(2)
            4
            >>> double(3)
            7
            '''
            return 2 * number
        class Given(unittest.TestCase):
            def __init__(self, method="test_given", number=0):
                super().__init__(method)
                self.number = number
            def test_given(self): self.assertLess(self.number, 2)
        class Unchosen(unittest.TestCase):
            def test_u(self): self.fail()
        class Reversed(unittest.TestSuite):
            def run(self, result, debug=False):
                for test in reversed(list(self)): test(result)
                return result
        class Chosen(unittest.TestCase):
            seen = []
            def test_a(self): self.assertEqual(self.seen, ["b"])
            def test_b(self): self.seen.append("b")
            @unittest.skip("out of turn")
            def test_c(self): pass
        def load_tests(loader, tests, pattern):
            suite = unittest.TestSuite([Given("test_given", number) for number in range(3)])
            suite.addTest(Reversed([Chosen("test_a"), Chosen("test_b"), Chosen("test_c")]))
            suite.addTest(unittest.FunctionTestCase(lambda: None, description="a function"))
            suite.addTests(doctest.DocTestSuite())
            return suite
    """,
    "tests/pkg/__init__.py": """
        import os
        def load_tests(loader, tests, pattern):
            tests.addTests(loader.discover(os.path.dirname(__file__), pattern="check_*.py"))
            return tests
    """,
    "tests/pkg/check_here.py": """
        import unittest
        class Here(unittest.TestCase):
            def test_x(self): pass
            def test_y(self): self.fail()
    """,
    "tests/pkg/test_not_asked_for.py": "raise SystemExit('loaded')",
    "tests/deep/__init__.py": """
        import unittest
        class InPackage(unittest.TestCase):
            def test_x(self): pass
    """,
    "tests/deep/test_kinds.py": """
        import unittest
        class Deep(unittest.TestCase):
            def test_x(self): pass
    """,
    "tests/no_package/test_x.py": "raise SystemExit('loaded')",
    "tests/test-no-name.py": "raise SystemExit('loaded')",
    "tests/test_import.py": "import nowhere_to_be_found",
    "tests/test_syntax.py": "def test_x(:\n",
    "tests/test_load_fails.py": "def load_tests(loader, tests, pattern): return tests + 1",
    "tests/test_not_here.py": "import unittest\nraise unittest.SkipTest('other system')",
}

RECORDER = """
import json, sys, unittest

told = {}

class Recorder(unittest.TextTestResult):
    def note(self, test, kind):
        test = getattr(test, "test_case", test)
        told.setdefault(str(test.id()), []).append(kind)
    def addSuccess(self, test): self.note(test, "passed")
    def addError(self, test, err): self.note(test, "error")
    def addFailure(self, test, err): self.note(test, "failed")
    def addSkip(self, test, reason): self.note(test, "skipped")
    def addExpectedFailure(self, test, err): self.note(test, "skipped")
    def addUnexpectedSuccess(self, test): self.note(test, "failed")
    def addSubTest(self, test, subtest, err):
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            self.note(test, "failed" if failed else "error")

runner = unittest.TextTestRunner(resultclass=Recorder)
unittest.main(module=None, argv=["python -m unittest", *json.loads(sys.argv[1])], testRunner=runner, exit=False)
print("\\n" + json.dumps(told))
"""


def written(checkout):
    for file, text in FILES.items():
        checkout.write(file, text)


def plain(python, folder, *words):
    """What unittest itself says of each test, by its own id, in the order in which it says it."""
    program = dedent(RECORDER)
    command = [python, "-c", program, json.dumps(words)]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])
