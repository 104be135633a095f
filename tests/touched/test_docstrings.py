"""A changed docstring concerns the tests that ask for it, or rely on who does, and no others."""

import pytest
from touched_project import Project, selected

LIBRARY = '''
    from shop.registry import listed

    def first():
        """First."""

    @listed
    def second():
        """Second."""

    class Shelf:
        """Shelf."""

        def third(self):
            """Third."""

    def told():
        return 1
'''
FILES = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "shop/__init__.py": "",
    "shop/library.py": LIBRARY,
    "shop/registry.py": """
        import inspect

        TEXTS = []

        def listed(function):
            TEXTS.append(inspect.getdoc(function))
            return function
    """,
    "tests/test_first.py": "from shop.library import first\ndef test_first(): assert first.__doc__\n",
    "tests/test_second.py": "import shop.library\nfrom shop.registry import TEXTS\ndef test_second(): assert TEXTS\n",
    "tests/test_shelf.py": """
        import inspect
        from shop.library import Shelf

        def test_shelf(): assert inspect.getdoc(Shelf)
        def test_third(): assert Shelf.third.__doc__
    """,
    "tests/test_on_import.py": """
        from shop.library import first

        TEXT = first.__doc__

        def test_on_import(): assert TEXT
    """,
    "tests/test_nothing.py": "def test_nothing(): pass\n",
}
ALL_WHO_IMPORT = {"first", "second", "shelf", "third", "on_import"}


@pytest.fixture
def recorded(tmp_path, python):
    project = Project(tmp_path, python, FILES)
    project.record(*(file for file in FILES if "test_" in file))
    return project


@pytest.mark.parametrize(
    ("text", "concerned"),
    [
        ("First.", {"first", "on_import"}),
        ("Second.", ALL_WHO_IMPORT),
        ("Shelf.", {"shelf", "third"}),
        ("Third.", {"third"}),
    ],
)
def test_a_docstring_concerns_who_asks_for_it(recorded, text, concerned):
    recorded.write("shop/library.py", LIBRARY.replace(text, "Other."))
    chosen = selected(recorded, "shop/library.py")
    assert {place.partition("::test_")[2] for place in chosen} == concerned


def test_a_help_text_concerns_who_asks_for_help_and_not_those_alone_who_run_the_command(project):
    pytest.importorskip("click")
    tool = 'import click\n@click.command()\ndef main():\n    """Sells."""\n'
    made = project({
        "tool.py": tool,
        "test_help.py": "import tool\nfrom click.testing import CliRunner\ndef test_help():\n"
        "    assert 'Sells' in CliRunner().invoke(tool.main, ['--help']).output\n",
        "test_other.py": "def test_other(): pass\n",
    })  # fmt: skip
    made.record("test_help.py", "test_other.py")
    made.write("tool.py", tool.replace("Sells", "Buys"))
    assert selected(made, "tool.py").keys() == {"test_help.py::test_help"}
