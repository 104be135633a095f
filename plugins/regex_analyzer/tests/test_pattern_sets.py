"""Many patterns at once: the same answers by google-re2 and by the standard library."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testflow_regex_analyzer.pattern_sets import (
    Automaton,
    LinearFilter,
    LinearSet,
    OneByOne,
    linear_available,
    translated,
)

pytestmark = pytest.mark.skipif(not linear_available(), reason="google-re2 is not installed")

WRITTEN = [
    "a+b", r"\bfoo\b", "^x", "x$", r"[\w$]+z", "(?i)error", r"\s+", r"\d{2,}", "(?:a|b)*c", r"\.x", "[^a-z]",
    "(a)(?P<n>b)?",
    r"(a)\1", "(?=a)b", r"\Aab", r"ab\Z", "a{,2}b", "é", "a++b", "(?a:\\w)", "(?x) a b", "",
]  # fmt: skip
FLAGS = [re.NOFLAG, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII | re.MULTILINE]
PATTERNS = [re.compile(written, flags) for written in WRITTEN for flags in FLAGS]
TEXTS = st.text(alphabet="abxyzfo \n\x0b\x1c1é.$", max_size=40)


@settings(max_examples=300)
@given(text=TEXTS)
def test_both_find_the_same_patterns(text):
    assert list(LINEAR.matching(text)) == list(OneByOne(PATTERNS).matching(text))


@settings(max_examples=300)
@given(text=TEXTS)
def test_both_find_the_same_where_no_pattern_knows_letters_beyond_ascii(text):
    assert list(LINEAR_ASCII.matching(text)) == list(OneByOne(ASCII_PATTERNS).matching(text))


def test_letters_beyond_ascii_do_not_keep_a_text_from_the_automaton():
    automaton = Automaton([re.compile(r"a.b\b", re.ASCII), re.compile("x", re.ASCII)])
    assert automaton.candidates("aéb é") == [0]


ASCII_PATTERNS = [pattern for pattern in PATTERNS if pattern.flags & re.ASCII]
LINEAR_ASCII = LinearSet(ASCII_PATTERNS) if linear_available() else OneByOne(ASCII_PATTERNS)
LINEAR = LinearSet(PATTERNS) if linear_available() else OneByOne(PATTERNS)


@settings(max_examples=200)
@given(text=TEXTS)
def test_a_filter_passes_whatever_matches(text):
    for pattern in PATTERNS[:60]:
        if pattern.search(text):
            assert LinearFilter([pattern]).may_match(text)


@pytest.mark.parametrize("written", [r"(a)\1", "(?=a)b", r"ab\Z", "a{,2}b", "é", "a++b", "x$"])
def test_what_re2_reads_otherwise_is_left_to_the_standard_library(written):
    assert translated(re.compile(written)) is None


def test_a_catastrophic_pattern_is_filtered_in_linear_time():
    assert LinearFilter([re.compile("(a+)+b")]).may_match("a" * 100_000) is False
