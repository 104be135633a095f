from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from testflow_core.builtin.runners.command import CommandRunner
from testflow_core.model import Status

WHEEL = Path(sys.executable).parent
NODES = {"system": "/usr/bin", "wheel": str(WHEEL)}

NODE_SUITE = """
    const { test, describe, it } = require("node:test");
    const assert = require("node:assert");
    test("adds", () => { console.log("adding"); });
    test("adds", () => {});
    describe("form", () => {
      it("shows", () => {});
      it("submits", () => { assert.strictEqual(1, 2); });
      describe("inner", () => { it("shows", () => {}); });
    });
    test.skip("later", () => {});
    test.todo("some day");
    test("not yet", { todo: true }, () => { throw new Error("todo"); });
    """


@pytest.fixture(params=NODES)
def node(request, monkeypatch):
    folder = NODES[request.param]
    if shutil.which("npm", path=folder) is None:
        pytest.skip(f"there is no npm in {folder}")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def web(checkout):
    checkout.write("package.json", json.dumps({"scripts": {"test": "node --test", "lint": "echo fine"}}))
    return checkout


def run(checkout, command, *ids, timeout=60, variables=None, **fields):
    bench = checkout.bench(*command)
    batch = checkout.batch(bench, *ids, variables=variables or {}, timeout=timedelta(seconds=timeout), **fields)
    return checkout.run(CommandRunner(), batch)


def script(text):
    return (sys.executable, "-c", text, "{test_path}")


@pytest.mark.usefixtures("node")
def test_quotation_marks_in_a_name_are_as_they_were_written(checkout):
    checkout.write("x.test.js", """require("node:test").test('says "hi" & <b>', () => {});""")
    (outcome,) = run(checkout, ("node", "--test", "{test_path}"), "x.test.js")
    assert outcome.test.name == 'says "hi" & <b>'


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize(
    "command", [("npm", "test", "--", "{test_path}"), ("node", "{test_path}")], ids=["npm", "node"]
)
def test_nodes_own_runner_gives_each_test_its_outcome(web, named, command):
    web.write("src/form.test.js", NODE_SUITE)
    outcomes = named(run(web, command, "src/form.test.js"))
    assert {test.partition("::")[2]: outcome.status for test, outcome in outcomes.items()} == {
        "adds": Status.PASSED,
        "adds #2": Status.PASSED,
        "form > shows": Status.PASSED,
        "form > submits": Status.FAILED,
        "form > inner > shows": Status.PASSED,
        "later": Status.SKIPPED,
        "some day": Status.SKIPPED,
        "not yet": Status.SKIPPED,
    }
    failed = outcomes["src/form.test.js::form > submits"]
    assert failed.message.startswith("Expected values to be strictly equal")
    assert "AssertionError" in failed.text
    assert "adding" in failed.stdout


@pytest.mark.usefixtures("node")
def test_a_script_that_cannot_be_loaded_is_an_error_of_its_file(web):
    web.write("broken.test.js", "require('./nowhere');")
    (outcome,) = run(web, ("npm", "test", "--", "{test_path}"), "broken.test.js")
    assert (outcome.test.name, outcome.status) == (None, Status.ERROR)
    assert "Cannot find module './nowhere'" in outcome.message


@pytest.mark.usefixtures("node")
def test_a_test_with_subtests_that_fails_by_itself_is_not_lost(web):
    text = """
        const { test } = require("node:test");
        test("parent", async (t) => { await t.test("child", () => {}); throw new Error("own"); });
        """
    web.write("sub.test.js", text)
    child, whole = run(web, ("npm", "test", "--", "{test_path}"), "sub.test.js")
    assert (child.test.name, child.status) == ("parent > child", Status.PASSED)
    assert (whole.test.name, whole.status) == (None, Status.FAILED)


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize(
    ("name", "program"),
    [("other runner", "node other.js"), ("own reporter", "node --test --test-reporter=dot x.test.js")],
)
def test_a_script_that_is_not_nodes_runner_or_has_its_reporter_comes_to_no_harm(checkout, name, program):
    checkout.write("package.json", json.dumps({"scripts": {"test": program}}))
    checkout.write("other.js", "console.log('1 passing');")
    checkout.write("x.test.js", "require('node:test').test('x', () => {});")
    (outcome,) = run(checkout, ("npm", "test"), "x.test.js")
    assert (outcome.test.name, outcome.status) == (None, Status.PASSED), (name, outcome)
    assert outcome.stdout.rstrip().endswith(("1 passing", "."))


