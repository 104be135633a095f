"""What a TAP producer says of a failed test, in YAML or in comments."""

from __future__ import annotations

import pytest

YAML = """\
1..5
not ok 1 - block
  ---
  duration_ms: 1500
  message: |-
    two
      lines
  severity: fail
  ...
not ok 2 - nested
    ---
    error:
        name: "Error"
        message: "say \\"hi\\""
    ...
not ok 3 - open
  ---
  message: 'it''s open'
ok 4 - compared
not ok 5 - comments
# expected 1
#   got 2
"""


def test_a_failure_says_what_its_diagnosis_says(printed):
    found = printed(YAML, 1)
    assert {name: outcome.message for name, outcome in found.items()} == {
        "block": "two\n  lines",
        "nested": 'say "hi"',
        "open": "it's open",
        "compared": "",
        "comments": "expected 1\n  got 2",
    }
    assert found["block"].duration == 1.5
    assert found["block"].text.splitlines()[0] == "duration_ms: 1500"
    assert found["comments"].text == "expected 1\n  got 2"
    assert "not ok 5" in found["comments"].stdout


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("  ---\n  expected: 2\n  actual:   1\n  ...\n# of the next\n", "expected: 2\nactual:   1"),
        ("  ---\n  message: |\n  other: 1\n  ...\n# of the next\n", "failed"),
        ("  ---\n  message: '\n  ...\n", "'"),
        ("  ---\n  ...\n", "failed"),
        ("", "failed"),
        ("1..1\n# tests 1\n", "failed"),
    ],
)
def test_a_failure_without_a_message_says_what_can_be_known(printed, said, message):
    assert printed(f"TAP version 13\nnot ok 1 - a\n{said}", 1)["a"].message == message
