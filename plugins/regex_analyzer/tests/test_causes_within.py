"""A cause is found where frameworks and programs name it: below the message, within it, in what was printed."""

import pytest
from testflow_regex_analyzer import RegexAnalyzer
from testflow_regex_analyzer.headers import header
from testflow_regex_analyzer.reading import account_of

from testflow_core.model import Context
from testflow_core.testing import failure

JEST = """\
Error: orders could not be loaded
    at Object.load (/srv/shop/orders.js:13:106)

[cause]: AxiosError: Request failed with status code 503
    at settle (/srv/shop/node_modules/axios/dist/node/axios.cjs:2671:12)
"""
SEVERAL = """\
AggregateError: All promises were rejected

[errors]: Error: connect ECONNREFUSED 127.0.0.1:1
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)
"""


def category(**said):
    (made,) = RegexAnalyzer().analyze((failure(**said),), Context())
    return made.category


@pytest.mark.parametrize(("text", "cause"), [(JEST, "service/5xx"), (SEVERAL, "network/refused")])
def test_a_cause_at_the_beginning_of_a_line_is_read(text, cause):
    assert category(message=text.partition("\n")[0], text=text) == cause


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("java.util.concurrent.ExecutionException: java.net.ConnectException: Connection refused", "network/refused"),
        ('java.lang.RuntimeException: java.lang.NumberFormatException: For input string: "x"', "data/parse"),
        ("java.util.concurrent.CompletionException: java.util.ConcurrentModificationException", "concurrency/race"),
    ],
)
def test_the_message_of_a_wrapper_is_the_account_of_what_it_wraps(message, cause):
    assert category(message=message) == cause


def test_a_message_that_only_begins_like_a_class_wraps_nothing():
    account = account_of(failure(message="RuntimeError: shop.cart: is empty"))
    assert [each.kind for each in account.exhibits] == ["message"]


@pytest.mark.parametrize("end", ["exit status 1", "2", "the command ended with exit code 2", "process exited (1)"])
@pytest.mark.parametrize(
    ("printed", "cause"),
    [
        ("bash: line 1: SHOP_TOKEN: unbound variable", "configuration/missing_env"),
        ("Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nKeyError: 'total'", "code/key"),
        ("src/cart.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.", "code/syntax"),
    ],
)
@pytest.mark.parametrize("stream", ["stderr", "stdout"])
def test_where_a_program_has_only_ended_its_own_words_are_the_account(end, printed, cause, stream):
    assert category(message=end, **{stream: printed}) == cause


def test_what_a_program_complains_in_comes_before_what_it_prints():
    said = {"stdout": "TypeError: x is not a function", "stderr": "cp: error writing 'a': No space left on device"}
    assert category(message="exit status 1", **said) == "resource/disk_full"


def test_a_program_that_says_nothing_has_ended_with_its_code():
    assert category(message="exit status 3", stderr="starting\n") == "crash/exit_code"


def test_what_was_printed_is_no_account_of_a_failure_that_says_more():
    account = account_of(failure(message="AssertionError: assert 1 == 2", stderr="KeyError: 'total'"))
    assert [log.exhibits for log in account.logs] == [()]
    assert category(message="AssertionError: assert 1 == 2", stderr="KeyError: 'total'") == "assertion/equality"


def test_a_class_that_a_test_defines_is_known_by_its_name():
    assert header("test_cart.test_pay.<locals>.ConfigError: SHOP_TOKEN is empty") == (
        "test_cart.test_pay.ConfigError",
        "SHOP_TOKEN is empty",
    )


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("java.lang.AssertionError: no mail was sent after connection reset", "assertion/fail"),
        ("AssertionError: server should answer 200, got HTTP 503", "service/5xx"),
        ("AssertionError: head: error writing 'standard output': No space left on device", "resource/disk_full"),
    ],
)
def test_words_in_a_tests_own_sentence_are_no_cause_and_what_machines_write_is(message, cause):
    assert category(message=message) == cause
