"""Failures of one cause have one fingerprint, and those of two have two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testflow_regex_analyzer import RegexAnalyzer
from testflow_regex_analyzer.masking import masked

from testflow_core.model import Context
from testflow_core.testing import failure

TRACE = """\
    def test_order():
>       client.get("http://127.0.0.1:{port}/orders/{order}")

tests/test_order.py:{line}: in test_order
{frames}
E       ConnectionError: cannot reach 127.0.0.1:{port} for <Order object at 0x{address}>, {order} != {other}

/usr/lib/python3.11/http/client.py:{line}: ConnectionError
"""


def fingerprint(text: str) -> str:
    (made,) = RegexAnalyzer().analyze((failure(text=text),), Context())
    return made.fingerprint


def trace(port=8080, order=3, other=4, line=12, address="7f01", depth=1):
    frames = "\n".join(f"/usr/lib/python3.11/http/client.py:{at}: in step_{at}" for at in range(depth))
    return TRACE.format(port=port, order=order, other=other, line=line, address=address, frames=frames)


@pytest.mark.parametrize("changed", [{"line": 97}, {"address": "7f99ab"}, {"depth": 9}])
def test_lines_addresses_and_depths_do_not_count(changed):
    assert fingerprint(trace(**changed)) == fingerprint(trace())


def test_a_fingerprint_names_the_version_of_its_algorithm():
    assert fingerprint(trace()).startswith("2:")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AxiosError: Request failed with status code 500", "AxiosError: Request failed with status code 401"),
        ("KeyError: 'id'", "KeyError: 'name'"),
        ("assert 5 == 5", "assert 5 == 6"),
        ("ValueError: x", "TypeError: x"),
    ],
)
def test_other_causes_have_other_fingerprints(one, other):
    assert fingerprint(one) != fingerprint(other)


def test_equal_values_stay_equal_where_they_are_masked():
    assert masked("5 == 5") == masked("7 == 7") == "<number:1> == <number:1>"
    assert masked("5 == 6") == "<number:1> == <number:2>"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at 127.0.0.1:5432", "at <host:1>"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id <uuid:1>"),
        ("on 2026-01-02T03:04:05Z", "on <time:1>"),
        ("in /srv/shop/cart.py", "in <path>/cart.py"),
        ("in /tmp/pytest-of-me/x3/cart.py", "in <path:1>"),
        ("cart.py:12 and line 7", "cart.py<line> and <line>"),
    ],
)
def test_what_differs_from_run_to_run_is_masked(text, said):
    assert masked(text) == said


@given(st.text())
def test_masking_what_is_masked_keeps_its_length_in_lines(text):
    assert masked(text).count("\n") == text.count("\n")
