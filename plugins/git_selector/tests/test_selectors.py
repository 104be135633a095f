"""The selectors `change-based`, `component-based` and `rules`."""

import re
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testflow_git_selector import SelectByChange, SelectByComponent, SelectByRules

from testflow_core.interfaces import Selector, Warns
from testflow_core.model import Application, Change, Choice, Context, MappingRule, TestCase, TestSelection

Rules = Sequence[tuple[str, str]]

EVERY_SELECTOR = pytest.mark.parametrize("selector", [SelectByChange(), SelectByComponent(), SelectByRules()])
FULL_SELECTOR = pytest.mark.parametrize("selector", [SelectByChange(), SelectByComponent()])
QUICKSTART = [("src/payment/(.*).py", "tests/test_{1}.py")]


def case(name: str) -> TestCase:
    file, _, test = name.partition("::")
    return TestCase(application="pay", file=file, name=test or None)


def context(changed: Iterable[str] | None, rules: Rules = ()) -> Context:
    mapping = tuple(MappingRule(source_pattern=re.compile(source), test_pattern=test) for source, test in rules)
    return Context(
        application=Application(name="pay"),
        change=Change(application="pay", files=None if changed is None else tuple(changed), reason="declared"),
        selection=TestSelection(application="pay", mapping_rules=mapping),
    )


def choices(
    selector: Selector, tests: Iterable[str], changed: Iterable[str] | None, rules: Rules = ()
) -> dict[str, Choice]:
    made = selector.select([case(test) for test in tests], context(changed, rules))
    return {choice.test.id.removeprefix("pay::"): choice for choice in made}


def selected(selector: Selector, tests: Iterable[str], changed: Iterable[str], rules: Rules = ()) -> list[str]:
    return [test for test, choice in choices(selector, tests, changed, rules).items() if choice.selected]


def warnings(selector: Selector, tests: Iterable[str], changed: Iterable[str] | None, rules: Rules = ()) -> list[str]:
    assert isinstance(selector, Warns)
    return list(selector.warnings([case(test) for test in tests], context(changed, rules)))


class TestWithoutChangedFiles:
    @EVERY_SELECTOR
    def test_an_unknown_change_selects_all_tests_with_its_reason(self, selector: Selector):
        unknown = Context(
            application=Application(name="pay"),
            change=Change(application="pay", files=None, reason="git is not installed"),
            selection=TestSelection(application="pay"),
        )
        made = list(selector.select([case("tests/test_a.py"), case("tests/test_b.py::test_x")], unknown))
        assert [choice.selected for choice in made] == [True, True]
        assert {choice.reason for choice in made} == {
            "what changed in pay is not known: git is not installed: all tests run"
        }
        assert isinstance(selector, Warns)
        assert list(selector.warnings([case("tests/test_a.py")], unknown)) == []

    @EVERY_SELECTOR
    def test_a_change_that_nobody_was_asked_for_selects_all_tests(self, selector: Selector):
        (choice,) = selector.select([case("tests/test_a.py")], Context())
        assert choice.selected
        assert choice.reason == "nobody was asked what changed in the application: all tests run"

    @EVERY_SELECTOR
    def test_no_changed_file_skips_all_tests_and_says_who_says_so(self, selector: Selector):
        made = choices(selector, ["tests/test_a.py", "tests/test_b.py"], [], QUICKSTART)
        assert {(choice.selected, choice.reason) for choice in made.values()} == {
            (False, "nothing changed in pay: declared")
        }
        assert warnings(selector, ["tests/test_a.py"], [], QUICKSTART) == []

    @EVERY_SELECTOR
    def test_without_tests_there_are_no_choices(self, selector: Selector):
        assert choices(selector, [], ["src/a.py"], QUICKSTART) == {}

    def test_without_a_selection_there_are_no_rules(self):
        change = Change(application="pay", files=("tests/test_a.py",), reason="declared")
        made = SelectByChange().select([case("tests/test_a.py"), case("tests/test_b.py")], Context(change=change))
        assert [choice.selected for choice in made] == [True, False]


