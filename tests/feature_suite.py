"""A suite that has something of all that pytest offers, as files of an application."""

from feature_skips import SKIPS

CONFIGURATION = """
[pytest]
addopts = -p own_plugin -m "not slow" -k "not unwanted" --strict-markers
pythonpath = plugins
markers =
    slow: takes long
    twice: is run twice
filterwarnings = error
usefixtures = everywhere
"""

PLUGIN = """
import pytest
def pytest_addoption(parser): parser.addoption("--flavour", default="plain"); parser.addini("colour", "", default="red")
@pytest.fixture
def flavour(request): return request.config.getoption("flavour") + request.config.getini("colour")
def pytest_generate_tests(metafunc):
    if "generated" in metafunc.fixturenames: metafunc.parametrize("generated", ["ä", "b/c", "d::e", "", "x" * 300])
"""

CONFTEST = """
import pytest, unittest
pytest_plugins = ["named_plugin"]
collect_ignore = ["test_ignored.py"]
log = []
@pytest.fixture
def everywhere(): log.append("e"); yield; log.pop()
@pytest.fixture(scope="session", params=["one", "zwei"])
def session_parameter(request): print("session", request.param); yield request.param
@pytest.fixture(scope="session")
def session_broken(): raise LookupError("no session")
@pytest.fixture(scope="module")
def of_module(request): yield request.node.name
@pytest.fixture(scope="class")
def of_class(request): request.cls and setattr(request.cls, "seen", 0); return request.node.name
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name == "test_goes_first", reverse=True)
    for item in items:
        if item.name == "test_marked_by_conftest": item.add_marker(pytest.mark.skip(reason="by the conftest"))
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if item.name == "test_reported_as_failed" and call.when == "call":
        report.outcome, report.longrepr = "failed", "said by a hook"
    report.sections.append(("Captured stdout of a hook", f"{report.when} "))
    return report
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    if item.get_closest_marker("twice"):
        from _pytest.runner import runtestprotocol
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for log in (False, True): runtestprotocol(item, nextitem=nextitem, log=log)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True
class Extra(pytest.Item):
    def runtest(self): assert self.name == "extra[good]", "the extra is bad"
    def repr_failure(self, excinfo, style=None): return f"an extra says: {excinfo.value}"
    def reportinfo(self): return self.path, 0, self.name
def pytest_pycollect_makeitem(collector, name, obj):
    if name.startswith("extras"): return [Extra.from_parent(collector, name=f"extra[{each}]") for each in obj]
"""

FIXTURES = """
import pytest
def setup_module(module): print("set up module"); module.ready = True
def teardown_module(module): print("tear down module")
def test_module(of_module): assert ready and of_module == "test_fixtures.py", of_module
def test_goes_first(session_parameter, of_module): print("in", session_parameter)
def test_again(session_parameter, flavour): assert session_parameter == "one", flavour
def test_session_broken(session_broken): pass
class TestClass:
    def setup_method(self, method): self.method = method.__name__
    def test_counts(self, of_class): type(self).seen += 1; assert self.method == "test_counts"
    def test_counts_on(self, of_class): assert self.seen == 1
    @pytest.fixture(autouse=True)
    def around(self, request): print("before"); yield; print("after", request.node.name)
class TestBroken:
    @classmethod
    def setup_class(cls): raise RuntimeError("no class")
    def test_a(self): pass
    def test_b(self): pass
class TestLeft:
    def teardown_method(self): raise RuntimeError("left behind")
    def test_passes(self): pass
    def test_fails(self): assert 0, "and more"
@pytest.fixture(scope="class")
def class_left(): yield; raise RuntimeError("a class left behind")
class TestLast:
    def test_first(self, class_left): pass
    def test_last(self): pass
@pytest.fixture
def finalizer(request): request.addfinalizer(lambda: 1 / 0); request.addfinalizer(lambda: [][1])
def test_finalizers(finalizer): pass
@pytest.fixture
def skips(): pytest.skip("in a fixture")
def test_skipped_by_fixture(skips): pass
def test_unknown(no_such_fixture): pass
def test_lookup(request): request.getfixturevalue("session_broken")
def test_names(request, pytestconfig, tmp_path):
    import os, sys
    print(request.node.nodeid, pytestconfig.rootpath.name, pytestconfig.inipath.name, tmp_path.name, os.getcwd())
    print(os.environ["PYTEST_CURRENT_TEST"], __name__, os.path.basename(__file__), os.path.basename(sys.argv[0]))
    print(pytestconfig.getoption("markexpr"), pytestconfig.getini("markers")[:2])
@pytest.mark.twice
def test_twice(): print("ran")
def test_reported_as_failed(): pass
def test_marked_by_conftest(): pass
def test_unwanted(): pass
@pytest.mark.slow
def test_slow(): pass
extras = ["good", "bad"]
"""

