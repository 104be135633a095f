"""What is written in C and tells nobody: who asks for a module, the status of a file, another database, a traceback."""

import sqlite3

import pytest
from touched_project import selected

FILES = {
    "plug.py": "NAME = 'a'\n",
    "pack/__init__.py": "",
    "pack/inner.py": "NAME = 'a'\n",
    "pack/loads.py": "def load(name): return __import__(name, globals(), fromlist=['X'], level=1)\n",
    "status.py": "import os\ndef size(path): return os.stat(path).st_size\n",
    "data.txt": "x",
    "more.txt": "x",
    "tool.sh": "#!/bin/sh\n",
    "test_first.py": "import plug, pack.inner\ndef test_first(): pass\n",
    "test_it.py": """
        import importlib, os
        from pathlib import Path
        import pack.loads, status

        def test_built_in(): assert __import__("pl" + "ug").NAME
        def test_built_in_again(): assert __import__("pl" + "ug").NAME
        def test_in_python(): assert importlib.__import__("pl" + "ug").NAME
        def test_relative(): assert pack.loads.load("inn" + "er").NAME
        def test_status(): assert status.size("data.txt")
        def test_status_again(): assert status.size("data.txt")
        def test_status_of_other(): assert status.size("more.txt")
        def test_status_of_path(): assert Path("data.txt").stat().st_size
        def test_same(): assert not os.path.samefile("data.txt", "more.txt")
        def test_access(): assert not os.access("tool.sh", os.X_OK)
        def test_no_access(): assert not os.access("none.txt", os.F_OK)
        def test_looks(): assert not os.path.exists("none.txt")
        def test_reads():
            for each in ("more.txt", "tool.sh"):
                assert open(each).read()
        def test_plain(): assert pack
    """,
}
BY_NAME = {"built_in", "built_in_again", "in_python"}
STATUS = {"status", "status_again"}
UNTOLD = {*BY_NAME, *STATUS, "relative", "status_of_other", "access", "no_access"}
"""Tests that ask what Python tells nobody of before 3.12."""


def names(found):
    return {place.partition("::test_")[2] for place in found}


@pytest.mark.parametrize(
    ("file", "text", "concerned"),
    [
        ("plug.py", "NAME = 'a'\nprint()\n", {*BY_NAME, "first"}),
        ("pack/inner.py", "NAME = 'a'\nprint()\n", {"relative", "first"}),
        ("data.txt", "xx", {*STATUS, "status_of_path"}),
        ("more.txt", None, {"status_of_other", "same", "reads"}),
        ("tool.sh", "chmod", {"access", "reads"}),
        ("none.txt", "", {"no_access", "looks"}),
    ],
)
def test_who_asks_by_what_is_written_in_c_is_concerned(project, python, file, text, concerned):
    application = project(FILES, python)
    touched = application.record("test_first.py", "test_it.py")
    path = application.checkout / file
    if text == "chmod":
        path.chmod(0o755)
    elif text is None:
        path.unlink()
    else:
        path.write_text(text)
    found = names(selected(application, file))
    tells = tuple(map(int, touched.python.split("."))) >= (3, 12)
    assert found == concerned if tells else concerned <= found <= concerned | UNTOLD


DATABASES = """
    import sqlite3
    def attached():
        with sqlite3.connect(":memory:") as database:
            database.execute("ATTACH DATABASE ? AS other", ("rates.db",))
            return database.execute("SELECT rate FROM other.rates").fetchone()
"""


def store(path, rate):
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE rates (rate)")
        database.execute("INSERT INTO rates VALUES (?)", (rate,))
    database.close()


def test_a_database_that_is_another_concerns_who_attaches_one(project, python):
    application = project(
        {
            "lib.py": DATABASES,
            "notes.txt": "x",
            "test_it.py": """
                import lib
                def test_attached(): assert lib.attached() == (7,)
                def test_read(): assert open("rates.db", "rb").read() and open("notes.txt").read()
                def test_plain(): pass
            """,
        },
        python,
    )
    store(application.checkout / "rates.db", 7)
    application.record("test_it.py")
    application.write("notes.txt", "other")
    assert names(selected(application, "notes.txt")) == {"read"}
    application.write("notes.txt", "x")
    store(application.checkout / "rates.db", 8)
    assert names(selected(application, "rates.db")) == {"attached", "read"}


@pytest.mark.parametrize(
    "shown",
    [
        "traceback.format_exc()",
        "''.join(traceback.format_tb(error.__traceback__))",
        "str(logging.Formatter().formatException(sys.exc_info()))",
    ],
)
def test_lines_that_move_concern_who_is_shown_them_in_a_traceback(project, python, shown):
    application = project(
        {
            "lib.py": "def fails():\n    raise ValueError\n",
            "test_it.py": f"""
                import logging, sys, traceback
                import lib, pytest

                def test_shown():
                    try:
                        lib.fails()
                    except ValueError as error:
                        assert "line 2" in {shown}

                def test_shown_again():
                    try:
                        lib.fails()
                    except ValueError as error:
                        assert "line 2" in {shown}

                def test_caught():
                    with pytest.raises(ValueError):
                        lib.fails()
            """,
        },
        python,
    )
    application.record("test_it.py")
    application.write("lib.py", "# moved\ndef fails():\n    raise ValueError\n")
    assert names(selected(application, "lib.py")) == {"shown", "shown_again"}
