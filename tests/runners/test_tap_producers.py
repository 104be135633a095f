"""Real programs that print TAP: perl's Test::More, `prove -v`, Node's reporter, vitest's reporter."""

from __future__ import annotations

import subprocess
from shutil import which

import pytest

from testflow_core.builtin.runners.command import CommandRunner
from testflow_core.model import Status

PASSED, FAILED, ERROR, SKIPPED = Status.PASSED, Status.FAILED, Status.ERROR, Status.SKIPPED

TEST_MORE = """
    use strict; use warnings; use Test::More;
    ok(1, 'adds # 1');
    is(1, 2, 'compares');
    subtest form => sub {
      plan tests => 2;
      ok(1, 'shows');
      subtest inner => sub { ok(0, 'submits'); done_testing; };
    };
    SKIP: { skip 'no network', 1; ok(1, 'x'); }
    TODO: { local $TODO = 'not done'; ok(0, 'later'); }
    subtest other => sub { plan skip_all => 'no other'; };
    ok(1, 'adds # 1');
    print "hello\\n";
    done_testing;
    """
TOLD = {
    "adds # 1": PASSED,
    "compares": FAILED,
    "form > shows": PASSED,
    "form > inner > submits": FAILED,
    "test 4": SKIPPED,
    "later": SKIPPED,
    "other": SKIPPED,
    "adds # 1 #2": PASSED,
}


@pytest.fixture
def perl(checkout):
    """Runs a script of perl's by a command."""
    if which("perl") is None or subprocess.run(["perl", "-MTest::More", "-e", "1"], check=False).returncode != 0:
        pytest.skip("there is no perl with Test::More")

    def run(text, *command):
        checkout.write("t/x.t", text)
        bench = checkout.bench(*command, "{test_path}")
        return {each.test.name: each for each in checkout.run(CommandRunner(), checkout.batch(bench, "t/x.t"))}

    return run


@pytest.mark.parametrize("command", [("perl",), ("prove", "-v")], ids=" ".join)
def test_test_more_tells_its_tests_directly_and_through_prove(perl, command):
    found = perl(TEST_MORE, *command)
    assert {name: outcome.status for name, outcome in found.items()} == TOLD
    assert found["compares"].message == "Failed test 'compares'\nat t/x.t line 4.\ngot: '1'\nexpected: '2'"
    assert found["form > inner > submits"].message == "Failed test 'submits'\nat t/x.t line 8."
    assert (found["test 4"].reason, found["later"].reason, found["other"].reason) == (
        "no network",
        "not done",
        "no other",
    )


def test_test_more_that_passes_is_no_more_than_its_tests_through_prove(perl):
    found = perl("use Test::More tests => 2; ok(1, 'a'); ok(1, 'b');", "prove", "-v")
    assert {name: outcome.status for name, outcome in found.items()} == {"a": PASSED, "b": PASSED}


@pytest.mark.parametrize(
    ("text", "tests", "message"),
    [
        ("use Test::More tests => 3; ok(1, 'a'); die 'no stock';", 1, "lacks tests 2-3 of its plan 1..3; perl exited"),
        ("use Test::More; ok(1, 'a'); die 'no stock';", 1, "no plan such as 1..1, so it may have ended early; perl"),
        ("use Test::More tests => 3; ok(1, 'a'); BAIL_OUT('no stock');", 1, "it bailed out: no stock"),
        ("use Test::More tests => 1; ok(1, 'a'); ok(1, 'b');", 2, "has test 2 outside of its plan 1..1; perl exited"),
    ],
)
def test_test_more_that_ends_otherwise_than_planned_is_an_error_that_says_why(perl, text, tests, message):
    found = perl(text, "perl")
    whole = found.pop(None)
    assert (whole.status, len(found)) == (ERROR, tests)
    assert message in whole.message
    assert "no stock" not in text or "no stock" in whole.message


def test_test_more_without_a_plan_is_an_error_that_repeats_none_of_its_tests(perl):
    found = perl("use Test::More; ok(1, 'a'); ok(1, 'b');", "perl")
    assert (list(found), found[None].status) == (["a", "b", None], ERROR)
    assert found[None].message.endswith("so it may have ended early; perl exited with code 254")


def test_test_more_that_skips_all_skips_the_file(perl):
    (whole,) = perl("use Test::More skip_all => 'no db';", "perl").values()
    assert (whole.test.name, whole.status, whole.reason) == (None, SKIPPED, "no db")


NODE_SUITE = """
    const { test, describe, it } = require("node:test");
    const assert = require("node:assert");
    test("adds # 1", () => { console.log("ok 7 - adding"); });
    describe("form", () => {
      it("shows", () => {});
      describe("inner", () => { it("submits", () => { assert.strictEqual(1, 2); }); });
    });
    test.skip("later", () => {});
    test("not yet", { todo: "some day" }, () => { throw new Error("todo"); });
    test("parent", async (t) => { await t.test("child", () => {}); throw new Error("own"); });
    """


@pytest.mark.usefixtures("node_path")
@pytest.mark.parametrize("words", [("--test", "--test-reporter=tap"), ("--test-reporter=tap",)], ids=" ".join)
def test_nodes_reporter_tells_tests_as_its_junit_does_and_what_fails_around_them(checkout, named, words):
    checkout.write("x.test.js", NODE_SUITE)
    bench = checkout.bench("node", *words, "{test_path}")
    found = named(checkout.run(CommandRunner(), checkout.batch(bench, "x.test.js")))
    found = {name.partition("::")[2]: outcome for name, outcome in found.items()}
    assert {name: outcome.status for name, outcome in found.items()} == {
        "adds # 1": PASSED,
        "form > shows": PASSED,
        "form > inner > submits": FAILED,
        "later": SKIPPED,
        "not yet": SKIPPED,
        "parent > child": PASSED,
        "parent": FAILED,
    }
    assert found["form > inner > submits"].message.startswith("Expected values to be strictly equal:")
    assert found["not yet"].reason == "some day"
    assert found["form > shows"].duration > 0


@pytest.mark.usefixtures("node_path")
def test_nodes_reporter_of_a_script_that_cannot_be_loaded_is_an_error_of_its_file(checkout):
    checkout.write("x.test.js", "require('./nowhere');")
    bench = checkout.bench("node", "--test", "--test-reporter=tap", "{test_path}")
    (outcome,) = checkout.run(CommandRunner(), checkout.batch(bench, "x.test.js"))
    assert (outcome.test.name, outcome.status) == (None, ERROR)
    assert outcome.message == "Error: Cannot find module './nowhere'"


@pytest.mark.usefixtures("node_path")
def test_vitest_whose_own_reporter_has_settings_tells_its_tests_by_tap(js_project, tmp_path):
    project = js_project(tmp_path, "vitest", "current")
    project.write("vitest.config.mjs", "export default { test: { reporters: [['tap', {}]] } };")
    project.write("x.test.js", "describe('form', () => { test('bad', () => expect(1).toBe(2)); test.skip('later'); });")
    found = {outcome.test.name: outcome for outcome in project.outcomes("x.test.js")}
    assert {name: outcome.status for name, outcome in found.items()} == {"form > bad": FAILED, "form > later": SKIPPED}
    assert "expected 1 to be 2" in found["form > bad"].message