PARAMETERS = """
import pytest
@pytest.mark.parametrize("x", ["ä€", "a b", "[]", "a::b", "\\n", "", "\\x00", "\\udc80", b"\\xff", 1.5, None, object])
def test_ids(x): print(ascii(x))
@pytest.mark.parametrize("x", [1, 1, 2], ids=["same", "same", "größe"])
@pytest.mark.parametrize("y", [pytest.param(1, marks=pytest.mark.xfail(reason="why")), pytest.param(2, id="zwei")])
def test_two(x, y): assert y == 2
@pytest.mark.parametrize("session_parameter", ["indirect"], indirect=True)
def test_indirect(session_parameter): assert session_parameter == "indirect"
@pytest.mark.parametrize("x", [])
def test_empty(x): pass
def test_generated(generated): assert generated
@pytest.mark.parametrize("n", range(3), ids=lambda n: f"n={n}")
class TestAll:
    def test_one(self, n): assert n < 2
    class TestInner:
        def test_deep(self, n): pass
@pytest.mark.parametrize("x", [pytest.param(1, id=pytest.HIDDEN_PARAM)])
def test_hidden(x): pass
"""

BAD_PARAMETERS = """
import pytest
@pytest.mark.parametrize("x", [1])
def test_no_such_argument(y): pass
def test_beside(): pass
"""

OUTPUT = """
import logging, os, subprocess, sys, threading, warnings
import pytest
print("while it is imported")
def test_capsys(capsys): print("heard"); assert capsys.readouterr().out == "heard\\n"; print("after")
def test_capfd(capfd): os.write(1, b"low"); assert capfd.readouterr().out == "low"
def test_binary(capfdbinary): os.write(1, b"\\xff"); assert capfdbinary.readouterr().out == b"\\xff"
def test_disabled(capsys):
    with capsys.disabled(): pass
def test_caplog(caplog):
    caplog.set_level(logging.INFO); logging.info("x %s", 1); assert caplog.messages == ["x 1"]
def test_programs(): subprocess.run([sys.executable, "-c", "print('from a program')"], check=True)
def test_low(): os.write(1, b"bytes \\xff\\n"); print("ünder", file=sys.stderr); print("öut")
def test_input(): input()
def test_warns(): warnings.warn("careful")
def test_deprecated(): warnings.warn("old", DeprecationWarning)
@pytest.mark.filterwarnings("ignore:careful")
def test_ignored(): warnings.warn("careful")
@pytest.mark.filterwarnings("default")
def test_only_warns(): warnings.warn("heard of")
def test_recorded(recwarn): warnings.warn("kept"); assert len(recwarn) == 1
def test_expected():
    with pytest.warns(UserWarning, match="care"): warnings.warn("careful")
def test_thread():
    thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()
class Breaks:
    def __del__(self): raise ValueError("in the end")
def test_unraisable(): Breaks()
def test_temporary(tmp_path, tmp_path_factory, tmpdir):
    assert not list(tmp_path.iterdir()); assert str(tmpdir) == str(tmp_path)
    assert tmp_path_factory.mktemp("x").is_dir()
def test_monkeypatch(monkeypatch, tmp_path): monkeypatch.chdir(tmp_path); monkeypatch.setenv("SHOP_X", "1")
def test_restored(): assert "SHOP_X" not in os.environ and os.path.exists("pytest.ini")
def test_properties(record_property, record_testsuite_property): record_property("a", 1)
def test_subtests(subtests):
    for n in range(4):
        with subtests.test("part", n=n): print("sub", n); assert n % 2, "even"
def test_good_subtests(subtests):
    with subtests.test(): pass
    with subtests.test(): pytest.skip("one part")
def test_doctest_word(doctest_namespace): pass
"""

