"""Reports of jest and vitest that are missing, broken or hostile."""

from __future__ import annotations

import json

import pytest

from testflow_core.builtin.runners.command import CommandRunner
from testflow_core.model import Status

HOSTILE = """#!/usr/bin/env python3
import pathlib, sys
[report] = [word.partition("=")[2] for word in sys.argv if word.startswith("--outputFile=")]
here = pathlib.Path("x.test.js").resolve()
text = {text!r}
if {size}:
    with open(report, "wb") as stream: stream.truncate({size})
elif text:
    open(report, "w").write(text.replace("HERE", str(here)))
sys.exit({code})
"""
ONE = {"name": "HERE", "status": "passed", "message": ""}
ODD = {"ancestorTitles": [1, "in"], "title": "odd", "status": "passed", "duration": 1e999, "failureMessages": [3]}


@pytest.mark.parametrize(
    ("text", "size", "code", "message"),
    [
        ("", 0, 0, "exited with code 0 before jest wrote its report"),
        ("{", 0, 0, "the report of jest cannot be read"),
        ("[]", 0, 0, "it is list where an object is needed"),
        ("[" * 200_000, 0, 0, "the report of jest cannot be read"),
        ('{"testResults": 3}', 0, 0, "testResults is int where a list is needed"),
        (json.dumps({"testResults": [{**ONE, "assertionResults": [3]}]}), 0, 0, "a test is int where an object"),
        ("", (64 << 20) + 1, 0, "it is larger than 67108864 bytes"),
        ('{"testResults": []}', 0, 1, "jest did not run x.test.js"),
    ],
)
def test_a_report_that_is_missing_or_spoilt_is_an_error_of_the_file(checkout, text, size, code, message):
    checkout.write("node_modules/.bin/jest", HOSTILE.format(text=text, size=size, code=code))
    (checkout.path / "node_modules/.bin/jest").chmod(0o755)
    checkout.write("x.test.js", "")
    bench = checkout.bench("node_modules/.bin/jest", "{test_path}")
    (outcome,) = checkout.run(CommandRunner(), checkout.batch(bench, "x.test.js"))
    assert (outcome.test.name, outcome.status) == (None, Status.ERROR)
    assert message in outcome.message


def test_a_report_with_odd_values_gives_what_can_be_used(checkout):
    text = json.dumps({"testResults": [{**ONE, "assertionResults": [ODD]}]})
    checkout.write("node_modules/.bin/jest", HOSTILE.format(text=text, size=0, code=0))
    (checkout.path / "node_modules/.bin/jest").chmod(0o755)
    checkout.write("x.test.js", "")
    bench = checkout.bench("node_modules/.bin/jest", "{test_path}")
    (outcome,) = checkout.run(CommandRunner(), checkout.batch(bench, "x.test.js"))
    assert (outcome.test.name, outcome.status, outcome.duration) == ("in > odd", Status.PASSED, 0.0)
