"""Causes that are one although their fingerprints differ are found, and others are not."""

import pytest
from testflow_regex_analyzer import RegexAnalyzer
from testflow_regex_analyzer.relating import COMPARED, comparable

from testflow_core.interfaces import Relates
from testflow_core.model import Context, KnownCause
from testflow_core.testing import failure

TRACE = """\
    def {test}():
>       {source}
E       {said}

{file}:{line}: {name}
"""


def cause(said, *, test="test_pay", source="pay(100)", file="tests/test_pay.py", line=12):
    text = TRACE.format(said=said, test=test, source=source, file=file, line=line, name=said.partition(":")[0])
    (made,) = RegexAnalyzer().analyze([failure(message=said, text=text, framework="pytest")], Context())
    return KnownCause(id=made.fingerprint, category=made.category, title=made.title, masked=made.masked)


REFUSED = "psycopg.OperationalError: connection to server at 127.0.0.1, port {} failed: Connection refused"
WORDS = "ValueError: the order {} of the customer cannot be paid for its total is negative and no credit is left {}"


def test_the_analyzer_tells_the_core_that_it_can():
    assert isinstance(RegexAnalyzer(), Relates)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (cause(REFUSED.format(5432)), cause(REFUSED.format(6543), source="refund(5)", test="test_refund")),
        (cause(WORDS.format("a", "b")), cause(WORDS.format("c", "b"))),
    ],
    ids=["a service that refuses, met by another test", "other words at the same place"],
)
def test_one_cause_is_found_among_known_and_among_new_ones(one, other):
    assert one.id != other.id
    assert RegexAnalyzer().related([other], [one]) == {other.id: one.id}
    assert RegexAnalyzer().related([one, other], []) == {other.id: one.id}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (cause(WORDS.format("a", "b")), cause(WORDS.format("a", "b"), source="refund(5)")),
        (cause("KeyError: 'eur'"), cause("KeyError: 'usd'")),
        (cause("ConnectionRefusedError: refused"), cause("ConnectionRefusedError: refused", source="refund(5)")),
        (
            cause("FileNotFoundError: [Errno 2] No such file or directory: '/srv/a/orders.csv'"),
            cause("FileNotFoundError: [Errno 2] No such file or directory: '/srv/a/users.csv'"),
        ),
        (
            cause("requests.exceptions.HTTPError: 500 Server Error: something went wrong for url: http://shop/pay"),
            cause("requests.exceptions.HTTPError: 503 Server Error: something went wrong for url: http://shop/pay"),
        ),
    ],
    ids=["one message at two places", "another value", "nothing named", "another file", "another status"],
)
def test_two_causes_stay_two(one, other):
    assert one.id != other.id
    assert RegexAnalyzer().related([one, other], []) == {}


def test_what_was_written_down_by_another_version_is_not_compared():
    one, other = cause(REFUSED.format(5432)), cause(REFUSED.format(6543), source="refund(5)")
    older = KnownCause(id=one.id, category=one.category, title="", masked=one.masked.replace("1", "0", 1))
    assert RegexAnalyzer().related([other], [older]) == {}


def test_of_many_causes_at_one_place_only_so_many_are_compared():
    many = [
        KnownCause(id=str(at), category="data", title="", masked=comparable(f"{chr(97 + at % 26)}{at} " * 20, "here"))
        for at in range(COMPARED + 1)
    ]
    again = KnownCause(id="again", category="data", title="", masked=many[-1].masked)
    assert RegexAnalyzer().related([again], many) == {}
    again = KnownCause(id="again", category="data", title="", masked=many[0].masked)
    assert RegexAnalyzer().related([again], many) == {"again": "0"}
