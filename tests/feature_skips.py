"""Tests that are skipped, expected to fail, or fail, in every way that pytest has for it."""

SKIPS = """
import sys, unittest
import pytest
@pytest.mark.skip
def test_bare(): pass
@pytest.mark.skip("not today")
def test_reason(): pass
@pytest.mark.skipif("sys.version_info > (3,)", reason="a text")
def test_text(): pass
@pytest.mark.skipif(False, reason="never")
@pytest.mark.skipif(True, reason="second")
def test_several(): pass
@pytest.mark.skipif("no_such_name", reason="")
def test_bad_condition(): pass
def test_within(): print("before"); pytest.skip("ünder way\\nsecond line")
def test_raises(): raise unittest.SkipTest("as unittest does")
def test_import(): pytest.importorskip("no_such_module")
def test_import_reason(): pytest.importorskip("no_such_module", reason="needs it")
@pytest.mark.skip(reason="a class")
class TestSkipped:
    def test_a(self): pass
class TestNot:
    __test__ = False
    def test_a(self): pass
@pytest.mark.xfail
def test_xfail(): assert 0, "expected"
@pytest.mark.xfail(reason="known: bug")
def test_xpass(): pass
@pytest.mark.xfail(strict=True, reason="sure")
def test_strict(): pass
@pytest.mark.xfail(raises=KeyError)
def test_raises_other(): raise ValueError("other")
@pytest.mark.xfail(raises=ValueError, reason="that one")
def test_raises_that(): raise ValueError("that")
@pytest.mark.xfail(run=False, reason="hangs")
def test_not_run(): raise SystemExit
@pytest.mark.xfail("sys.platform == 'nowhere'", reason="elsewhere")
def test_elsewhere(): assert 0
def test_imperative(): pytest.xfail("so it is")
@pytest.fixture
def expected(): pytest.xfail("in a fixture")
def test_by_fixture(expected): pass
@pytest.mark.xfail(reason="its set-up")
def test_set_up(session_broken): pass
@pytest.fixture
def left(): yield; raise LookupError("left")
@pytest.mark.xfail(reason="its end")
def test_torn_down(left): assert 0
def test_exits(): raise SystemExit(3)
def test_fails(): pytest.fail("by a word", pytrace=False)
def test_unclear(): raise ExceptionGroup("many", [ValueError(1), TypeError(2)])
def test_chained():
    try: [][0]
    except IndexError as error: raise RuntimeError("from it\\nand more") from error
class Odd(Exception):
    def __str__(self): raise TypeError("no text")
def test_odd(): raise Odd
def test_long(): assert "a" * 5000 == "b" * 5000
def test_compares(): assert {"a": [1, 2], "ü": 3} == {"a": [1, 3], "ü": 3}
async def test_async(): pass
"""
