"""Examples in documents and modules are found and end as under plain pytest."""

import sys

import pytest
from plain_pytest import CALLED, plain

from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.model import Application, Status

SUITE = {
    "docs/usage.txt": ">>> 1 + 1\n2\n",
    "docs/guide.rst": "Prices\n======\n\n    >>> from shop.prices import total\n    >>> total(1, 2)\n    4\n",
    "docs/notes.md": "```\n>>> currency\n'EUR'\n```\n",
    "docs/no_examples.rst": "Nothing to run.\n",
    "docs/later.rst": ">>> 1  # doctest: +SKIP\n2\n",
    "README.rst": ">>> unknown\n",
    "tests/test_guide.txt": ">>> 'default'\n'default'\n",
    "tests/test-requirements.txt": "pytest\n",
    "conftest.py": """
        import pytest
        @pytest.fixture(autouse=True)
        def names(doctest_namespace): doctest_namespace["currency"] = "EUR"
    """,
    "setup.py": "'>>> 1'\nimport setuptools\nraise SystemExit('installing')\n",
    "shop/__init__.py": "",
    "shop/__main__.py": "'>>> 1'\nraise SystemExit('running')\n",
    "shop/prices.py": '''
        def total(*prices):
            """
            >>> total(1, 2)
            3
            """
            return sum(prices)
        class Basket:
            """
            >>> Basket().items
            []
            """
            items = ()
    ''',
    "shop/plain.py": "def plain(): pass\n",
    "broken.py": "'>>> 1'\nimport nowhere_to_be_found\n",
    "tests/test_x.py": """
        def test_x():
            '''
            >>> 1
            1
            '''
        def test_y(): assert 0
    """,
}
SETTINGS = {
    "by default": ((), None),
    "one glob": (("--doctest-glob=*.rst",), None),
    "a folder's glob": (("--doctest-glob", "docs/*.md"), None),
    "several globs": (("--doctest-glob=*.rst", "--doctest-glob=*.txt"), None),
    "globs of the configuration": ((), "[pytest]\naddopts = --doctest-glob='*.rst' --doctest-glob=u*.txt\n"),
    "globs of both": (("--doctest-glob=*.md",), "[pytest]\naddopts = --doctest-glob=*.rst\n"),
    "modules": (("--doctest-modules",), None),
    "modules by the configuration": ((), "[pytest]\naddopts = -q --doctest-modules\n"),
    "modules and documents": (("--doctest-modules", "--doctest-glob=*.rst"), None),
    "import errors ignored": (("--doctest-modules", "--doctest-ignore-import-errors"), None),
    "each line goes on": (("--doctest-continue-on-failure", "--doctest-glob=*.rst"), None),
    "no doctests": (("-p", "no:doctest"), "[pytest]\naddopts = -v\n"),
    "paths of the configuration": ((), "[pytest]\ntestpaths = docs tests\naddopts = --doctest-glob=*.rst\n"),
}


def under_testflow(checkout, words):
    """How each test that is discovered ends, and whether a file can be collected."""
    bench = checkout.bench("python", "-m", "pytest", *words, "{test_path}", python=sys.executable)
    application = Application(name="shop", path=checkout.path, test_command=bench.command)
    runner = PytestRunner()
    files = [test.file for test in runner.discover(application, ())]
    told = {}
    with runner.session(bench) as session:
        # Some files in one batch, the others in one each: a worker takes them one after the other.
        for batch in [files[:2], *([file] for file in files[2:])]:
            for outcome in session.run(checkout.batch(bench, *batch)) if batch else ():
                key = outcome.test.file if outcome.test.name is None else (outcome.test.file, outcome.test.name)
                assert key not in told, "a test has two outcomes"
                told[key] = outcome
        assert list(session.finish()) == []
    return told


@pytest.mark.parametrize(("words", "ini"), SETTINGS.values(), ids=SETTINGS.keys())
def test_examples_are_found_and_end_as_under_plain_pytest(checkout, words, ini):
    for file, text in SUITE.items():
        checkout.write(file, text)
    if ini is not None:
        checkout.write("pytest.ini", ini)
    told = under_testflow(checkout, words)
    # What has no tests is no test of pytest's report.
    without = [key for key, outcome in told.items() if outcome.reason.startswith("pytest collects no tests")]
    ours = {key: CALLED[outcome.status] for key, outcome in told.items() if key not in without}
    theirs = {}
    for (file, name), kinds in plain(sys.executable, checkout.path, *words).items():
        theirs[file or "broken.py" if name == "broken" else (file, name)] = kinds
    assert ours == theirs
    assert set(without) <= {"broken.py"}, "only what cannot be told by its text"


def test_an_example_that_fails_says_what_it_got(checkout):
    checkout.write("README.rst", "Hello\n\n>>> 1 + 1\n3\n")
    bench = checkout.bench("pytest", "--doctest-glob=*.rst")
    (outcome,) = checkout.run(PytestRunner(), checkout.batch(bench, "README.rst"))
    assert outcome.status == Status.FAILED
    assert "Expected:\n    3\nGot:\n    2" in outcome.text


def test_one_example_of_a_module_runs_by_its_name(checkout):
    checkout.write("shop/__init__.py", "")
    checkout.write("shop/prices.py", SUITE["shop/prices.py"])
    bench = checkout.bench("pytest", "--doctest-modules")
    (outcome,) = checkout.run(PytestRunner(), checkout.batch(bench, "shop/prices.py::shop.prices.total"))
    assert (outcome.test.name, outcome.status) == ("shop.prices.total", Status.PASSED)


def test_a_document_that_is_named_needs_no_option(checkout):
    checkout.write("docs/usage.rst", SUITE["docs/usage.txt"])
    application = Application(name="shop", path=checkout.path, test_command=("pytest", "{test_path}"))
    assert list(PytestRunner().discover(application, ["docs"])) == []
    (test,) = PytestRunner().discover(application, ["docs/usage.rst"])
    (outcome,) = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), test.file))
    assert outcome.status == Status.PASSED
