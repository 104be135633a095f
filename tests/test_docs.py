"""Every page of the documentation: its code runs and prints what it says, its tables are complete, its links hold."""

import ast
import inspect
import json
import os
import re
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from datetime import timedelta

import attrs
import pytest
from documentation import PAGES, ROOT, commented_tables, fences, tokens, write_files

import testflow
from testflow_core import model, specs
from testflow_core.builtin.selectors.history import OrderByHistory
from testflow_core.builtin.selectors.sample import SelectSample
from testflow_core.interfaces import DESTINATION, KINDS, PROVISIONER
from testflow_core.provisioning.wiring import ATTRIBUTES
from testflow_core.registry import InstalledPlugins

LIMIT = 180

# Runs in a process of its own: what a page registers is known to the whole process.
RUN_PAGE = """
import contextlib, io, json, os, sys
from testflow_core.errors import TestflowError
namespace = {"__name__": "__page__"}
for block in json.load(sys.stdin):
    os.environ.update(block["variables"])
    printed = io.StringIO()
    raised = False
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile("\\n" * block["line"] + block["code"], block["page"], "exec"), namespace)
        except TestflowError as error:
            if not block["raises"]:
                raise
            raised = True
            print(f"{type(error).__name__}: {error}")
    if block["raises"] and not raised:
        sys.exit(f"{block['page']}:{block['line']}: nothing is raised")
    print(json.dumps(printed.getvalue()))
"""


def variables(words, folder):
    """Fakes, unless the block is `real`; a folder of the project that is named is the workspace."""
    workspace = next((str(ROOT / word) for word in words if (ROOT / word).is_dir()), str(folder))
    return {"TESTFLOW_PLUGINS": "installed" if "real" in words else "memory", "TESTFLOW_WORKSPACE": workspace}


def in_process(code, folder, **given):
    # A page is written for who sits before his own machine: in CI, nothing is reused.
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        **given,
    )


def fits(said, printed):
    """Whether a page says what was printed; `…` stands for what differs from run to run."""
    pattern = ".*?".join(re.escape(part) for part in said.strip().split("…"))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


@pytest.mark.parametrize(
    "name", [name for name, page in PAGES.items() if any(f.language == "python" for f in fences(page))]
)
def test_the_code_of_a_page_runs_and_prints_what_the_page_says(name, tmp_path):
    page = PAGES[name]
    write_files(page, tmp_path)
    blocks = []
    said = {}
    for fence in fences(page):
        if fence.language == "python" and fence.file is None and "skip" not in fence.words:
            block = {"page": name, "line": fence.line, "code": fence.code, "raises": "raises" in fence.words}
            blocks.append({**block, "variables": variables(fence.words, tmp_path)})
        elif fence.words == ("prints",):
            said[len(blocks) - 1] = fence.code
    finished = in_process(RUN_PAGE, tmp_path, input=json.dumps(blocks))
    assert finished.returncode == 0, f"{name}\n{finished.stderr}\n{finished.stdout}"
    printed = [json.loads(line) for line in finished.stdout.splitlines()]
    assert len(printed) == len(blocks)
    wrong = [f"{name}:{blocks[at]['line']} prints\n{printed[at]}" for at in said if not fits(said[at], printed[at])]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PAGES)
def test_the_toml_of_a_page_is_accepted(name):
    for fence in fences(PAGES[name]):
        if fence.language == "toml":
            mapping = tomllib.loads(fence.code)
            if (fence.file or "").endswith("testflow.toml"):
                specs.application_file("shown", mapping, fence.file)


