"""The contract of selectors."""

from __future__ import annotations

import math
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, overload

import pytest

from testflow_core.interfaces import Selector, Warns
from testflow_core.model import (
    Application,
    Change,
    Choice,
    Context,
    MappingRule,
    Past,
    Status,
    TestCase,
    TestSelection,
    Track,
)
from testflow_core.testing.contracts.samples import TESTS, to_be_answered

_SHOP = Application(name="shop")
_RULE = MappingRule(source_pattern=re.compile(r"src/(.*)\.py"), test_pattern="tests/test_{1}.py")
_SELECTION = TestSelection(application="shop", mapping_rules=(_RULE,))
_TRACK = Track(test=TESTS[1], runs=4, failures=1, last_status=Status.FAILED, mean_duration=2.5)
_PAST = Past(tracks={("shop", "tests/test_cart.py"): (_TRACK,)})


def _context(files: tuple[str, ...] | None, past: Past | None = None) -> Context:
    change = Change(application="shop", files=files, reason="declared")
    return Context(application=_SHOP, change=change, selection=_SELECTION, past=past or Past())


CONTEXTS = {
    "nothing": Context(),
    "a change nobody knows": _context(None),
    "no changed file": _context(()),
    "changed files": _context(("src/cart.py", "tests/api/test_orders.py")),
    "a changed file that explains nothing": _context(("README.md",)),
    "a past": _context(("src/cart.py",), _PAST),
}
_EVERY_CONTEXT = pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)


class _OnlyASequence(Sequence[TestCase]):
    """Tests that are neither a list nor a tuple."""

    @overload
    def __getitem__(self, index: int) -> TestCase: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[TestCase, ...]: ...
    def __getitem__(self, index: int | slice) -> TestCase | tuple[TestCase, ...]:
        return TESTS[index]

    def __len__(self) -> int:
        return len(TESTS)


def _choices(selector: Selector, tests: Sequence[TestCase], context: Context) -> list[Choice]:
    return list(selector.select(tests, context))


class SelectorContract:
    """
    What holds of every Selector.

    `seconds` is the processor time that deciding about 10,000 tests may take.
    """

    seconds: ClassVar[float] = 5.0

    @pytest.fixture
    def selector(self) -> Selector:
        """The plugin."""
        raise to_be_answered("selector", "the Selector under test")

    @_EVERY_CONTEXT
    def test_every_test_has_one_choice_and_no_other_has(self, selector: Selector, context: Context) -> None:
        chosen = Counter(choice.test for choice in _choices(selector, TESTS, context))
        assert chosen == Counter(TESTS), "answer one Choice for each test that is given, run or skipped"

    @_EVERY_CONTEXT
    def test_every_choice_has_a_reason(self, selector: Selector, context: Context) -> None:
        silent = [choice.test.id for choice in _choices(selector, TESTS, context) if not choice.reason.strip()]
        assert not silent, "a person wants to check why a test runs, or why it does not"

    @_EVERY_CONTEXT
    def test_priorities_can_be_compared(self, selector: Selector, context: Context) -> None:
        odd = [choice for choice in _choices(selector, TESTS, context) if not math.isfinite(choice.priority)]
        assert not odd, "tests are sorted by their priority: it is a finite number"

    @_EVERY_CONTEXT
    def test_the_same_is_decided_again(self, selector: Selector, context: Context) -> None:
        first = _choices(selector, TESTS, context)
        assert first == _choices(selector, TESTS, context), "a selector is pure"

    @_EVERY_CONTEXT
    def test_the_order_of_the_tests_does_not_matter(self, selector: Selector, context: Context) -> None:
        shuffled = random.Random(1).sample(TESTS, len(TESTS))  # noqa: S311 - an order, no secret
        assert shuffled != list(TESTS)
        first = {choice.test: choice for choice in _choices(selector, TESTS, context)}
        again = {choice.test: choice for choice in _choices(selector, shuffled, context)}
        assert first == again, "which test comes first is decided later, by `priority`"

    @_EVERY_CONTEXT
    def test_no_test_is_no_choice(self, selector: Selector, context: Context) -> None:
        assert _choices(selector, (), context) == []

    def test_any_sequence_of_tests_will_do(self, selector: Selector) -> None:
        context = CONTEXTS["changed files"]
        assert _choices(selector, _OnlyASequence(), context) == _choices(selector, TESTS, context)

    @pytest.mark.parametrize("name", ["changed files", "a past"])
    def test_ten_thousand_tests_take_no_time(self, selector: Selector, name: str) -> None:
        files = [TestCase(application="shop", file=f"tests/part_{n % 100}/test_{n}.py") for n in range(10_000)]
        started = time.process_time()
        choices = _choices(selector, files, CONTEXTS[name])
        took = time.process_time() - started
        assert len(choices) == len(files)
        assert took < self.seconds, f"{took:.1f} s for 10,000 tests: projects have ten times as many"


class SelectorThatWarns:
    """What holds of a Selector that has `warnings`; inherited beside SelectorContract."""

    @pytest.fixture
    def without_effect(self) -> tuple[Sequence[TestCase], Context]:
        """Tests, and a context of which something has no effect on them."""
        raise to_be_answered("without_effect", "tests and a Context in which something has no effect")

    def test_it_is_found_to_warn(self, selector: Selector) -> None:
        assert isinstance(selector, Warns), "the core asks whoever has the method `warnings`"

    def test_what_has_no_effect_is_told_in_sentences(
        self, selector: Warns, without_effect: tuple[Sequence[TestCase], Context]
    ) -> None:
        told = list(selector.warnings(*without_effect))
        assert told, "something in this selection has no effect: say so"
        assert all(sentence.strip() for sentence in told)

    @_EVERY_CONTEXT
    def test_the_same_warnings_are_told_again(self, selector: Warns, context: Context) -> None:
        assert list(selector.warnings(TESTS, context)) == list(selector.warnings(TESTS, context))

    @_EVERY_CONTEXT
    def test_warnings_about_no_test_are_no_exception(self, selector: Warns, context: Context) -> None:
        assert all(sentence.strip() for sentence in selector.warnings((), context))
