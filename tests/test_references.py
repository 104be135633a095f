"""References in braces: what they are, what they become, and what is told of those that nobody knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.errors import UnknownReferenceError
from testflow_core.references import names, resolve, unknown

VALUES = {"payment-db.host": "127.0.0.1", "payment-db.port": "5432", "test_path": "tests/test_a.py", "1": "processor"}


def escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("", ""),
        ("plain text, $HOME, %s, <b>", "plain text, $HOME, %s, <b>"),
        ("{payment-db.host}", "127.0.0.1"),
        ("http://{payment-db.host}:{payment-db.port}/", "http://127.0.0.1:5432/"),
        ("tests/test_{1}.py", "tests/test_processor.py"),
        ("{1}{1}", "processorprocessor"),
        ("{{1}}", "{1}"),
        ("{{{1}}}", "{processor}"),
        ("{{{{", "{{"),
        ('{{"path": "{test_path}"}}', '{"path": "tests/test_a.py"}'),
    ],
)
def test_references_become_their_values_and_doubled_braces_braces(text: str, resolved: str):
    assert resolve(text, VALUES) == resolved


def test_names_are_the_references_in_order_with_repetitions():
    assert names("{b.x} {{no}} {a-1.y} {b.x} {items[0].id}") == ("b.x", "a-1.y", "b.x", "items[0].id")


def test_a_value_that_looks_like_a_reference_is_left_as_it_is():
    assert resolve("{a}{b}", {"a": "{b}", "b": "{{"}) == "{b}{{"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "}",
        "{}",
        "{a",
        "a}",
        "{a}}",
        "{{a}",
        "{a b}",
        "{a|upper}",
        "{a()}",
        "{a!r}",
        "{a:>5}",
        "{a/b}",
        "{ a }",
        "{{a}{",
    ],
)
def test_an_open_brace_or_an_expression_is_no_reference(text: str):
    message = r"is no reference; write \{\{ or \}\} for a brace"
    with pytest.raises(UnknownReferenceError, match=message):
        names(text)
    with pytest.raises(UnknownReferenceError, match=message):
        resolve(text, {"a": "x"})


def test_an_unknown_reference_is_told_with_the_nearest_and_all_known_ones():
    with pytest.raises(UnknownReferenceError) as raised:
        resolve("{payment-db.hots}", VALUES)
    assert str(raised.value) == (
        "unknown reference {payment-db.hots}; did you mean {payment-db.host}? "
        "(known: {1}, {payment-db.host}, {payment-db.port}, {test_path})"
    )


def test_where_nothing_is_known_that_is_told():
    assert unknown("x", ()) == "unknown reference {x} (known: none)"


BRACES = st.text(alphabet="{}a.1-[] \n", max_size=20)
NAMES = st.from_regex(r"[a-z0-9_.\[\]-]{1,12}", fullmatch=True)


@given(text=st.text() | BRACES)
def test_escaped_text_comes_back_as_it_was(text: str):
    assert names(escaped(text)) == ()
    assert resolve(escaped(text), {}) == text


@given(before=BRACES, name=NAMES, value=st.text(), after=BRACES)
def test_a_reference_is_resolved_between_any_escaped_texts(before: str, name: str, value: str, after: str):
    text = f"{escaped(before)}{{{name}}}{escaped(after)}"
    assert names(text) == (name,)
    assert resolve(text, {name: value}) == f"{before}{value}{after}"


@given(text=BRACES | st.text())
def test_any_text_is_resolved_with_the_values_of_its_names_or_refused(text: str):
    try:
        found = names(text)
    except UnknownReferenceError:
        with pytest.raises(UnknownReferenceError):
            resolve(text, VALUES)
        return
    assert isinstance(resolve(text, dict.fromkeys(found, "")), str)
    if found:
        with pytest.raises(UnknownReferenceError):
            resolve(text, {})
