"""After a change of each kind, the tests that can notice it are chosen by what was recorded, and the others are not."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from testflow_git_selector import SelectByChange, SelectByRecord
from touched_project import Project, decided, selected

from testflow_core.model import (
    Application,
    Change,
    Context,
    MappingRule,
    Past,
    Status,
    TestCase,
    TestSelection,
    Track,
)

APPLICATION = {
    "lib.py": """
        import functools

        LIMIT = 3

        def connect():
            return "open"

        @functools.lru_cache
        def rate():
            return base()

        def base():
            return 2

        def limited():
            return LIMIT

        class Shape:
            def area(self):
                return 0

        class Square(Shape):
            pass

        def patched():
            return 1
    """,
    "plugin.py": "def answer(): return 1",
    "tool.py": "print(1)",
    "data.txt": "3",
    "conftest.py": """
        import pytest
        import lib

        @pytest.fixture(scope="module")
        def connection():
            return lib.connect()
    """,
    "test_shared.py": """
        def test_one(connection): pass
        def test_two(connection): pass
    """,
    "test_cached.py": """
        import lib
        def test_one(): assert lib.rate() == 2
        def test_two(): assert lib.rate() == 2
    """,
    "test_lib.py": """
        import lib
        def test_limit(): assert lib.limited()
        def test_area(): assert lib.Square().area() == 0
        def test_patch(monkeypatch):
            monkeypatch.setattr(lib, "patched", lambda: 2)
            assert lib.patched() == 2
        def test_nothing(): pass
    """,
    "test_files.py": """
        import importlib, subprocess, sys
        from pathlib import Path
        HERE = Path(__file__).parent
        def test_data(): (HERE / "data.txt").read_text()
        def test_absent(): (HERE / "absent.txt").exists()
        def test_folder(): list(HERE.glob("*.sql"))
        def test_optional():
            try:
                import optional
            except ImportError:
                pass
        def test_script(): subprocess.run([sys.executable, HERE / "tool.py"], check=True)
        def test_dynamic(): importlib.import_module("plugin").answer()
        def test_plain(): pass
    """,
}
FILES = ("test_shared.py", "test_cached.py", "test_lib.py", "test_files.py")
CACHED = {"test_cached.py::test_one", "test_cached.py::test_two"}
SHARED = {"test_shared.py::test_one", "test_shared.py::test_two"}
SCRIPT = "test_files.py::test_script"


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("recorded"), sys.executable, APPLICATION)
    made.record(*FILES)
    return made


@pytest.fixture
def application(recorded_once, tmp_path):
    """The application as it was recorded, to be changed."""
    shutil.copytree(recorded_once.root, tmp_path / "copy", ignore=shutil.ignore_patterns("run-*"))
    return Project(tmp_path / "copy", sys.executable, {})


def change(application, file, before, after):
    text = (application.checkout / file).read_text()
    assert before in text
    (application.checkout / file).write_text(text.replace(before, after))
    return selected(application, file)


def test_nothing_is_chosen_where_nothing_changed(application):
    assert not selected(application)


@pytest.mark.parametrize(
    ("file", "before", "after", "needed"),
    [
        ("lib.py", 'return "open"', 'return "shut"', SHARED),
        ("lib.py", "return 2", "return 5", CACHED),
        ("lib.py", "return LIMIT", "return LIMIT + 1", {"test_lib.py::test_limit"}),
        ("lib.py", "LIMIT = 3", "LIMIT = 4", {"test_lib.py::test_limit"}),
        ("lib.py", "return 0", "return 9", {"test_lib.py::test_area"}),
        ("lib.py", "(Shape):\n    pass", "(Shape):\n    def area(self): return 1", {"test_lib.py::test_area"}),
        ("plugin.py", "return 1", "return 2", {"test_files.py::test_dynamic"}),
        ("data.txt", "3", "4", {"test_files.py::test_data"}),
        ("conftest.py", "return lib", "return 1 or lib", SHARED),
        ("test_files.py", "test_plain(): pass", "test_plain(): assert 1", {"test_files.py::test_plain"}),
    ],
)
def test_a_change_is_noticed_by_the_tests_that_touch_it(application, file, before, after, needed):
    assert needed <= change(application, file, before, after).keys()


@pytest.mark.parametrize(
    ("before", "after", "needed"),
    [
        ('return "open"', 'return "shut"', SHARED),
        ("return 0", "return 9", {"test_lib.py::test_area"}),
        ("return LIMIT", "return LIMIT + 1", {"test_lib.py::test_limit"}),
        # Who imports by a computed name may get at any.
        ("LIMIT = 3", "LIMIT = 4", {"test_lib.py::test_limit", "test_files.py::test_dynamic"}),
        ("return 1", "return 7", set()),
    ],
)
def test_a_changed_body_concerns_no_test_that_does_not_enter_it(application, before, after, needed):
    assert change(application, "lib.py", before, after).keys() == needed | {SCRIPT}


def test_a_comment_concerns_no_test_but_those_of_which_nothing_is_known(application):
    assert change(application, "lib.py", "LIMIT = 3", "LIMIT = 3  # three").keys() == {SCRIPT}


@pytest.mark.parametrize(
    ("file", "needed"),
    [
        ("absent.txt", {"test_files.py::test_absent"}),
        ("optional.py", {"test_files.py::test_optional"}),
        ("optional/__init__.py", {"test_files.py::test_optional"}),
    ],
)
def test_a_file_that_appears_is_noticed_by_the_tests_that_looked_for_it(application, file, needed):
    application.write(file, "")
    found = selected(application, file)
    assert needed <= found.keys()
    assert "test_files.py::test_plain" not in found


def test_who_looks_through_a_folder_notices_what_is_new_there_and_explains_nothing_that_was_there(application):
    application.write("old.sql", "1")
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "old.sql"], [*identity, "commit", "-q", "-m", "as it was"]):
        subprocess.run(["git", "-C", application.checkout, *words], check=True)
    application.write("new.sql", "")
    assert selected(application, "new.sql", base="HEAD").keys() == {SCRIPT, "test_files.py::test_folder"}
    application.write("old.sql", "2")
    every = frozenset(application.map().tests)
    assert selected(application, "old.sql", base="HEAD").keys() == every
    # Where nobody knows what was there, nobody knows what is new.
    assert selected(application, "new.sql").keys() == every
    assert selected(application, "new.sql", base="no such commit").keys() == every


def test_a_new_conftest_concerns_all_tests_below_it(application):
    application.write("deep/conftest.py", "")
    # Somebody has looked what is in the folder above.
    assert selected(application, "deep/conftest.py").keys() == {SCRIPT, "test_files.py::test_folder"}
    (application.checkout / "conftest.py").unlink()
    assert selected(application, "conftest.py").keys() >= SHARED


def test_a_program_is_thought_to_notice_any_change(application):
    assert SCRIPT in change(application, "tool.py", "1", "2")
    assert SCRIPT in change(application, "data.txt", "3", "4")


def test_a_deleted_module_concerns_those_who_import_it(application):
    (application.checkout / "plugin.py").unlink()
    assert "test_files.py::test_dynamic" in selected(application, "plugin.py")


DOCUMENTED = """
def doubled(x):
    \"\"\"
    >>> doubled(2)
    4
    \"\"\"
    return 2 * x

