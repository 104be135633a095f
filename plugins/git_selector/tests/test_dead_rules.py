"""A mapping rule that can have no effect is told, whether it matches no file or leads to no test."""

import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testflow_git_selector import SelectByChange, SelectByComponent, SelectByRules, wording
from testflow_git_selector.checkout_files import listed
from testflow_git_selector.dead_rules import dead_rules
from testflow_git_selector.file_index import FileIndex

from testflow_core.model import Application, Change, Context, MappingRule, TestCase, TestSelection

FILES = ("README.md", "shop/cart.py", "shop/prices.py", "tests/test_cart.py")
TESTS = ("tests/test_cart.py",)


def rule(source, test="tests/test_{1}.py"):
    return MappingRule(source_pattern=re.compile(source), test_pattern=test)


def told(*rules, files=FILES, tests=TESTS):
    return [wording.dead(each) for each in dead_rules(rules, files, FileIndex.of(tests))]


def test_a_rule_that_matches_no_file_is_told_with_what_paths_look_like():
    assert told(rule("src/shop/(.*).py")) == [
        (
            "rule src/shop/(.*).py → tests/test_{1}.py matches no file of the checkout; check its source_pattern: "
            "whole paths from the top of it, such as README.md, are matched"
        )
    ]


def test_a_rule_that_leads_to_no_test_is_told_with_where_it_leads():
    assert told(rule("shop/(.*).py", "tests/unit/test_{1}.py"), rule("README.md", "docs/")) == [
        (
            "rule shop/(.*).py → tests/unit/test_{1}.py leads to no test from any of 2 files and so has no effect; "
            "check its test_pattern: there is none at tests/unit/test_cart.py for shop/cart.py"
        ),
        (
            "rule README.md → docs/ leads to no test from the file that it matches, README.md, and so has no effect; "
            "check its test_pattern: there is none at docs/**"
        ),
    ]


def test_a_rule_that_leads_from_one_of_its_files_to_a_test_is_in_order():
    assert told(rule("shop/(.*).py"), rule(r"(?i)SHOP/(.*)\.PY"), rule("nowhere|shop/.*", "tests/")) == []


def test_nothing_is_told_where_no_file_could_be_listed_and_of_tests_where_there_are_none():
    assert told(rule("nowhere"), files=()) == []
    assert told(rule("shop/(.*).py"), tests=()) == []


@given(
    pattern=st.sampled_from(
        ["shop/ca*.*", "shopp?/.*", "s+.*", "(?x) shop / .*", "[rs]hop/.*", "", "^shop/.*", "shop/cart.py", ".*"]
    ),
    files=st.lists(st.sampled_from([*FILES, "sho/x.py", "shop/c", "ss"]), min_size=1, unique=True),
)
def test_a_rule_is_told_exactly_if_it_matches_no_file_however_it_is_looked_for(pattern, files):
    matched = any(re.fullmatch(pattern, file) for file in files)
    assert bool(told(rule(pattern, "**"), files=sorted(files))) is not matched


@pytest.fixture
def checkout(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    return tmp_path


def test_the_files_are_those_that_git_knows(checkout):
    for words in (["init", "-q"], ["add", "shop", "README.md"]):
        subprocess.run(["git", "-C", str(checkout), *words], check=True)
    assert listed(checkout) == FILES[:3]
    assert listed(checkout / "shop") == ("cart.py", "prices.py")


def test_without_git_the_files_are_those_that_are_there(checkout):
    (checkout / "node_modules").mkdir()
    (checkout / "node_modules/x.js").write_text("")
    assert listed(checkout) == FILES


def test_too_many_files_are_none(checkout, monkeypatch):
    monkeypatch.setattr("testflow_git_selector.checkout_files._MOST", 3)
    assert listed(checkout) == ()


@pytest.mark.parametrize("selector", [SelectByChange(), SelectByComponent(), SelectByRules()])
class TestSelectors:
    def warnings(self, selector, checkout, *rules, changed=("tests/test_cart.py",)):
        context = Context(
            application=Application(name="shop", path=checkout),
            change=Change(application="shop", files=changed, reason="declared"),
            selection=TestSelection(application="shop", mapping_rules=rules),
        )
        tests = [TestCase(application="shop", file=file) for file in TESTS]
        known = Context(
            application=context.application,
            change=context.change,
            selection=context.selection,
            evidence=selector.gather(context),
        )
        return [each for each in selector.warnings(tests, known) if each.startswith("rule ")]

    def test_every_selector_with_rules_tells_those_without_effect(self, selector, checkout):
        assert len(self.warnings(selector, checkout, rule("nowhere/.*"), rule("shop/.*", "nowhere/"))) == 2

    def test_what_is_gone_by_the_change_was_a_file(self, selector, checkout):
        assert self.warnings(selector, checkout, rule("old.py", "tests/"), changed=("old.py",)) == []

    def test_a_rule_that_fails_for_this_very_change_is_told_once(self, selector, checkout):
        (said,) = self.warnings(selector, checkout, rule("shop/.*", "nowhere/"), changed=("shop/cart.py",))
        assert "explains nothing for shop/cart.py" in said

    def test_without_rules_nothing_is_listed(self, selector, checkout):
        assert self.warnings(selector, checkout) == []