class TestReasons:
    @EVERY_SELECTOR
    def test_a_rule_is_named_with_the_file_that_it_matched(self, selector: Selector):
        made = choices(selector, ["tests/test_processor.py"], ["src/payment/processor.py"], QUICKSTART)
        assert made["tests/test_processor.py"].reason == (
            "src/payment/processor.py changed → rule src/payment/(.*).py → tests/test_{1}.py"
        )

    def test_a_changed_test_file_is_named(self):
        made = choices(SelectByChange(), ["tests/test_a.py::test_x", "tests/test_b.py"], ["tests/test_a.py"])
        assert made["tests/test_a.py::test_x"].reason == "tests/test_a.py changed"

    def test_a_component_is_named(self):
        made = choices(SelectByComponent(), ["src/form/__tests__/Form.test.js"], ["src/form/Form.js"])
        reason = made["src/form/__tests__/Form.test.js"].reason
        assert reason == "src/form/Form.js changed in component src/form"

    @FULL_SELECTOR
    def test_an_unexplained_file_is_named_as_the_reason_of_all_others(self, selector: Selector):
        made = choices(selector, ["tests/test_a.py", "e2e/test_b.py"], ["tests/test_a.py", "README.md"])
        assert made["e2e/test_b.py"].reason == (
            "README.md changed and nothing says which tests it concerns: all tests run"
        )
        assert made["tests/test_a.py"].reason.startswith("tests/test_a.py changed")

    def test_a_skipped_test_names_the_changed_files(self):
        one = choices(SelectByRules(), ["tests/test_b.py"], ["src/a.py"])
        assert one["tests/test_b.py"].reason == "no change concerns it (changed: src/a.py)"
        two = choices(SelectByRules(), ["tests/test_b.py"], ["src/a.py", "src/c.py"])
        assert two["tests/test_b.py"].reason == "no change concerns it (changed: src/a.py, src/c.py, 2 files)"

    def test_of_many_files_the_first_few_and_the_number_are_named(self):
        files = [f"docs/{number}.md" for number in range(1000)]
        made = choices(SelectByChange(), ["tests/test_a.py"], files)
        assert made["tests/test_a.py"].reason == (
            "docs/0.md, docs/1.md, docs/2.md and 997 more changed and nothing says which tests they concern: "
            "all tests run"
        )
        made = choices(SelectByRules(), ["tests/test_a.py"], files)
        reason = made["tests/test_a.py"].reason
        assert reason == "no change concerns it (changed: docs/0.md, docs/1.md, docs/2.md, …, 1000 files)"

    def test_of_many_reasons_the_first_few_and_the_number_are_named(self):
        files = [f"src/{number}.py" for number in range(6)]
        rules = [(file, "tests/test_a.py") for file in files]
        made = choices(SelectByChange(), ["tests/test_a.py"], [*files, "tests/test_a.py"], rules)
        assert made["tests/test_a.py"].reason == (
            "tests/test_a.py changed; src/0.py changed → rule src/0.py → tests/test_a.py; "
            "src/1.py changed → rule src/1.py → tests/test_a.py; and 4 more"
        )

    def test_a_name_that_is_not_printable_is_escaped(self):
        made = choices(SelectByChange(), ["tests/test_a.py"], ["docs/\x1b[31m\n\udcff é.md"])
        assert "docs/\\x1b[31m\\n\\udcff é.md changed" in made["tests/test_a.py"].reason