@pytest.mark.usefixtures("node")
def test_node_options_that_are_set_already_stay(web, monkeypatch):
    monkeypatch.setenv("NODE_OPTIONS", "--title=kept")
    text = "require('node:test').test('t', () => { if (!process.execArgv && 0 || !process.env.NODE_OPTIONS.includes("
    web.write("o.test.js", text + "'--title=kept --test-reporter')) throw new Error(process.env.NODE_OPTIONS); });")
    (outcome,) = run(web, ("npm", "test", "--", "{test_path}"), "o.test.js")
    assert (outcome.test.name, outcome.status) == ("t", Status.PASSED), outcome


@pytest.mark.usefixtures("node")
def test_values_go_in_and_out_by_files(web):
    text = """
        const fs = require("node:fs");
        require("node:test").test("flows", () => {
          const { props } = JSON.parse(fs.readFileSync(process.env.TESTFLOW_INPUTS));
          fs.writeFileSync(process.env.TESTFLOW_OUTPUTS, JSON.stringify({ seen: props.paymentId }));
        });
        """
    web.write("flow.test.js", text)
    command = ("npm", "test", "--", "{test_path}")
    (outcome,) = run(web, command, "flow.test.js", inputs={"props": {"paymentId": "p-1"}})
    assert (outcome.status, outcome.values) == (Status.PASSED, {"seen": "p-1"}), outcome


def test_named_and_excluded_tests_of_a_file(web, to_case):
    web.write("form.test.js", NODE_SUITE)
    command = ("npm", "test", "--", "{test_path}")
    outcomes = run(web, command, "form.test.js::form > inner", "form.test.js::gone")
    assert [(outcome.test.name, outcome.status) for outcome in outcomes] == [
        ("form > inner > shows", Status.PASSED),
        ("gone", Status.ERROR),
    ]
    assert "no test named gone in form.test.js; there are: adds, adds #2, form > shows" in outcomes[1].message
    left = run(web, command, "form.test.js", exclude=(to_case("form.test.js::form"), to_case("form.test.js::adds")))
    assert [outcome.test.name for outcome in left] == ["adds #2", "later", "some day", "not yet"]


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("print('fine')", Status.PASSED, ""),
        ("raise ValueError('invalid input')", Status.FAILED, "ValueError: invalid input"),
        ("print('2 failed'); raise SystemExit(2)", Status.FAILED, "2 failed"),
        ("raise SystemExit(2)", Status.FAILED, f"{sys.executable} exited with code 2"),
        ("import os; os.kill(os.getpid(), 9)", Status.FAILED, f"{sys.executable} was killed by signal 9 (SIGKILL)"),
    ],
)
def test_without_a_report_the_exit_code_decides_and_the_telling_line_explains(checkout, text, status, message):
    checkout.write("a.test.txt", "")
    (outcome,) = run(checkout, script(text), "a.test.txt")
    assert (outcome.test.name, outcome.status, outcome.message) == (None, status, message)


REPORT = """
    import os, sys
    cases = '<testcase name="a"/><testsuite name="in"><testcase name="b" time="1.5">{b}</testcase></testsuite>'
    with open(os.environ["TESTFLOW_JUNIT"], "w") as stream:
        stream.write(f'<testsuites><testsuite name="whole">{{cases}}</testsuite></testsuites>')
    sys.exit({code})
    """


@pytest.mark.parametrize(
    ("b", "code", "expected"),
    [
        ("", 0, {"a": Status.PASSED, "in > b": Status.PASSED}),
        ('<failure message="bad"/>', 0, {"a": Status.PASSED, "in > b": Status.FAILED}),
        ('<failure message="bad"/>', 1, {"a": Status.PASSED, "in > b": Status.FAILED}),
        ("<error>worse</error>", 1, {"a": Status.PASSED, "in > b": Status.ERROR}),
        ("<skipped/>", 0, {"a": Status.PASSED, "in > b": Status.SKIPPED}),
        ("", 3, {"a": Status.PASSED, "in > b": Status.PASSED, None: Status.ERROR}),
    ],
)
def test_a_command_reports_single_tests_by_the_file_it_is_given(checkout, b, code, expected):
    checkout.write("report.py", REPORT.format(b=b, code=code))
    outcomes = run(checkout, (sys.executable, "{test_path}"), "report.py")
    assert {outcome.test.name: outcome.status for outcome in outcomes} == expected
    assert outcomes[1].duration == 1.5
    if None in expected:
        assert "exited with code 3 though no test it reports has failed" in outcomes[2].message