@pytest.mark.parametrize("name", PAGES)
def test_the_links_of_a_page_lead_somewhere(name):
    page = PAGES[name]
    links = [
        child.attrs["href"]
        for token in tokens(page)
        for child in token.children or ()
        if child.type == "link_open" and "://" not in child.attrs["href"]
    ]
    assert [link for link in links if not (page.parent / link.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("name", [name for name in PAGES if name != "README.md"])
def test_a_page_is_named_by_the_readme_or_the_index_of_its_folder(name):
    page = PAGES[name]
    index = page.parent / "index.md"
    in_folder = page.parent != ROOT / "docs" and page != index
    said = (index if in_folder else PAGES["README.md"]).read_text(encoding="utf-8")
    assert f"]({page.name if in_folder else name})" in said


SMOKE = """
import testflow
def plan(options):
    workflow = testflow.TestWorkflow("smoke")
    workflow.add_test_selection("shop", {"strategy": "smoke", "options": options})
    return testflow.Engine(applications={"shop": {}}).plan(workflow)


for choice in plan({"word": "quick"}).choices:
    print(choice.test.id, choice.selected, choice.reason)
try:
    plan({"wrd": "quick"})
except testflow.SpecError as error:
    print(error)
"""


def test_the_plugin_of_the_readme_selects_once_it_is_installed(tmp_path):
    write_files(PAGES["README.md"], tmp_path)
    checkout = tmp_path / "shop/tests"
    checkout.mkdir(parents=True)
    for file in ("test_quick_sale.py", "test_stocktaking.py"):
        (checkout / file).write_text("def test_it(): pass\n", encoding="utf-8")
    finished = in_process(SMOKE, tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.splitlines() == [
        "shop::tests/test_quick_sale.py True tests/test_quick_sale.py has 'quick' in its name",
        "shop::tests/test_stocktaking.py False tests/test_stocktaking.py lacks 'quick' in its name",
        "$.test_selections.shop.options.wrd: unknown key 'wrd'; did you mean 'word'? (known: word)",
    ]


def flow(**keys):
    return testflow.TestWorkflow("w").add_cross_app_test("f", {"steps": [{"app": "a", "test": "t.py"}], **keys})


def service_config(kind, wrong, provisioner="process"):
    environment = testflow.Environment("e").add_service("db", {"type": kind, "config": wrong})
    problems = InstalledPlugins().load(PROVISIONER, provisioner).problems(environment.value)
    raise testflow.SpecError(problems)


# What declares each thing that a table lists the keys of, and the class that knows its defaults.
DECLARED = {
    "application": (lambda wrong: testflow.Applications({"a": wrong}), model.Application),
    "start": (lambda wrong: testflow.Applications({"a": {"start": wrong}}), model.Start),
    "readiness": (
        lambda wrong: testflow.Environment("e").add_service("s", {"type": "process", "readiness": wrong}),
        model.Readiness,
    ),
    "service": (lambda wrong: testflow.Environment("e").add_service("s", wrong), model.Service),
    "postgres": (lambda wrong: service_config("postgres", wrong), None),
    "redis": (lambda wrong: service_config("redis", wrong), None),
    "container": (lambda wrong: service_config("docker", wrong, "docker"), None),
    "generator": (lambda wrong: testflow.TestData("d").add_generator("g", wrong), model.Entity),
    "selection": (lambda wrong: testflow.TestWorkflow("w").add_test_selection("a", wrong), model.TestSelection),
    "history": (lambda wrong: specs.structure(wrong, OrderByHistory), OrderByHistory),
    "sample": (lambda wrong: specs.structure(wrong, SelectSample), SelectSample),
    "rule": (
        lambda wrong: testflow.TestWorkflow("w").add_test_selection("a", {"mapping_rules": [wrong]}),
        model.MappingRule,
    ),
    "flow": (lambda wrong: flow(**wrong), None),
    "step": (lambda wrong: flow(steps=[wrong]), None),
    "data flow": (lambda wrong: flow(data_flow={"d": wrong}), None),
    "analysis": (lambda wrong: testflow.TestWorkflow("w").set_failure_analysis(wrong), model.FailureAnalysis),
    "category": (
        lambda wrong: testflow.TestWorkflow("w").set_failure_analysis({"categories": [wrong]}),
        model.Category,
    ),
}


def accepted(declare):
    """The keys that a declaration takes, in its own words to whoever misspells one."""
    with pytest.raises(testflow.SpecError) as caught:
        declare({"no such key": 1})
    said = next(p.message for p in caught.value.problems if p.message.startswith("unknown key 'no such key'"))
    return set(re.search(r"\(known: (.*)\)$", said)[1].split(", "))


def public(cls):
    return {name for name in dir(cls) if not name.startswith("_")}


OTHER_TABLES = {
    "Engine": set(inspect.signature(testflow.Engine).parameters),
    "TestData": set(inspect.signature(testflow.TestData).parameters),
    "result": public(model.Run),
    "one result": public(model.TestResult),
    "cluster": public(model.Cluster),
    "outcome": public(model.Outcome),
    "context": public(model.FailureContext),
    "artifact": public(model.Artifact),
    "plan": public(model.Plan),
    "choice": public(model.Choice),
    "status": {str(status) for status in model.Status},
    "variables": {f"_{attribute.upper()}" for attribute in ATTRIBUTES},
    "destinations": set(InstalledPlugins().names(DESTINATION)),
    "interfaces": {kind.interface.__name__ for kind in KINDS},
}

TABLES = [(name, what, table) for name, page in PAGES.items() for what, table in commented_tables(page)]


def shown(default):
    """A default as the tables write it."""
    if isinstance(default, attrs.Factory):
        default = default.factory()
    if default is attrs.NOTHING:
        return "required"
    if default is None:
        return "none"
    if isinstance(default, timedelta):
        return f"{default.days} days" if default.days else f"{default.total_seconds():g} s"
    if isinstance(default, tuple):
        return f'`"{" ".join(default)}"`' if default else "`[]`"
    if isinstance(default, model.Readiness):
        return "port"
    return f"`{default}`" if isinstance(default, bool) else f"`{json.dumps(default)}`"


def cells(table, column):
    return [row[column].strip("`") for row in table]


@pytest.mark.parametrize(("name", "what", "table"), TABLES, ids=[f"{name}-{what}" for name, what, _ in TABLES])
def test_a_table_lists_every_key_and_no_other(name, what, table):
    known = accepted(DECLARED[what][0]) if what in DECLARED else OTHER_TABLES[what]
    listed = cells(table, 0)
    assert set(listed) == known
    assert len(listed) == len(known)


@pytest.mark.parametrize(
    ("table", "cls"),
    [pytest.param(table, DECLARED[w][1], id=f"{n}-{w}") for n, w, table in TABLES if w in DECLARED and DECLARED[w][1]],
)
def test_a_table_tells_the_defaults(table, cls):
    defaults = {each.metadata.get("testflow.key", each.name): shown(each.default) for each in attrs.fields(cls)}
    assert {key.strip("`"): default for key, default, *_ in table} == {
        key.strip("`"): defaults[key.strip("`")] for key, *_ in table
    }


def test_every_declaration_has_its_table():
    assert {what for _, what, _ in TABLES} >= {*DECLARED, *OTHER_TABLES}


def test_the_interfaces_are_told_with_their_groups_and_verbs():
    table = next(table for _, what, table in TABLES if what == "interfaces")
    told = {(interface, group, *re.findall(r"`(\w+)", verbs)) for interface, group, verbs, *_ in table}
    told = {tuple(part.strip("`") for part in each) for each in told}
    assert told == {
        (kind.interface.__name__, kind.group, *sorted(kind.interface.__abstractmethods__)) for kind in KINDS
    }


def code(text):
    """What a script does, however it is laid out; its docstring does nothing."""
    found = ast.parse(text)
    found.body = [
        node for node in found.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    return ast.dump(found)


def test_the_groups_of_the_quickstart_are_the_script():
    groups = [fence.code for fence in fences(PAGES["docs/quickstart.md"]) if fence.language == "python"]
    shown = "".join(groups[:-1])
    assert code(shown) == code((ROOT / "examples/quickstart.py").read_text(encoding="utf-8"))


RUN_ONCE = """
import testflow
workflow = testflow.TestWorkflow("w").add_test_selection("shop", {})
testflow.Engine(applications={"shop": {}}, history="history.db").execute(workflow)
"""


def test_the_history_answers_the_questions_of_its_page(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/test_shop.py").write_text("def test_it(): assert not 'it'\n", encoding="utf-8")
    finished = in_process(RUN_ONCE, tmp_path)
    assert finished.returncode == 0, finished.stderr
    [questions] = [fence.code for fence in fences(PAGES["docs/history.md"]) if fence.language == "sql"]
    worst, why = (each for each in questions.split(";") if each.strip())
    with closing(sqlite3.connect(tmp_path / "history.db")) as database:
        assert [row[:3] for row in database.execute(worst)] == [("shop::test_shop.py::test_it", 1, 1)]
        assert database.execute(why).fetchall() == []