class TestRules:
    TESTS = (
        "tests/test_a.py",
        "tests/test_b.py",
        "tests/unit/test_a.py",
        "tests/unit/deep/test_a_more.py",
        "tests/unit/deep/test_b.py",
        "tests/[x]/test_a.py",
        "tests/xx/test_{a}.py",
        "test_top.py",
    )

    @pytest.mark.parametrize(
        ("source", "pattern", "expected"),
        [
            ("src/(.*).py", "tests/test_{1}.py", ["tests/test_a.py"]),
            ("src/(.*).py", "./tests/test_{1}.py", ["tests/test_a.py"]),
            ("src/(.*).py", "tests/test_{1}.py::test_x", ["tests/test_a.py"]),
            ("src/(?P<name>.*).py", "tests/test_{name}.py", ["tests/test_a.py"]),
            ("src/(a)(x)?.py", "tests/test_{1}{2}.py", ["tests/test_a.py"]),
            ("src/(.*).py", "tests/*/test_{1}.py", ["tests/unit/test_a.py", "tests/[x]/test_a.py"]),
            ("src/(.*).py", "**/test_{1}.py", ["tests/test_a.py", "tests/unit/test_a.py", "tests/[x]/test_a.py"]),
            ("src/(.*).py", "tests/unit/**/test_{1}*.py", ["tests/unit/test_a.py", "tests/unit/deep/test_a_more.py"]),
            ("src/(.*).py", "tests/test_?.py", ["tests/test_a.py", "tests/test_b.py"]),
            (
                "src/.*",
                "tests/unit/",
                ["tests/unit/test_a.py", "tests/unit/deep/test_a_more.py", "tests/unit/deep/test_b.py"],
            ),
            (
                "src/.*",
                "tests/unit/**",
                ["tests/unit/test_a.py", "tests/unit/deep/test_a_more.py", "tests/unit/deep/test_b.py"],
            ),
            ("src/.*", "tests/u**b.py", ["tests/unit/deep/test_b.py"]),
            ("src/.*", "tests/uni**/test_b.py", ["tests/unit/deep/test_b.py"]),
            ("src/.*", "*.py", ["test_top.py"]),
            ("src/.*", "tests/[x]/*", ["tests/[x]/test_a.py"]),
            ("src/.*", "tests/xx/test_{{a}}.py", ["tests/xx/test_{a}.py"]),
            ("src/(.*).py", "tests/**/*_{1}_*", ["tests/unit/deep/test_a_more.py"]),
            ("SRC/.*", "**", []),
            ("rc/a.py", "**", []),
            ("src/a", "**", []),
        ],
    )
    def test_the_test_pattern_names_files(self, source: str, pattern: str, expected: list[str]):
        assert selected(SelectByRules(), self.TESTS, ["src/a.py"], [(source, pattern)]) == expected

    def test_the_text_of_a_group_is_literal(self):
        tests = ["tests/test_a.py", "tests/test_*.py", "tests/x/test_*_more.py", "tests/x/test_a_more.py"]
        rules = [("src/(.*).py", "tests/test_{1}.py"), ("src/(.*).py", "**/test_{1}_more.py")]
        assert selected(SelectByRules(), tests, ["src/*.py"], rules) == ["tests/test_*.py", "tests/x/test_*_more.py"]

    def test_all_tests_of_a_file_are_selected(self):
        tests = ["tests/test_a.py::test_x", "tests/test_b.py::test_x", "tests/test_a.py::test_y"]
        rules = [("src/(.*).py", "tests/test_{1}.py")]
        found = selected(SelectByRules(), tests, ["src/a.py"], rules)
        assert found == ["tests/test_a.py::test_x", "tests/test_a.py::test_y"]

    def test_every_rule_that_matches_counts(self):
        rules = [("src/a.py", "tests/test_a.py"), ("src/.*", "tests/test_b.py")]
        found = selected(SelectByRules(), ["tests/test_a.py", "tests/test_b.py"], ["src/a.py"], rules)
        assert found == ["tests/test_a.py", "tests/test_b.py"]

    def test_a_changed_test_file_needs_a_rule_too(self):
        assert selected(SelectByRules(), ["tests/test_a.py"], ["tests/test_a.py"]) == []


class TestChangeBased:
    TESTS = ("tests/test_a.py", "tests/test_b.py")

    def test_rules_and_changed_test_files_select(self):
        changed = ["src/payment/a.py", "tests/test_b.py"]
        tests = (*self.TESTS, "tests/test_c.py")
        assert selected(SelectByChange(), tests, changed, QUICKSTART) == ["tests/test_a.py", "tests/test_b.py"]

    @pytest.mark.parametrize("changed", ["README.md", "tests/conftest.py", "tests/test_deleted.py", "src/payment/z.py"])
    def test_a_file_that_nothing_explains_selects_all(self, changed: str):
        assert selected(SelectByChange(), self.TESTS, ["tests/test_a.py", changed], QUICKSTART) == list(self.TESTS)