@pytest.mark.parametrize(
    ("report", "part"),
    [
        ('<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuites><testcase name="&a;"/></testsuites>', "declares the entity 'a'"),
        ('<testsuites><testcase name="kept"/><testcase', "cannot be read"),
        ("<a>" * 300, "nested more than"),
    ],
)
def test_a_report_that_is_hostile_or_broken_is_an_error_of_the_file(checkout, report, part):
    checkout.write("report.py", f"import os\nopen(os.environ['TESTFLOW_JUNIT'], 'w').write({report!r})\n")
    outcomes = run(checkout, (sys.executable, "{test_path}"), "report.py")
    assert (outcomes[-1].test.name, outcomes[-1].status) == (None, Status.ERROR)
    assert part in outcomes[-1].message
    assert [outcome.test.name for outcome in outcomes[:-1]] == (["kept"] if "kept" in report else [])


def test_a_report_that_is_too_large_is_refused(checkout):
    text = "import os\nwith open(os.environ['TESTFLOW_JUNIT'], 'wb') as s: s.truncate((64 << 20) + 1)\n"
    checkout.write("report.py", text)
    (outcome,) = run(checkout, (sys.executable, "{test_path}"), "report.py")
    assert outcome.status == Status.ERROR
    assert "larger than" in outcome.message


def test_a_program_that_takes_too_long_is_ended_and_the_next_file_runs(checkout):
    checkout.write("hangs.py", "import time\nprint('began', flush=True)\ntime.sleep(600)\n")
    checkout.write("fine.py", "")
    hangs, fine = run(checkout, (sys.executable, "{test_path}"), "hangs.py", "fine.py", timeout=2)
    assert (hangs.status, fine.status) == (Status.TIMED_OUT, Status.PASSED)
    assert 2 <= hangs.duration < 10
    assert "began" in hangs.stdout


def test_a_program_that_prints_without_end_is_ended(checkout):
    checkout.write("floods.py", "while True: print('x' * 1_000_000)\n")
    (outcome,) = run(checkout, (sys.executable, "{test_path}"), "floods.py", timeout=120)
    assert outcome.status == Status.ERROR
    assert "printed more than 64 MiB" in outcome.message
    assert len(outcome.stdout) < 300_000


def test_the_path_is_one_word_whatever_is_in_it_and_no_shell_sees_it(checkout):
    name = "a; touch $(x) 'b.py"
    checkout.write(name, "import sys, os\nprint(sys.argv[0], sys.stdin.read() == '', os.getcwd())\n")
    (outcome,) = run(checkout, (sys.executable, "{test_path}"), name)
    assert outcome.stdout == f"{name} True {checkout.path}\n"


def test_tests_find_the_variables_of_their_bench_and_not_those_meant_for_us(checkout):
    wanted = "{k: os.environ.get(k) for k in ('SHOP', 'TESTFLOW_DATA', 'PYTEST_CURRENT_TEST')}"
    checkout.write("x.py", f"import os, json\njson.dump({wanted}, open(os.environ['TESTFLOW_OUTPUTS'], 'w'))\n")
    (outcome,) = run(checkout, (sys.executable, "{test_path}"), "x.py", variables={"SHOP": "1", "TESTFLOW_DATA": "/d"})
    assert outcome.values == {"SHOP": "1", "TESTFLOW_DATA": "/d", "PYTEST_CURRENT_TEST": None}


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (("npm", "test"), "no program 'npm' on PATH; install Node"),
        (("no-such-program", "{test_path}"), "no program 'no-such-program' on PATH; install it"),
        (("./gone.sh",), "no program ./gone.sh in"),
        (("echo", "{path}"), "unknown reference {path}"),
        ((), "no test command"),
    ],
)
def test_a_command_that_cannot_be_run_is_the_error_of_each_test(checkout, monkeypatch, tmp_path, command, part):
    # Not even what stands beside our own interpreter is found.
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    checkout.write("x.py", "")
    first, second = run(checkout, command, "x.py::a", "x.py::b")
    assert (first.status, second.status) == (Status.ERROR, Status.ERROR)
    assert part in first.message


def test_a_file_that_is_not_there_is_an_error(checkout):
    (outcome,) = run(checkout, ("echo",), "gone.py")
    assert outcome.status == Status.ERROR
    assert "no file gone.py" in outcome.message


def test_the_applications_own_environment_comes_first_on_the_path(checkout):
    checkout.write(".venv/pyvenv.cfg", "")
    for program in ("python", "tool"):
        checkout.write(f".venv/bin/{program}", "#!/bin/sh\necho own $VIRTUAL_ENV\n")
        (checkout.path / ".venv/bin" / program).chmod(0o755)
    checkout.write("x.py", "")
    (outcome,) = run(checkout, ("tool", "{test_path}"), "x.py")
    assert outcome.stdout == f"own {checkout.path}/.venv\n"
