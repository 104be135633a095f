"""A file that comes to stand before a module is noticed by all who import it, and a new file of tests by nobody."""

import shutil
import sqlite3
import sys
from contextlib import closing

import pytest
from touched_project import Project, selected

from testflow_core.touched.bits import unpack

APPLICATION = {
    "lib.py": "import markupsafe\ndef one(): return 1\n",
    "tests/test_first.py": "import lib\ndef test_first(): assert lib.one()\n",
    "tests/test_second.py": "import lib\ndef test_second(): assert lib.one()\n",
    "tests/test_later.py": "def test_later():\n    import lib\n    assert lib.one()\n",
    "tests/test_plain.py": "def test_plain(): pass\n",
    "tests/test_looking.py": """
        import importlib
        import importlib.util

        def test_by_name():
            try:
                importlib.import_module("by_name")
            except ImportError:
                pass

        def test_for_spec(): assert importlib.util.find_spec("for_spec") is None
    """,
    "other/test_other.py": "def test_other(): pass\n",
    "plugins/settings.txt": "",
}
TESTS = tuple(file for file in APPLICATION if "/test_" in file)
IMPORTING = {f"tests/test_{name}.py::test_{name}" for name in ("first", "second", "later")}
BELOW = IMPORTING | {
    "tests/test_plain.py::test_plain",
    "tests/test_looking.py::test_by_name",
    "tests/test_looking.py::test_for_spec",
}


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("recorded"), sys.executable, APPLICATION)
    made.record(*TESTS)
    return made


@pytest.fixture
def application(recorded_once, tmp_path):
    """The application as it was recorded, to be changed."""
    shutil.copytree(recorded_once.root, tmp_path / "copy", ignore=shutil.ignore_patterns("run-*"))
    return Project(tmp_path / "copy", sys.executable, {})


@pytest.mark.parametrize(
    ("file", "tests"),
    [
        ("tests/lib.py", IMPORTING),
        ("tests/lib/__init__.py", IMPORTING),
        ("lib/__init__.py", IMPORTING),
        ("lib.cpython-313-x86_64-linux-gnu.so", IMPORTING),
        ("markupsafe.py", IMPORTING),
        ("tests/markupsafe/__init__.py", IMPORTING),
        ("by_name.py", {"tests/test_looking.py::test_by_name"}),
        ("tests/for_spec.py", {"tests/test_looking.py::test_for_spec"}),
        ("tests/colorsys.py", BELOW | {"other/test_other.py::test_other"}),
        ("deep/colorsys.py", set()),
        ("tests/test_new.py", set()),
        ("tests/__init__.py", BELOW),
        ("shop.egg-info", BELOW | {"other/test_other.py::test_other"}),
        ("plugins/shop.dist-info/entry_points.md", BELOW | {"other/test_other.py::test_other"}),
        ("lib/data.md", set()),
    ],
)
def test_a_new_file_is_noticed_by_those_alone_who_would_find_it(application, file, tests):
    application.write(file, "")
    assert selected(application, file).keys() == tests


def test_what_is_known_does_not_depend_on_what_ran_first(recorded_once, project):
    other = project(APPLICATION)
    other.record(*reversed(TESTS))
    assert noticing(other) == noticing(recorded_once)


def noticing(application):
    """All that is known, each with the names of tests."""
    map_ = application.map()
    with closing(sqlite3.connect(application.store.path)) as connection, connection:
        rows = connection.execute("select kind, path, unit, tests from postings").fetchall()
    return {tuple(key): set(map_.places(unpack(packed))) for *key, packed in rows}
