"""The ways in which an application may call jest or vitest, and what it has set up for itself: all goes on working."""

from __future__ import annotations

import pytest
from node_packages import path_with

from testflow_core.model import Status

pytestmark = pytest.mark.usefixtures("node_path")

TESTS = "test('passes', () => {}); test('fails', () => { expect(1).toBe(2); });"
TOLD = {"passes": Status.PASSED, "fails": Status.FAILED}
UNTOLD = {None: Status.FAILED}
SCRIPTS = {
    "jest": {
        "test": "jest",
        "cross": "cross-env SHOP=1 jest --ci",
        "node": "NODE_OPTIONS='--no-warnings' node --no-warnings node_modules/.bin/jest",
        "nested": "npm run test",
        "chain": "echo first && jest",
        "wrapped": "./wrapped.sh",
        "own": "jest --json --outputFile=own.json",
    },
    "vitest": {"test": "vitest", "once": "vitest run", "chain": "echo first && vitest run"},
}


@pytest.fixture
def project(request, tmp_path, js_project):
    """One of the framework that the test names."""
    framework = request.node.callspec.params["framework"]
    made = js_project(tmp_path, framework, "current")
    made.package(scripts=SCRIPTS[framework])
    made.write("x.test.js", TESTS)
    return made


def statuses(outcomes):
    return {outcome.test.name: outcome.status for outcome in outcomes}


@pytest.mark.parametrize(
    ("framework", "command"),
    [
        ("jest", "npx jest {test_path}"),
        ("jest", "npm test -- {test_path}"),
        ("jest", "npm test {test_path}"),
        ("jest", "npm run --silent cross -- {test_path}"),
        ("jest", "npm run node -- {test_path}"),
        ("jest", "npm run nested -- {test_path}"),
        ("jest", "npm exec -- jest {test_path}"),
        ("jest", "yarn test {test_path}"),
        ("jest", "yarn jest {test_path}"),
        ("jest", "pnpm test {test_path}"),
        ("jest", "pnpm exec jest {test_path}"),
        ("vitest", "npx vitest {test_path}"),
        ("vitest", "npm test -- {test_path}"),
        ("vitest", "npm run once {test_path}"),
        ("vitest", "yarn once {test_path}"),
        ("vitest", "pnpm run once {test_path}"),
    ],
)
def test_single_tests_are_told_apart_however_the_framework_is_called(
    project, packages, monkeypatch, framework, command
):
    if command.startswith(("yarn", "pnpm")):
        monkeypatch.setenv("PATH", path_with(packages("managers") / "node_modules/.bin"))
    outcomes = project.outcomes("x.test.js", command=tuple(command.split()))
    assert statuses(outcomes) == TOLD, (framework, outcomes)


@pytest.mark.parametrize(
    ("framework", "command"),
    [
        ("jest", "npm run chain -- {test_path}"),
        ("jest", "npm run wrapped -- {test_path}"),
        ("jest", "./wrapped.sh {test_path}"),
        ("jest", "npm run own -- {test_path}"),
        ("vitest", "npm run chain -- {test_path}"),
    ],
)
def test_a_command_that_is_not_certain_runs_as_it_is_and_stands_for_the_file(project, framework, command):
    project.write("wrapped.sh", '#!/bin/sh\nset -f\n[ $# = 1 ] && exec node_modules/.bin/jest "$@"\n')
    (project.path / "wrapped.sh").chmod(0o755)
    (outcome,) = project.outcomes("x.test.js", command=tuple(command.split()))
    assert (outcome.test.name, outcome.status) == (None, Status.FAILED), framework
    assert "fails" in outcome.text
    own = project.path / "own.json"
    assert own.exists() == ("own" in command)


def test_reporters_in_the_configuration_of_jest_stay(tmp_path, js_project):
    project = js_project(tmp_path, "jest", "current")
    project.write("own.cjs", "module.exports = class { onRunComplete() { console.log('the own reporter ran'); } };")
    project.package(jest={"reporters": ["./own.cjs"]})
    project.write("x.test.js", TESTS)
    outcomes = project.outcomes("x.test.js")
    assert statuses(outcomes) == TOLD
    assert "the own reporter ran" in outcomes[1].stdout


CONFIG = """
    import {{ defineConfig }} from "vitest/config";
    export default defineConfig({{ test: {{ {} }} }});
    """
OWN = "export default class { onTestRunEnd() { console.log('the own reporter ran'); } }"


@pytest.mark.parametrize(
    ("settings", "more", "told"),
    [
        ("reporters: ['./own.mjs', 'junit'], outputFile: { junit: 'own.xml' }", "", TOLD),
        ("reporters: ['dot']", "--reporter=./own.mjs --reporter=junit --outputFile.junit=own.xml", TOLD),
        ("reporters: ['dot']", "--reporter=./own.mjs --reporter=junit --outputFile=own.xml", UNTOLD),
        ("reporters: ['./own.mjs', 'junit'], outputFile: 'own.xml'", "", UNTOLD),
        ("reporters: ['./own.mjs', ['junit', { suiteName: 's' }]], outputFile: 'own.xml'", "", UNTOLD),
        ("reporters: ['./own.mjs', 'json'], outputFile: 'own.xml'", "", UNTOLD),
    ],
)
def test_reporters_of_vitest_stay_wherever_they_are_named(tmp_path, js_project, settings, more, told):
    project = js_project(tmp_path, "vitest", "current")
    project.write("own.mjs", OWN)
    project.write("vitest.config.mjs", CONFIG.format(settings))
    project.write("x.test.js", TESTS)
    outcomes = project.outcomes("x.test.js", command=(*project.command, *more.split()))
    assert statuses(outcomes) == told, outcomes
    assert "the own reporter ran" in outcomes[-1].stdout
    assert (project.path / "own.xml").exists()


@pytest.mark.parametrize("version", ["current", "older"])
def test_output_files_of_the_reporters_of_vitest_stay(tmp_path, js_project, version):
    project = js_project(tmp_path, "vitest", version)
    project.write(
        "vitest.config.mjs", CONFIG.format("reporters: ['verbose', 'junit'], outputFile: { junit: 'own.xml' }")
    )
    project.write("x.test.js", TESTS)
    outcomes = project.outcomes("x.test.js")
    assert statuses(outcomes) == TOLD
    assert "✓ x.test.js > passes" in outcomes[-1].stdout
    assert 'name="fails"' in (project.path / "own.xml").read_text(encoding="utf-8")


def test_a_junit_file_of_the_commands_own_goes_before_what_the_framework_is_asked_for(tmp_path, js_project):
    project = js_project(tmp_path, "vitest", "current")
    project.write("x.test.js", TESTS)
    reporter = """
        import fs from "node:fs";
        export default class {
          onTestRunEnd() {
            const suite = '<testsuite name="x"><testcase name="by itself"/></testsuite>';
            fs.writeFileSync(process.env.TESTFLOW_JUNIT, `<testsuites>${suite}</testsuites>`);
          }
        }
        """
    project.write("own.mjs", reporter)
    outcomes = project.outcomes("x.test.js", command=(*project.command, "--reporter=./own.mjs"))
    assert statuses(outcomes)["by itself"] == Status.PASSED
    assert set(TOLD) & set(statuses(outcomes)) == set()
