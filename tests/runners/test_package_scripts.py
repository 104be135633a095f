"""Which program a command ends in, and where further words for it belong."""

from __future__ import annotations

import json

import pytest

from testflow_core.builtin.runners.package_scripts import invocation, options, scripts

SCRIPTS = {
    "test": "jest",
    "unit": "cross-env A=1 B='two words' vitest run --dir src",
    "nested": "npm run unit",
    "open": "npm run unit --",
    "jest": "jest --ci",
    "node": "NODE_OPTIONS=--no-warnings node -r dotenv/config --no-warnings node_modules/jest/bin/jest.js",
    "react": "react-scripts test",
}
UNCERTAIN = {
    "circle": "npm run circle --",
    "empty": "",
    "and": "tsc && jest",
    "pipe": "jest | tee log",
    "close": "jest&",
    "into": "jest >log",
    "lines": "jest\nrm -r .",
    "inner": "jest $(cat files)",
    "ticks": "jest `cat files`",
    "variable": "jest $FILES",
    "comment": "jest # all",
    "quote": "jest 'a",
    "relative": "./scripts/jest",
    "bynode": "node scripts/jest.js",
    "split": "cross-env -s jest",
}


@pytest.mark.parametrize(
    ("command", "program", "arguments", "separator"),
    [
        ("jest a", "jest", "a", ""),
        ("node_modules/.bin/jest a", "jest", "a", ""),
        ("npx jest a", "jest", "a", ""),
        ("npx -y jest@29 a", "jest", "a", ""),
        ("npm exec -- vitest run a", "vitest", "run a", ""),
        ("env A=1 npx jest a", "jest", "a", ""),
        ("npm test -- a", "jest", "a", ""),
        ("npm t -- a", "jest", "a", ""),
        ("npm -s test -- a", "jest", "a", ""),
        ("npm run --silent unit -- a", "vitest", "run --dir src a", ""),
        ("npm test a", "jest", "a", "--"),
        ("npm test", "jest", "", "--"),
        ("npm run nested -- a", "vitest", "run --dir src a", "--"),
        ("npm run nested a", "vitest", "run --dir src a", "-- --"),
        ("npm run open -- a", "vitest", "run --dir src a", ""),
        ("npm run node -- a", "jest", "a", ""),
        ("npm run react -- a", "react-scripts", "test a", ""),
        ("yarn test a", "jest", "a", ""),
        ("yarn jest a", "jest", "--ci a", ""),
        ("yarn vitest a", "vitest", "a", ""),
        ("pnpm run unit a", "vitest", "run --dir src a", ""),
        ("pnpm exec jest a", "jest", "a", ""),
        ("npx mocha a", "mocha", "a", ""),
    ],
)
def test_the_program_of_a_command_and_its_words_are_found(command, program, arguments, separator):
    found = invocation(command.split(), SCRIPTS)
    assert found is not None
    assert (found.program, " ".join(found.arguments), " ".join(found.separator)) == (program, arguments, separator)


def test_the_variables_that_are_set_for_a_program_are_found():
    found = invocation(("env", "C=3", "npm", "run", "unit"), SCRIPTS)
    assert found is not None
    assert found.variables == {"A": "1", "B": "two words", "C": "3"}


@pytest.mark.parametrize(
    "command",
    [
        *(f"npm run {name} -- a" for name in UNCERTAIN),
        "npm run gone -- a",
        "npm run",
        "npm --prefix other test",
        "npm test --workspace=b -- a",
        "npm exec jest a",
        "npx -p other jest a",
        "yarn test -- a",
        "yarn workspace b test a",
        "pnpm test -- a",
        "pnpm --filter b test",
        "pnpm dlx jest a",
        "./jest a",
        "node jest.js a",
        "node --test a",
        "cross-env",
        "npx",
    ],
)
def test_what_is_not_certain_is_nothing(command):
    assert invocation(command.split(), SCRIPTS | UNCERTAIN) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"scripts": []}', "[" * 100_000, " " * (1 << 20) + "{}", None])
def test_a_package_that_cannot_be_read_has_no_scripts(tmp_path, text):
    if text is not None:
        (tmp_path / "package.json").write_text(text, encoding="utf-8")
    assert scripts(tmp_path) == {}


def test_scripts_that_are_no_text_are_left_out(tmp_path):
    (tmp_path / "package.json").write_text(json.dumps({"scripts": {"a": "jest", "b": 3}}), encoding="utf-8")
    assert scripts(tmp_path) == {"a": "jest"}


def test_options_are_told_by_their_names_however_they_are_spelt():
    words = ("--outputFile=x", "--output-file", "-w", "--watch=false", "--", "-", "path")
    assert options(words) == {"outputfile", "w"}