def test_doubled():
    assert doubled(1) == 2
"""


def test_examples_that_change_concern_the_tests_of_their_file(project):
    application = project({"test_it.py": DOCUMENTED, "test_other.py": "import test_it\ndef test_other(): pass"})
    application.record("test_it.py", "test_other.py")
    found = change(application, "test_it.py", ">>> doubled(2)\n    4", ">>> doubled(3)\n    6")
    assert found == {"test_it.py::test_doubled": "test_it.py: its examples changed"}


def test_a_name_of_one_file_concerns_what_uses_it_in_another(project):
    application = project(
        {
            "limits.py": "LIMIT = 3\n",
            "lib.py": """
                import limits
                def limited(): return limits.LIMIT
                def other(): return 1
            """,
            "made.py": "import limits\nTABLE = list(range(limits.LIMIT))\nprint(TABLE)\n",
            "test_it.py": """
                import lib
                def test_limited(): lib.limited()
                def test_other(): lib.other()
            """,
            "test_made.py": "import made\ndef test_made(): pass",
        }
    )
    application.record("test_it.py", "test_made.py")
    (application.checkout / "lib.py").chmod(0o644)
    found = change(application, "limits.py", "LIMIT = 3", "LIMIT = 5")
    assert found.keys() == {"test_it.py::test_limited", "test_made.py::test_made"}
    assert found["test_it.py::test_limited"].startswith("lib.py: function limited uses LIMIT, which changed")


RUNNING = """
import limits
def named(name): return eval(name)
def made(text):
    exec(compile(text, "text", "exec"), {"limits": limits})
