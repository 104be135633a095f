"""What a failure says is taken apart, whatever language it speaks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testflow_regex_analyzer import RegexAnalyzer
from testflow_regex_analyzer.reading import account_of

from testflow_core.model import Context
from testflow_core.testing import failure

CHAINED = """\
    def connect():
>       raise ConnectionRefusedError(111, "Connection refused")
E       ConnectionRefusedError: [Errno 111] Connection refused

shop/db.py:7: ConnectionRefusedError

The above exception was the direct cause of the following exception:

    def test_order():
>       connect()

tests/test_order.py:12: in test_order
_ _ _ _ _ _ _ _ _ _ _ _

>       raise RuntimeError("no database") from error
E       RuntimeError: no database

shop/db.py:9: RuntimeError
----------------------------- Captured stderr call -----------------------------
starting shop
"""
JAVA = """\
java.lang.RuntimeException: cannot load the cart
\tat shop.Cart.load(Cart.java:10)
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.net.ConnectException: Connection refused
\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)
\t... 12 more
"""
NODE = """\
TypeError: fetch failed
    at node:internal/deps/undici/undici:14976:13
    at Object.<anonymous> (/srv/cart.test.js:43:3)
  [cause]: Error: connect ECONNREFUSED 127.0.0.1:1
      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16)
"""
PLAIN = """\
Traceback (most recent call last):
  File "shop.py", line 3, in <module>
    connect()
  File "db.py", line 7, in connect
    raise ConnectionRefusedError(111, "Connection refused")
ConnectionRefusedError: [Errno 111] Connection refused

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "shop.py", line 5, in <module>
    raise RuntimeError("no database")
RuntimeError: no database
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (CHAINED, ["RuntimeError", "ConnectionRefusedError"]),
        (JAVA, ["java.lang.RuntimeException", "java.net.ConnectException"]),
        (NODE, ["TypeError", "Error"]),
        (PLAIN, ["RuntimeError", "ConnectionRefusedError"]),
    ],
    ids=["pytest", "java", "node", "plain"],
)
def test_the_chain_is_read_from_the_last_exception_to_its_cause(text, names):
    assert [each.raised.name for each in account_of(failure(text=text)).exhibits] == names


@pytest.mark.parametrize("text", [CHAINED, JAVA, NODE, PLAIN], ids=["pytest", "java", "node", "plain"])
def test_the_cause_decides_over_what_wraps_it(text):
    (made,) = RegexAnalyzer().analyze((failure(text=text),), Context())
    assert made.category == "network/refused"


def test_the_failing_line_and_captured_output_are_found():
    account = account_of(failure(text=CHAINED))
    assert account.frame is not None
    assert (account.frame.file, account.frame.source) == ("shop/db.py", 'raise RuntimeError("no database") from error')
    assert [(log.kind, log.text.strip()) for log in account.logs] == [("stderr", "starting shop")]


def test_frames_of_the_platform_are_not_the_applications():
    frame = account_of(failure(text=JAVA)).frame
    assert frame is not None
    assert (frame.file, frame.function) == ("shop.Cart", "load")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("OSError: [Errno 28] x", "errno:ENOSPC"),
        ("Error: listen EADDRINUSE: address", "errno:EADDRINUSE"),
        ("HTTPError: 503 Server Error: x", "status:5xx"),
        ("CalledProcessError: Command 'x' returned non-zero exit status 127.", "exit:127"),
        ("Error: process exited with code 137", "signal:SIGKILL"),
        ("CalledProcessError: Command 'x' died with <Signals.SIGSEGV: 11>.", "signal:SIGSEGV"),
    ],
)
def test_codes_are_read(message, code):
    assert code in account_of(failure(message=message)).exhibits[0].raised.codes


PIECES = st.text() | st.lists(
    st.sampled_from([*CHAINED.split("\n"), *JAVA.split("\n"), *NODE.split("\n"), *PLAIN.split("\n"), "\0", "\udcff"]),
    max_size=30,
).map("\n".join)


@settings(max_examples=300)
@given(message=PIECES, text=PIECES, stdout=PIECES, stderr=PIECES)
def test_any_text_is_survived_and_gets_one_diagnosis(message, text, stdout, stderr):
    of = failure(message=message, text=text, stdout=stdout, stderr=stderr)
    with_re2, without = (RegexAnalyzer(linear=linear).analyze((of,), Context()) for linear in (True, False))
    assert list(with_re2) == list(without)
    assert len(list(with_re2)) == 1


@pytest.mark.parametrize(
    "text",
    ["x" * 5_000_000, "\x1b[31m" * 100_000 + "red", "E   \n" * 100_000, "Caused by: a.B: c\n" * 50_000, "\0" * 100_000],
    ids=["no newline", "escapes", "empty explanations", "endless causes", "nul"],
)
def test_megabytes_are_survived(text):
    (made,) = RegexAnalyzer().analyze((failure(text=text, stderr=text),), Context())
    assert made.category


CHAIN = """Traceback (most recent call last):
  File "/shop/src/first.py", line 1, in first
    x[0]
  File "/usr/lib/python3.12/json/decoder.py", line 9, in decode
    raise
KeyError: 0

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/shop/src/pay.py", line 5, in pay
    query()
  File "/shop/src/db.py", line 7, in query
    connect()
ConnectionError: refused

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/shop/tests/test_pay.py", line 3, in test_pay
    pay()
  File "/shop/src/pay.py", line 9, in pay
    raise PayError
PayError: not paid
"""


def test_frames_are_those_of_the_root_of_the_cause_first_and_no_librarys_each_line_once():
    (made,) = RegexAnalyzer().analyze((failure(text=CHAIN),), Context())
    assert [*zip(made.frames, made.lines, strict=True)] == [
        ("/shop/src/db.py", 7),
        ("/shop/src/pay.py", 5),
        ("/shop/src/pay.py", 9),
        ("/shop/tests/test_pay.py", 3),
        ("/shop/src/first.py", 1),
    ]


def test_files_of_frames_are_told_where_the_category_is_unknown():
    text = "Oddity: so\n    at pay (/shop/src/pay.js:3:4)\n    at Object.run (/shop/node_modules/jest/a.js:1:1)\n"
    (made,) = RegexAnalyzer(pack=False).analyze((failure(text=text),), Context())
    assert (made.category, made.frames) == ("unknown", ("/shop/src/pay.js",))