UNITTEST = """
import unittest
def setUpModule(): print("set up")
class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.value = 1
    def setUp(self): self.addCleanup(print, "cleaned")
    def test_passes(self): self.assertEqual(self.value, 1)
    def test_fails(self): self.assertEqual([1, 2], [1, 3], "with words")
    def test_error(self): raise KeyError("it")
    def test_skips(self): self.skipTest("why not")
    @unittest.skip("decorated")
    def test_decorated(self): pass
    @unittest.skipUnless(False, "never here")
    def test_unless(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail("expected")
    @unittest.expectedFailure
    def test_unexpected(self): pass
    def test_parts(self):
        for n in range(3):
            with self.subTest(n=n): self.assertEqual(n, 1)
    def test_skipped_parts(self):
        for n in range(2):
            with self.subTest(n=n): self.skipTest(f"part {n}")
    def test_cleanup(self): self.addCleanup(self.fail, "in cleanup")
class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise unittest.SkipTest("the class")
    def test_a(self): pass
class Worse(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise OSError("the class")
    def test_a(self): pass
class Left(unittest.TestCase):
    @classmethod
    def tearDownClass(cls): raise OSError("left")
    def test_a(self): pass
    def test_b(self): pass
class Down(unittest.TestCase):
    def tearDown(self): raise OSError("down")
    def test_a(self): pass
@unittest.skip("all of it")
class Skipped(unittest.TestCase):
    def test_a(self): pass
class Async(unittest.IsolatedAsyncioTestCase):
    async def test_a(self): pass
    async def test_b(self): self.fail("async")
class Derived(Cases):
    def test_fails(self): pass
    test_error = None
"""

FILES = {
    "pytest.ini": CONFIGURATION,
    "plugins/own_plugin.py": PLUGIN,
    "named_plugin.py": "import pytest\n@pytest.fixture\ndef named(): return 'named'\n",
    "conftest.py": CONFTEST,
    "test_fixtures.py": FIXTURES,
    "test_parameters.py": PARAMETERS,
    "test_bad_parameters.py": BAD_PARAMETERS,
    "test_ignored.py": "raise SystemExit('it is not to be imported')",
    "test_only_slow.py": "import pytest\npytestmark = pytest.mark.slow\ndef test_a(): pass\n",
    "deep/test_skips.py": SKIPS,
    "deep/conftest.py": "import pytest\n@pytest.fixture\ndef everywhere(everywhere): print('deeper'); yield\n",
    "deep/test_output.py": OUTPUT,
    "deep/er/__init__.py": "",
    "deep/er/conftest.py": "import pytest\n@pytest.fixture(scope='package')\ndef package(): yield 'p'\n"
    "def pytest_runtest_setup(item):\n    if 'not_here' in item.name: pytest.skip('by a deep conftest')\n",
    "deep/er/test_a.py": "def test_p(package, named): assert package + named == 'pnamed'\ndef test_not_here(): pass\n",
    "deep/er/test_b.py": "from . import test_a\nfrom .test_a import test_p\ndef test_q(package): assert test_a\n",
    "test_unittest.py": UNITTEST,
    "test_syntax.py": "def test_x(:\n",
    "test_import.py": "import nowhere_to_be_found\n",
    "test_mark.py": "import pytest\n@pytest.mark.unknown\ndef test_x(): pass\n",
    "test_module_skip.py": "import pytest\npytest.skip('not here\\nat all', allow_module_level=True)\n",
    "test_no_module.py": "import pytest\npytest.importorskip('nowhere_to_be_found')\ndef test_x(): pass\n",
    "test_unittest_skip.py": "import unittest\nraise unittest.SkipTest('the module')\n",
    "test_not_allowed.py": "import pytest\npytest.skip('too early')\n",
    "test_warns.py": "import warnings\nwarnings.warn('while imported')\ndef test_x(): pass\n",
    "test_class.py": "class TestX:\n    def __init__(self): pass\n    def test_x(self): pass\n",
    "test_module.py": "def setup_module(): raise OSError('no module')\ndef test_a(): pass\ndef test_b(): pass\n",
    "test_module_left.py": "def teardown_module(): raise OSError('left')\ndef test_a(): pass\ndef test_b(): pass\n",
    "test_nothing.py": "x = 1\n",
}
