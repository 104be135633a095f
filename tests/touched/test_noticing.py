"""What a test asks for beside the content of files: whether they are there, how large, and what is said of code."""

import shutil
import sys

import pytest
from touched_project import Project, selected

APPLICATION = {
    "lib.py": 'def one():\n    """One."""\n    return 1\n\nLIMIT = 1\n',
    "docs/guide.md": "x",
    "docs/deep/more.md": "x",
    "a.txt": "x",
    "before/other.py": "",
    "after/space/module.py": "X = 1\n",
    "plug.py": "NAME = 'a'\n",
    "ids.py": "def numbers():\n    while True:\n        yield 1\nIDS = numbers()\n",
    "test_it.py": """
        import importlib, linecache, os
        from pathlib import Path
        import ids, lib
        def test_reads():
            for each in ("docs/guide.md", "docs/deep/more.md", "a.txt"):
                open(each).close()
        def test_exists(): assert Path("docs/guide.md").exists()
        def test_is_folder(): assert os.path.isdir("docs/deep")
        def test_size(): assert os.path.getsize("a.txt")
        def test_adds():
            with open("a.txt", "a+") as file:
                file.seek(0)
                file.read()
        def test_lists(): os.listdir("docs")
        def test_line(): linecache.getline("lib.py", 1)
        def test_same_line(): linecache.getline("lib.py", 1)
        def test_looks(): assert not os.path.exists("local.txt")
        def test_named(): assert importlib.import_module("pl" + "ug").NAME
        def test_named_again(): assert importlib.import_module("pl" + "ug").NAME
        def test_next(): assert next(ids.IDS)
        def test_next_again(): assert next(ids.IDS)
        def test_position(): assert lib.one.__code__.co_firstlineno
        def test_plain(): lib.one()
    """,
    "test_space.py": """
        import sys
        def test_space():
            sys.path[:0] = ["before", "after"]
            import space.module
            del sys.path[:2]
    """,
}


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory):
    made = Project(tmp_path_factory.mktemp("recorded"), sys.executable, APPLICATION)
    made.record("test_it.py", "test_space.py")
    return made


@pytest.fixture
def application(recorded_once, tmp_path):
    shutil.copytree(recorded_once.root, tmp_path / "copy", ignore=shutil.ignore_patterns("run-*"))
    return Project(tmp_path / "copy", sys.executable, {})


def names(found):
    return {place.partition("::test_")[2] for place in found}


@pytest.mark.parametrize(
    ("file", "text", "tests"),
    [
        ("docs/guide.md", None, {"reads", "exists", "lists"}),
        ("docs/deep/more.md", None, {"reads", "is_folder", "lists"}),
        ("docs/guide.md", "other", {"reads"}),
        ("a.txt", "other", {"reads", "size", "adds"}),
        ("docs/new/page.md", "", {"lists"}),
        ("docs/deep/new/page.md", "", set()),
        ("before/space/module.py", "X = 2\n", {"space"}),
        ("before/json/module.py", "", set()),
        ("plug.py", "NAME = 'b'\n", {"named", "named_again"}),
        ("ids.py", "def numbers():\n    while True:\n        yield 2\nIDS = numbers()\n", {"next", "next_again"}),
        ("lib.py", '# one\ndef one():\n    """One."""\n    return 1\n\nLIMIT = 1\n', {"line", "same_line", "position"}),
    ],
)
def test_a_change_is_noticed_by_who_asks_for_it(application, file, text, tests):
    path = application.checkout / file
    if text is not None:
        application.write(file, text)
    elif path.parent.name == "deep":
        shutil.rmtree(path.parent)
    else:
        path.unlink()
    assert names(selected(application, file)) == tests


def test_a_file_that_git_does_not_tell_of_is_noticed_by_who_looked_for_it(application):
    application.write("local.txt", "")
    assert names(selected(application)) == {"looks"}


EXAMPLES = {
    "limits.py": "LIMIT = 3\nOTHER = 1\n",
    "guide.txt": ">>> import limits\n>>> limits.LIMIT\n3\n",
    "other.txt": ">>> import limits\n>>> limits.OTHER\n1\n",
}


def test_an_example_in_a_text_is_concerned_by_the_names_in_it(project):
    application = project(EXAMPLES | {"pytest.ini": "[pytest]\naddopts = --doctest-glob=*.txt\n"})
    application.record("guide.txt", "other.txt")
    application.write("limits.py", "LIMIT = 4\nOTHER = 1\n")
    assert selected(application, "limits.py").keys() == {"guide.txt::guide.txt"}


@pytest.mark.parametrize(
    ("card", "tests"),
    [("fee = 2", {"tests/test_data.py::test_data"}), ("fee = 1  # still", set())],
    ids=["other", "same"],
)
def test_a_name_that_stands_in_a_file_of_data_is_used_by_who_reads_it(project, card, tests):
    application = project(
        {
            "pytest.ini": "[pytest]\npythonpath = .\n",
            "cards.py": "class Card:\n    fee = 1\n",
            "shop.yml": "class: cards.Card\n",
            "more.yml": "class: cards.Cardboard\n",
            "tests/test_data.py": "import cards\ndef test_data(): assert open('shop.yml').read()\n",
            "tests/test_more.py": "import cards\ndef test_more(): assert open('more.yml').read()\n",
        }
    )
    application.record("tests/test_data.py", "tests/test_more.py")
    application.write("cards.py", f"class Card:\n    {card}\n")
    assert selected(application, "cards.py").keys() == tests


def test_what_is_removed_in_a_folder_elsewhere_is_no_file_of_the_same_name(project, tmp_path, python):
    application = project(
        {
            "tests/test_it.py": f"""
                import shutil
                from pathlib import Path

                def test_removes():
                    made = Path({str(tmp_path)!r}, "elsewhere", "tests", "deep")
                    made.mkdir(parents=True)
                    shutil.rmtree(made.parent.parent)
            """
        },
        python,
    )
    touched = application.record("tests/test_it.py")
    assert not touched.reading("tests")


@pytest.mark.parametrize(
    ("imports", "asked", "noticed"),
    [
        ("import inspect", "inspect.stack()[0].lineno > 0 and lib.one()", True),
        ("import inspect", "lib.one.__code__.co_firstlineno == 1", True),
        ("import re", "lib.Token().lineno == 5 and lib.one()", False),
        ("import inspect", "lib.one() and (lineno := 1)", False),
    ],
)
def test_lines_that_move_concern_who_asks_in_which_line_something_is(project, imports, asked, noticed):
    text = "def one(): return 1\nclass Token:\n    lineno = 5\n"
    application = project({"lib.py": text, "test_it.py": f"{imports}\nimport lib\ndef test_it(): assert {asked}\n"})
    application.record("test_it.py")
    application.write("lib.py", f"# moved\n{text}")
    assert bool(selected(application, "lib.py")) is noticed
