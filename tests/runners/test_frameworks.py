"""jest and vitest as they are installed from the registry, the current and an older major version of each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from node_packages import STOREFRONT

from testflow_core.model import Status

pytestmark = pytest.mark.usefixtures("node_path")

SUITE = """
    describe("form", () => {
      test("shows", () => { console.log("showing the form"); });
      describe("inner", () => { test("submits", () => { expect(1).toBe(2); }); });
    });
    test.each([[1, 2], [2, 3]])("adds %i", (a, b) => { expect(a + 1).toBe(b); });
    test.skip("later", () => {});
    test.todo("some day");
    test("same", () => {});
    test("same", () => {});
    """
STATUSES = {
    "form > shows": Status.PASSED,
    "form > inner > submits": Status.FAILED,
    "adds 1": Status.PASSED,
    "adds 2": Status.PASSED,
    "later": Status.SKIPPED,
    "some day": Status.SKIPPED,
    "same": Status.PASSED,
    "same #2": Status.PASSED,
}
AROUND = "afterAll(() => { throw new Error('no teardown'); }); test('x', () => {}); test('y', () => expect(1).toBe(2));"
VALUES = """
    test("flows", async () => {
      const fs = process.getBuiltinModule("node:fs");
      const { props } = JSON.parse(fs.readFileSync(process.env.TESTFLOW_INPUTS, "utf8"));
      fs.writeFileSync(process.env.TESTFLOW_OUTPUTS, JSON.stringify({ seen: props.paymentId }));
    });
    """
# Each file, and whether the older versions run it, too.
FILES = {
    "src/form.test.js": (SUITE, True),
    "syntax.test.js": ("test('x', () => {", True),
    "exits.test.js": ("test('x', () => {}); test('exits', () => { process.exit(0); });", True),
    "around.test.js": (AROUND, True),
    "raises.test.js": ("throw new Error('not loaded');", False),
    "imports.test.js": ("require('./nowhere');", False),
    "empty.test.js": ("", False),
    "killed.test.js": ("test('x', () => process.kill(process.pid, 9));", False),
    "pages/[id].test.js": ("test('of this page', () => {});", False),
    "form.test.js": ("test('of another form', () => {});", False),
    "checks.js": ("test('x', () => {});", False),
    "values.test.js": (VALUES, False),
}


@pytest.fixture(scope="module")
def ran(js_project, tmp_path_factory):
    """What became of every file, by its name; run once for all tests of a framework."""
    found = {}

    def outcomes(framework, version):
        if (framework, version) not in found:
            project = js_project(tmp_path_factory.mktemp(f"{framework}-{version}"), framework, version)
            files = [file for file, (_, older) in FILES.items() if older or version == "current"]
            for file, (text, _) in FILES.items():
                project.write(file, text)
            by_file = {file: [] for file in files}
            for outcome in project.outcomes(*files, inputs={"props": {"paymentId": "p-1"}}):
                by_file[outcome.test.file].append(outcome)
            found[framework, version] = by_file
        return found[framework, version]

    return outcomes


@pytest.fixture(params=["jest", "vitest"])
def framework(request):
    return request.param


@pytest.fixture(params=["current", "older"])
def either(request, framework, ran):
    """The outcomes by file of the current and of the older version."""
    return ran(framework, request.param)


@pytest.fixture
def current(framework, ran):
    return ran(framework, "current")


def statuses(outcomes):
    return {outcome.test.name: outcome.status for outcome in outcomes}


def test_each_test_has_its_own_outcome(either):
    outcomes = either["src/form.test.js"]
    assert statuses(outcomes) == STATUSES
    by_name = {outcome.test.name: outcome for outcome in outcomes}
    failed = by_name["form > inner > submits"]
    assert "Error: expect" in failed.message
    assert "\n    at" not in failed.message
    assert "src/form.test.js:" in failed.text
    assert "showing the form" in failed.stdout + failed.stderr
    assert (by_name["later"].reason, by_name["some day"].reason) == ("skipped", "todo")
    assert all(0 <= outcome.duration < 5 for outcome in outcomes)
    assert sum(outcome.duration for outcome in outcomes) > 0


def test_a_file_with_a_mistake_of_syntax_is_one_error_that_says_so(either):
    (outcome,) = either["syntax.test.js"]
    assert (outcome.test.name, outcome.status) == (None, Status.ERROR)
    assert "syntax" in outcome.message.lower()


def test_a_file_that_ends_the_process_with_success_has_not_passed(either):
    (bad,) = (outcome for outcome in either["exits.test.js"] if outcome.status.failing)
    assert "process.exit" in bad.message


def test_what_fails_around_the_tests_is_an_error_of_the_file(either):
    outcomes = either["around.test.js"]
    assert statuses(outcomes) == {"x": Status.PASSED, "y": Status.FAILED, None: Status.ERROR}
    assert outcomes[-1].message == "no teardown"


@pytest.mark.parametrize(
    ("file", "parts"),
    [
        ("raises.test.js", {"not loaded"}),
        ("imports.test.js", {"Cannot find module './nowhere'"}),
        ("empty.test.js", {"must contain at least one test", "No test suite found"}),
        ("killed.test.js", {"before jest wrote its report", "did not end: vitest says that it is pending"}),
    ],
)
def test_a_file_that_cannot_be_run_to_its_end_is_one_error(current, file, parts):
    (outcome,) = current[file]
    assert outcome.status == Status.ERROR
    assert any(part in outcome.message for part in parts), outcome.message


def test_a_path_means_this_file_and_nothing_that_looks_like_it(current):
    assert statuses(current["pages/[id].test.js"]) == {"of this page": Status.PASSED}
    # To vitest this is a part of src/form.test.js as well, in which a test fails.
    assert statuses(current["form.test.js"]) == {"of another form": Status.PASSED}


def test_a_file_that_the_framework_does_not_take_for_a_test_is_told(framework, current):
    (outcome,) = current["checks.js"]
    assert outcome.status == Status.ERROR
    assert outcome.message.startswith(f"{framework} did not run checks.js")


def test_values_go_in_and_out_by_files(current):
    (outcome,) = current["values.test.js"]
    assert (outcome.status, outcome.values) == (Status.PASSED, {"seen": "p-1"}), outcome


def test_named_and_excluded_tests_of_a_file_and_the_same_names_in_every_run(
    tmp_path, js_project, framework, current, to_case
):
    project = js_project(tmp_path, framework, "current")
    project.write("src/form.test.js", SUITE)
    project.write("other.test.js", SUITE)
    exclude = (to_case("other.test.js::form"), to_case("other.test.js::same"))
    outcomes = project.outcomes(
        "src/form.test.js::form > inner", "src/form.test.js::gone", "other.test.js", exclude=exclude
    )
    chosen = [outcome for outcome in outcomes if outcome.test.file == "src/form.test.js"]
    assert statuses(chosen) == {"form > inner > submits": Status.FAILED, "gone": Status.ERROR}
    assert "no test named gone in src/form.test.js; there are: form > shows" in chosen[1].message
    left = [outcome.test.name for outcome in outcomes if outcome.test.file == "other.test.js"]
    assert left == ["adds 1", "adds 2", "later", "some day", "same #2"]
    before = [outcome.test.name for outcome in current["src/form.test.js"]]
    assert [name for name in before if not name.startswith("form") and name != "same"] == left


def test_the_storefront_tests_modules_with_both_frameworks(tmp_path, packages):
    shop = tmp_path / "storefront"
    shutil.copytree(STOREFRONT, shop, ignore=shutil.ignore_patterns("node_modules"))
    (shop / "node_modules").symlink_to(packages("current") / "node_modules")
    env = {**os.environ, "TESTFLOW_WORKSPACE": str(shop)}
    finished = subprocess.run(
        [sys.executable, "run.py"], cwd=shop, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr + finished.stdout
    # The two applications run side by side: whichever is first is told first.
    assert sorted(finished.stdout.splitlines()) == [
        "passed: cart::tests/cart.test.js::a cart > costs nothing while it is empty",
        "passed: cart::tests/cart.test.js::a cart > refuses -1 of a thing",
        "passed: cart::tests/cart.test.js::a cart > refuses 0 of a thing",
        "passed: cart::tests/cart.test.js::a cart > with two books > costs twice the price",
        "passed: prices::tests/prices.spec.js::a price is shown > with two decimals",
        "passed: prices::tests/prices.spec.js::prices add up",
        "skipped: cart::tests/cart.test.js::a cart > knows vouchers",
        "skipped: prices::tests/prices.spec.js::a price is shown > as the reader's language wants it",
    ]
