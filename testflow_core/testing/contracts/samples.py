"""What the contracts hand to plugins: texts that are odd, and how a fixture says that it must be answered."""

from __future__ import annotations

from testflow_core.model import TestCase

ODD_TEXTS = {
    "empty": "",
    "blank": " \t\r\n",
    "nul": "before\0after",
    "surrogate": "before\udcffafter",
    "escape": "\x1b[31mred\x1b[0m \u202e",
    "markup": "<b>&amp; ]]> `|` {{ 1 }} %s {0} \\",
    "unclosed": "((((([[[[[",
    "emoji": "Zoë 🚀 \u2028 e\u0301",
    "huge": "required field\n" * 70_000,
}
"""Texts that a test may well print, by what is odd about them; the last has one million characters."""

TESTS = (
    TestCase(application="shop", file="tests/test_cart.py"),
    TestCase(application="shop", file="tests/test_cart.py", name="test_total"),
    TestCase(application="shop", file="tests/test_cart.py", name="test_total[1-a::b]"),
    TestCase(application="shop", file="tests/api/test_orders.py"),
    TestCase(application="shop", file="tests/api/test_orders.py", name="TestOrders::test_list"),
    TestCase(application="shop", file="src/cart/__tests__/cart.test.js", name='adds > "two" & more'),
    TestCase(application="shop", file="tests/mit leer zeichen/test_ü.py"),
    TestCase(application="shop", file="test_root.py", name=""),
)
"""Files and tests in them, as runners name them."""


def to_be_answered(fixture: str, what: str) -> NotImplementedError:
    """The error of a fixture that a plugin's contract test has to override."""
    return NotImplementedError(f"override the fixture `{fixture}` in your test class: it answers {what}")