class TestComponentBased:
    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ("src/pay/Form.js", {"src/pay/__tests__/Form.test.js", "src/pay/__tests__/deep/Sum.test.js"}),
            ("src/pay/parts/Line.js", {"src/pay/__tests__/Form.test.js", "src/pay/__tests__/deep/Sum.test.js"}),
            ("src/user/avatar.js", {"src/user/User.test.js"}),
            ("src/user/User.test.js", {"src/user/User.test.js"}),
        ],
    )
    def test_a_component_runs_where_it_holds_a_changed_file(self, changed: str, expected: set[str]):
        tests = ["src/pay/__tests__/Form.test.js", "src/pay/__tests__/deep/Sum.test.js", "src/user/User.test.js"]
        assert set(selected(SelectByComponent(), tests, [changed])) == expected

    def test_a_similar_name_is_another_component(self):
        tests = ["src/pay/__tests__/Form.test.js", "src/payment/__tests__/Form.test.js"]
        assert selected(SelectByComponent(), tests, ["src/payment/Form.js"]) == tests[1:]

    def test_the_innermost_tests_folder_counts(self):
        tests = ["__tests__/pay/__tests__/Form.test.js", "src/User.test.js"]
        assert selected(SelectByComponent(), tests, ["__tests__/pay/Form.js"]) == tests[:1]

    def test_a_file_outside_of_every_component_selects_all(self):
        tests = ["src/pay/__tests__/Form.test.js", "src/user/User.test.js"]
        assert selected(SelectByComponent(), tests, ["src/pay/Form.js", "package.json"]) == tests

    def test_a_test_at_the_top_runs_always_and_explains_nothing(self):
        tests = ["smoke.test.js", "src/pay/Form.test.js", "src/user/User.test.js"]
        assert selected(SelectByComponent(), tests, ["package.json"]) == tests
        assert selected(SelectByComponent(), tests, ["src/pay/Form.js"]) == tests[:2]
        made = choices(SelectByComponent(), tests, ["src/pay/Form.js"])
        assert made["smoke.test.js"].reason == "src/pay/Form.js changed in component of the whole checkout"

    def test_rules_select_besides(self):
        tests = ["src/pay/__tests__/Form.test.js", "src/user/User.test.js", "e2e/all.test.js"]
        rules = [("src/pay/.*", "e2e/*")]
        assert selected(SelectByComponent(), tests, ["src/pay/Form.js"], rules) == [tests[0], tests[2]]


class TestWarnings:
    @EVERY_SELECTOR
    def test_a_rule_that_leads_to_no_test_is_named_with_the_file_and_where_it_pointed(self, selector: Selector):
        found = warnings(selector, ["tests/test_a.py"], ["src/payment/z.py"], QUICKSTART)
        assert found[0] == (
            "rule src/payment/(.*).py → tests/test_{1}.py explains nothing for src/payment/z.py: "
            "there is no test at tests/test_z.py"
        )

    @EVERY_SELECTOR
    def test_one_rule_gives_one_warning_however_many_files_it_matched(self, selector: Selector):
        changed = [f"src/payment/{number}.py" for number in range(5)]
        found = warnings(selector, ["tests/test_a.py"], changed, QUICKSTART)
        assert [warning for warning in found if "explains nothing" in warning] == [
            (
                "rule src/payment/(.*).py → tests/test_{1}.py explains nothing for src/payment/0.py, "
                "src/payment/1.py, src/payment/2.py and 2 more: there is no test at tests/test_0.py, "
                "tests/test_1.py, tests/test_2.py and 2 more"
            )
        ]

    @EVERY_SELECTOR
    def test_a_rule_that_matched_nothing_is_no_warning(self, selector: Selector):
        rules = [*QUICKSTART, ("lib/.*", "tests/missing.py")]
        assert warnings(selector, ["tests/test_a.py"], ["src/payment/a.py"], rules) == []

    def test_rules_alone_warns_of_files_that_no_rule_explains(self):
        found = warnings(
            SelectByRules(), ["tests/test_a.py"], ["src/payment/a.py", "README.md", "setup.py"], QUICKSTART
        )
        assert found == ["README.md and setup.py changed and no rule says which tests to run for that: none are"]


FILES = st.sampled_from(
    ["src/a.py", "src/b.py", "src/pay/c.py", "tests/test_a.py", "tests/pay/test_c.py", "README.md", "src/pay/a*.py"]
)
TESTS = st.lists(
    st.sampled_from(
        ["tests/test_a.py", "tests/test_b.py::test_x", "tests/test_b.py::test_y", "tests/pay/test_c.py", "src/pay/t.py"]
    ),
    unique=True,
)
RULES = st.lists(
    st.sampled_from([("src/(.*).py", "tests/test_{1}.py"), ("src/pay/.*", "tests/pay/**"), ("src/(.).*", "**/*{1}.py")])
)


@EVERY_SELECTOR
@given(tests=TESTS, changed=st.lists(FILES), rules=RULES)
def test_every_test_gets_exactly_one_choice_in_order(
    selector: Selector, tests: list[str], changed: list[str], rules: list[tuple[str, str]]
):
    made = list(selector.select([case(test) for test in tests], context(changed, rules)))
    assert [choice.test for choice in made] == [case(test) for test in tests]
    assert all(choice.reason for choice in made)


@EVERY_SELECTOR
@given(tests=TESTS, changed=st.lists(FILES), more=FILES, rules=RULES)
def test_one_more_changed_file_never_deselects(
    selector: Selector, tests: list[str], changed: list[str], more: str, rules: list[tuple[str, str]]
):
    before = set(selected(selector, tests, changed, rules))
    assert before <= set(selected(selector, tests, [*changed, more], rules))