def other(): return 1
"""
OF_TEXT = """
import running
def test_asking(): assert running.named("limits.LI" + "MIT")
def test_not_asking(): assert running.named("1 + 1") == 2
def test_made(): running.made("def f():\\n    return getattr(limits, 'LIM' + 'IT')\\nassert f()")
def test_made_of_names(): running.made("from limits import LI" + "MIT")
def test_made_of_a_text(): running.made("'limits.LIM" + "IT'.split()")
def test_made_of_nothing(): running.made("def f(x=(1, 'a b')): return f")
def test_other(): running.other()
"""


def test_text_that_is_run_concerns_whose_text_asks_for_the_name(project):
    application = project({"limits.py": "LIMIT = 3\n", "running.py": RUNNING, "test_it.py": OF_TEXT})
    application.record("test_it.py")
    found = change(application, "limits.py", "LIMIT = 3", "LIMIT = 5")
    assert {place.partition("::test_")[2] for place in found} == {"asking", "made", "made_of_names", "made_of_a_text"}
    assert found["test_it.py::test_asking"] == (
        "running.py: function named runs text that asks for LIMIT, which changed → it was entered"
    )


def test_code_under_the_name_of_a_file_that_is_not_there_is_no_file(project):
    source = "def test_it(): exec(compile('def f(): return 1\\nf()', 'page.html', 'exec'))\n"
    application = project({"test_it.py": source, "lib.py": ""})
    application.record("test_it.py")
    assert "page.html" not in application.map().files
    assert not change(application, "lib.py", "", "X = 1\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LIMIT = int('3')\n", "LIMIT = int('three')\n"),
        ("import re\nLIMIT = re.compile('a')\n", "import re\nLIMIT = re.compile('(')\n"),
        ("LIMITS = {'low': 1}\nLOW = LIMITS['low']\n", "LIMITS = {'lowest': 1}\nLOW = LIMITS['low']\n"),
        ("class Limit:\n    low = 1\n", "class Limit:\n    lowest = 1\n"),
    ],
)
def test_a_constant_that_cannot_be_made_concerns_all_who_import_it_and_another_nobody(project, before, after):
    uses = "import limits\nLOW = limits.Limit.low\n" if "class" in before else "import limits\n"
    application = project({"limits.py": before, "lib.py": uses, "test_it.py": "import lib\ndef test_it(): pass"})
    application.record("test_it.py")
    assert not change(application, "limits.py", before, before + "OTHER = int('4')\n")
    assert change(application, "limits.py", before, after).keys() == {"test_it.py::test_it"}
    assert application.run("test_it.py")[0][0].status != "passed"


def test_a_name_is_followed_past_a_file_that_is_gone(project):
    application = project(
        {
            "limits.py": "LIMIT = 3\n",
            "lib.py": "import limits\ndef limited(): return limits.LIMIT\n",
            "test_it.py": "import lib\ndef test_limited(): lib.limited()",
        }
    )
    application.record("test_it.py")
    (application.checkout / "lib.py").unlink()
    assert change(application, "limits.py", "LIMIT = 3", "LIMIT = 5").keys() == {"test_it.py::test_limited"}


def test_a_file_that_changed_before_it_was_kept_concerns_all_who_use_it(project):
    application = project({"lib.py": "def one(): return 1\n", "test_it.py": "import lib\ndef test_it(): pass"})
    _, noted = application.run("test_it.py")
    application.write("lib.py", "def one(): return 1  # longer\n")
    application.store.record("shop", application.checkout, noted)
    assert "how it was is not known" in selected(application, "lib.py")["test_it.py::test_it"]


def test_a_method_that_nobody_enters_concerns_nobody(project):
    application = project(
        {
            "lib.py": "class Shape:\n    def area(self): return 1\n    def idle(self): return 1\n",
            "test_it.py": "import lib\ndef test_it(): lib.Shape().area()",
        }
    )
    application.record("test_it.py")
    assert not change(application, "lib.py", "idle(self): return 1", "idle(self): return 2")


def test_a_new_method_concerns_who_imports_its_class(project):
    application = project(
        {
            "lib.py": "class Shape:\n    def area(self): return 1\n",
            "test_it.py": "import lib\ndef test_it(): assert lib.Shape()",
        }
    )
    application.record("test_it.py")
    text = "class Shape:\n    def area(self): return 1\n    def __bool__(self): return False\n"
    application.write("lib.py", text)
    assert "test_it.py::test_it" in selected(application, "lib.py")


def test_a_changed_file_of_an_unknown_kind_that_nobody_reads_concerns_everybody(project):
    application = project({"fast.c": "int x;", "test_it.py": "def test_it(): pass"})
    application.record("test_it.py")
    assert "cannot say" in change(application, "fast.c", "int x", "int y")["test_it.py::test_it"]


def test_what_runs_on_import_concerns_all_who_import(project):
    application = project(
        {
            "limits.py": "LIMIT = 3\n",
            "made.py": "import limits\nprint(limits.LIMIT)\n",
            "test_made.py": "import made\ndef test_made(): pass",
            "test_it.py": "import limits\ndef test_it(): pass",
        }
    )
    application.record("test_made.py", "test_it.py")
    found = change(application, "limits.py", "LIMIT = 3", "LIMIT = 5")
    assert found == {
        "test_made.py::test_made": "made.py: what runs when it is imported uses LIMIT, which changed → it was imported"
    }


def test_a_new_conftest_in_a_folder_concerns_the_tests_there(project):
    application = project({"deep/test_it.py": "def test_it(): pass", "test_top.py": "def test_top(): pass"})
    application.record("deep/test_it.py", "test_top.py")
    application.write("deep/conftest.py", "")
    assert selected(application, "deep/conftest.py").keys() == {"deep/test_it.py::test_it"}
    application.write("conftest.py", "")
    assert selected(application, "conftest.py").keys() == {"deep/test_it.py::test_it", "test_top.py::test_top"}


def test_a_new_fixture_in_a_conftest_concerns_all_below(project):
    application = project({"conftest.py": "import pytest\n", "test_it.py": "def test_it(): pass"})
    application.record("test_it.py")
    text = "import pytest\n@pytest.fixture(autouse=True)\ndef always(): raise LookupError\n"
    application.write("conftest.py", text)
    assert "test_it.py::test_it" in selected(application, "conftest.py")


def test_a_function_that_is_new_and_used_by_nobody_concerns_nobody(project):
    application = project({"lib.py": "def one(): return 1\n", "test_it.py": "import lib\ndef test_it(): lib.one()"})
    application.record("test_it.py")
    application.write("lib.py", "def one(): return 1\n\ndef two(): return 2\n")
    assert not selected(application, "lib.py")


def test_a_deleted_data_file_concerns_its_readers(application):
    (application.checkout / "data.txt").unlink()
    assert "test_files.py::test_data" in selected(application, "data.txt")


@pytest.mark.parametrize("asking", ["os.path.isfile", "os.path.lexists", "pathlib.Path.exists", "os.path.isdir"])
def test_a_file_that_is_gone_concerns_who_only_asked_whether_it_is_there(tmp_path, python, asking):
    there = "'data'" if asking.endswith("isdir") else "pathlib.Path('data/rates.txt')"
    test = f"import os, pathlib\ndef test_asking(): assert {asking}({there})\ndef test_other(): pass\n"
    reading = "def test_reading(): assert open('data/rates.txt').read()\n"
    application = Project(tmp_path, python, {"data/rates.txt": "3", "test_it.py": test, "test_reading.py": reading})
    application.record("test_it.py", "test_reading.py")
    application.write("data/rates.txt", "4")
    assert selected(application, "data/rates.txt").keys() == {"test_reading.py::test_reading"}
    shutil.rmtree(application.checkout / "data")
    chosen = {"test_it.py::test_asking", "test_reading.py::test_reading"}
    assert selected(application, "data/rates.txt").keys() == chosen


def test_a_module_that_is_gone_concerns_who_only_asked_whether_it_is_there(project):
    test = "import os\ndef test_asking(): assert os.path.exists('tool.py')\ndef test_other(): pass\n"
    application = project({"tool.py": "", "test_it.py": test})
    application.record("test_it.py")
    (application.checkout / "tool.py").unlink()
    assert selected(application, "tool.py").keys() == {"test_it.py::test_asking"}


def test_a_file_that_does_not_parse_concerns_all_who_import_it(application):
    application.write("lib.py", "def (")
    assert {*CACHED, *SHARED, "test_lib.py::test_nothing"} <= selected(application, "lib.py").keys()


@pytest.mark.parametrize("file", ["pytest.ini", "../conftest.py"])
def test_a_file_of_an_unknown_kind_and_one_above_the_checkout_concern_everybody(application, file):
    application.write(file, "[pytest]")
    found = selected(application, file)
    assert len(found) == len(application.map().tests)
    assert f"{file} changed and the record cannot say" in found["test_files.py::test_plain"]


def test_configuration_concerns_everybody_though_a_test_reads_it(project):
    application = project(
        {"setup.cfg": "[tool:pytest]", "test_it.py": 'def test_it(): open("setup.cfg").close()\ndef test_other(): pass'}
    )
    application.record("test_it.py")
    assert len(change(application, "setup.cfg", "pytest]", "pytest]\naddopts = -x")) == 2


@pytest.mark.parametrize(
    "file",
    [
        "requirements/base.txt", "constraints.txt", "dev-requirements.in", "deps/own.txt", "Pipfile", "setup.py",
        "noxfile.py", "environment.yml", ".env", "Dockerfile", "compose.yaml", "Makefile", ".coveragerc",
        ".python-version", "package.json", "tsconfig.json", "jest.config.ts",
    ],
)  # fmt: skip
def test_what_is_installed_concerns_everybody_though_a_test_reads_it(project, file):
    reading = f'def test_it(): open("{file}").close()\ndef test_other(): pass\n'
    application = project({file: "wire==1\n# one\n", "lib.py": "", "test_it.py": reading})
    application.record("test_it.py")
    application.write(file, "wire==2\n# one\n")
    assert len(selected(application, file)) == 2


def test_where_a_lock_file_tells_whom_it_concerns_the_record_adds_who_has_read_it(project):
    site = ".venv/lib/python3.13/site-packages"
    application = project(
        {
            ".gitignore": ".venv\n",
            f"{site}/sums.py": "",
            f"{site}/sums-1.dist-info/METADATA": "Name: sums\n",
            f"{site}/sums-1.dist-info/RECORD": "sums.py,,\n",
            "requirements.txt": "sums==1\n",
            "test_imports.py": "def test_it():\n    try:\n        import sums\n    except ImportError: pass\n",
            "test_reads.py": "def test_it(): assert open('require' + 'ments.txt').read()\n",
            "test_plain.py": "def test_it(): pass\n",
        }
    )
    application.record("test_imports.py", "test_reads.py", "test_plain.py")
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], [*identity, "commit", "-q", "-m", "as it was"]):
        subprocess.run(["git", "-C", application.checkout, *words], check=True)
    application.write("requirements.txt", "sums==2\n")
    context = Context(
        application=Application(name="shop", path=application.checkout),
        change=Change(application="shop", files=("requirements.txt",), reason="declared", base="HEAD"),
        past=Past(maps={"shop": application.map()}),
    )
    selector = SelectByChange()
    tests = [TestCase(application="shop", file=f"test_{name}.py") for name in ("imports", "reads", "plain")]
    choices = selector.select(tests, evolve(context, evidence=selector.gather(context)))
    assert [choice.selected for choice in choices] == [True, True, False]


@pytest.mark.parametrize("file", ["words.txt", "shop/requirements.py"])
def test_what_only_looks_like_it_concerns_who_reads_it(project, file):
    reading = f'def test_it(): open("{file}").close()\ndef test_other(): pass\n'
    application = project({file: "wire\n", "test_it.py": reading})
    application.record("test_it.py")
    application.write(file, "wire\nsums\n")
    assert selected(application, file).keys() == {"test_it.py::test_it"}


@pytest.mark.parametrize(
    ("file", "concerned"),
    [
        ("LICENSE", False),
        ("LICENSE-MIT.txt", False),
        ("CHANGES", False),
        ("MANIFEST.in", False),
        (".github/workflows/tests.yml", False),
        (".pre-commit-config.yaml", False),
        ("src/shop/py.typed", False),
        ("data/history.txt", True),
        ("assets/history.json", True),
        ("docs/logo.png", True),
    ],
)
def test_what_is_for_others_than_tests_concerns_none_that_does_not_open_it(application, file, concerned):
    everything = frozenset(application.map().tests)
    assert (selected(application, file).keys() == everything) is concerned


def test_a_document_that_nobody_reads_concerns_nobody(application):
    application.write("docs/guide.md", "text")
    application.write("docs/more.md", "text")
    assert selected(application, "docs/guide.md").keys() == {SCRIPT}


def test_a_reason_is_a_chain_from_the_change_to_the_test(application):
    found = change(application, "lib.py", 'return "open"', 'return "shut"')
    assert found["test_shared.py::test_two"] == "lib.py: function connect changed → it was entered"


def test_the_second_change_is_compared_with_what_each_test_has_seen(application):
    change(application, "lib.py", "return 0", "return 0 + 0")
    application.record("test_lib.py")
    assert selected(application, "lib.py").keys() == {SCRIPT}
    assert change(application, "lib.py", 'return "open"', 'return "ajar"').keys() >= SHARED


def test_what_failed_last_runs(application):
    test = TestCase.from_id("shop::test_files.py::test_plain")
    track = Track(test=test, runs=1, failures=1, last_status=Status.FAILED, mean_duration=0.1)
    found = selected(application, tracks={("shop", "test_files.py"): (track,)})
    assert found == {"test_files.py::test_plain": "it failed when it ran last"}


def by_file(there, file, **context):
    known = {
        "application": Application(name="shop", path=there.checkout),
        "change": Change(application="shop", files=(), reason="declared"),
        "past": Past(maps={"shop": there.map()}),
    }
    (choice,) = decided([TestCase(application="shop", file=file)], Context(**(known | context)))
    return choice


def test_a_whole_file_runs_where_one_of_its_tests_is_concerned(application):
    assert not by_file(application, "test_files.py").selected
    application.write("data.txt", "9")
    assert by_file(application, "test_files.py").selected
    assert not by_file(application, "test_lib.py").selected


def test_a_changed_file_of_tests_runs_as_a_whole(application):
    application.write("test_lib.py", "def test_new(): pass")
    assert (
        by_file(
            application, "test_lib.py", change=Change(application="shop", files=("test_lib.py",), reason="declared")
        ).reason
        == "test_lib.py changed"
    )


def test_what_was_never_recorded_runs(application):
    assert by_file(application, "test_new.py").reason == "it was never recorded"


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({"past": Past()}, "nothing was recorded of shop"),
        ({"past": Past(stale={"shop": "the map is of another testflow"})}, "the map is of another testflow"),
        ({"change": Change(application="shop", files=None, reason="no git")}, "no git"),
        ({"change": None}, "nobody was asked"),
        ({"application": None}, "there is no checkout"),
    ],
)
def test_all_tests_run_where_the_record_cannot_choose(application, context, reason):
    choice = by_file(application, "test_files.py", **context)
    assert choice.selected
    assert reason in choice.reason


def test_a_rule_adds_to_what_was_recorded(application):
    rule = MappingRule(source_pattern=re.compile(r"lib\.py"), test_pattern="test_files.py")
    context = Context(
        application=Application(name="shop", path=application.checkout),
        change=Change(application="shop", files=("lib.py",), reason="declared"),
        selection=TestSelection(application="shop", mapping_rules=(rule,)),
        past=Past(maps={"shop": application.map()}),
    )
    context = evolve(context, evidence=SelectByChange().gather(context))
    (choice,) = SelectByChange().select([TestCase(application="shop", file="test_files.py")], context)
    assert (choice.selected, choice.reason) == (True, r"lib.py changed → rule lib\.py → test_files.py")


def test_nobody_who_has_not_looked_chooses_by_the_record():
    (choice,) = SelectByRecord().select(
        [TestCase(application="shop", file="test_files.py")],
        Context(
            application=Application(name="shop", path=Path("/nowhere")),
            change=Change(application="shop", files=(), reason="declared"),
            past=Past(maps={"shop": None}),
        ),
    )
    assert (choice.selected, choice.reason) == (True, "nobody has looked into what was recorded: all tests run")
