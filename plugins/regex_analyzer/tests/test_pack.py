"""The rules that are shipped: every one has examples, and keeps to them."""

import re

import pytest
from testflow_regex_analyzer import RegexAnalyzer, never_fired, shipped_pack
from testflow_regex_analyzer.categories import CATEGORIES
from testflow_regex_analyzer.reading import account_of

from testflow_core.testing import failure

RULES = shipped_pack().rules
RULEBOOK = RegexAnalyzer().rulebook


def fired(text: str) -> list[str]:
    return [hit.rule.id for hit in RULEBOOK.hits(account_of(failure(text=text)))]


@pytest.mark.parametrize(("rule", "example"), [(rule, each) for rule in RULES for each in rule.match])
def test_a_rule_matches_its_examples(rule, example):
    assert rule.id in fired(example)


@pytest.mark.parametrize(("rule", "example"), [(rule, each) for rule in RULES for each in rule.no_match])
def test_a_rule_leaves_its_counterexamples_alone(rule, example):
    assert rule.id not in fired(example)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_examples_of_both_kinds_advice_and_a_category_of_two_levels(rule):
    assert rule.match
    assert rule.advice
    assert rule.no_match
    assert rule.category.count("/") == 1
    assert rule.category.partition("/")[0] in CATEGORIES


def test_ids_are_unique_across_the_files():
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))


def test_every_first_category_has_rules():
    assert {rule.category.partition("/")[0] for rule in RULES} == set(CATEGORIES)


def test_the_examples_of_all_rules_fire_all_rules():
    failures = [failure(text=example) for rule in RULES for example in rule.match]
    assert never_fired(RULEBOOK, failures) == ()


@pytest.mark.parametrize("text", ["a" * 200_000, "assert " * 30_000, "expected: <" * 20_000, ": " * 100_000])
def test_the_rules_end_on_long_lines(text):
    assert isinstance(fired(text), list)


def test_patterns_are_compiled_for_single_lines_in_ascii():
    flags = {says.flags & (re.MULTILINE | re.ASCII) for rule in RULES for says in rule.says}
    assert flags == {re.MULTILINE | re.ASCII}
