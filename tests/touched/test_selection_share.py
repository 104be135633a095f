"""
A changed function selects the tests that truly enter it, and no more than one in twenty besides; none is missed.

The truth is not what was recorded: a statement is put at the beginning of each function, one change after the other,
that tells, in a run without a recorder, which test it is entered in. `benchmarks/selection_share.py` does the same with
the tests of networkx.
"""

import json
import sys
from textwrap import dedent

import pytest
from attrs import evolve
from testflow_git_selector import SelectByRecord
from touched_project import Project

from testflow_core.model import Application, Change, Context, Past, TestCase

SHARE = 1.05
"""So many tests may be selected for each that enters a function."""

FILES = {
    "graph/__init__.py": "from graph.core import Graph, Directed\nfrom graph.paths import shortest, connected\n",
    "graph/core.py": """
        from graph.checks import checked

        class Graph:
            def __init__(self):
                self.edges = {}

            def add(self, one, other):
                checked(one)
                self._link(one, other)
                self._link(other, one)

            def _link(self, one, other):
                self.edges.setdefault(one, set()).add(other)

            def degree(self, node):
                return len(self.edges[node])

        class Directed(Graph):
            def add(self, one, other):
                self._link(one, other)

            def reversed(self):
                turned = Directed()
                for one, others in self.edges.items():
                    for other in others:
                        turned.add(other, one)
                return turned
    """,
    "graph/checks.py": """
        def checked(node):
            if not valid(node):
                raise refusal(node)

        def valid(node):
            return node is not None

        def refusal(node):
            return ValueError(node)
    """,
    "graph/paths.py": """
        def shortest(graph, start, end):
            seen, waiting = {start: 0}, [start]
            for node in waiting:
                for each in neighbours(graph, node):
                    if each not in seen:
                        seen[each] = seen[node] + 1
                        waiting.append(each)
            return seen.get(end)

        def neighbours(graph, node):
            return sorted(graph.edges.get(node, ()))

        def connected(graph, one, other):
            return shortest(graph, one, other) is not None
    """,
    "tests/test_core.py": """
        import pytest
        import graph

        @pytest.fixture(scope="module")
        def line():
            made = graph.Graph()
            made.add(1, 2)
            made.add(2, 3)
            return made

        @pytest.mark.parametrize(("node", "degree"), [(1, 1), (2, 2)])
        def test_degree(line, node, degree):
            assert line.degree(node) == degree

        def test_nothing_is_refused():
            with pytest.raises(ValueError):
                graph.Graph().add(None, 1)

        def test_reversed():
            made = graph.Directed()
            made.add(1, 2)
            assert made.reversed().edges == {2: {1}}

        def test_empty():
            assert graph.Graph().edges == {}
    """,
    "tests/test_paths.py": """
        import graph

        def made(kind):
            it = kind()
            it.add(1, 2)
            it.add(2, 3)
            return it

        def test_shortest():
            assert graph.shortest(made(graph.Graph), 3, 1) == 2

        def test_connected():
            assert not graph.connected(made(graph.Directed), 3, 1)

        def test_alone():
            assert graph.shortest(graph.Graph(), 1, 1) == 0

        def test_plain():
            assert True
    """,
}
FUNCTIONS = {
    "graph/core.py": ("__init__", "add", "_link", "degree", "reversed"),
    "graph/checks.py": ("checked", "valid", "refusal"),
    "graph/paths.py": ("shortest", "neighbours", "connected"),
}
TELLING = """
    import builtins, json, pathlib, pytest

    here, seen = [""], {}

    def told(key):
        for test in here[0], *set_up.get(here[0], ()):
            seen.setdefault(key, set()).add(test)

    builtins.testflow_told = told
    set_up = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(item):
        # What a fixture of the module enters, it enters for every test that uses it.
        sharing = [each.nodeid for each in item.session.items if "line" in each.fixturenames]
        here[0] = item.nodeid
        set_up[item.nodeid] = sharing if item.nodeid in sharing[:1] else ()
        yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(item):
        set_up.clear()
        yield

    def pytest_unconfigure():
        pathlib.Path("seen.json").write_text(json.dumps({key: sorted(those) for key, those in seen.items()}))
"""


def changes():
    """Each function with a statement at its beginning that tells."""
    for file, names in FUNCTIONS.items():
        lines = dedent(FILES[file]).splitlines(keepends=True)
        for number, line in enumerate(lines):
            name = line.strip().removeprefix("def ").partition("(")[0]
            if line.lstrip().startswith("def ") and name in names:
                indent = " " * (len(line) - len(line.lstrip()) + 4)
                key = f"{file}:{number}:{name}"
                yield (
                    key,
                    file,
                    "".join([*lines[: number + 1], f"{indent}testflow_told({key!r})\n", *lines[number + 1 :]]),
                )


def selected(project, known, file):
    context = Context(
        application=Application(name="shop", path=project.checkout),
        change=Change(application="shop", files=(file,), reason="declared"),
        past=Past(maps={"shop": known}),
    )
    context = evolve(context, evidence=SelectByRecord().gather(context))
    tests = [TestCase.from_id(f"shop::{place}") for place in known.places(known.recorded)]
    return {f"{each.test.file}::{each.test.name}" for each in SelectByRecord().select(tests, context) if each.selected}


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path, sys.executable, {**FILES, "pytest.ini": "[pytest]\npythonpath = .\n"})


def test_a_changed_function_selects_the_tests_that_truly_enter_it_and_none_is_missed(project):
    known = project.record("tests/test_core.py", "tests/test_paths.py")
    chosen = {}
    edited = list(changes())
    for key, file, text in edited:
        project.write(file, text)
        chosen[key] = selected(project, known, file)
        project.write(file, FILES[file])
    assert len(chosen) == 12
    for file in FUNCTIONS:
        merged = dedent(FILES[file]).splitlines(keepends=True)
        for key, _, text in reversed([each for each in edited if each[1] == file]):
            number = int(key.split(":")[1])
            merged.insert(number + 1, text.splitlines(keepends=True)[number + 1])
        project.write(file, "".join(merged))
    project.write("conftest.py", TELLING)
    outcomes, _ = project.run("tests/test_core.py", "tests/test_paths.py", record=False)
    assert {outcome.status for outcome in outcomes} == {"passed"}
    entering = json.loads((project.checkout / "seen.json").read_text(encoding="utf-8"))
    assert entering.keys() == chosen.keys()
    missed = {key: set(those) - chosen[key] for key, those in entering.items() if set(those) - chosen[key]}
    assert not missed
    ours, theirs = (sum(map(len, each.values())) for each in (chosen, entering))
    assert ours <= SHARE * theirs, {key: chosen[key] - set(entering[key]) for key in chosen}
