"""What selectors can do besides: tell what of a change no test reaches, and which tests of a file must run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from testflow_core.interfaces import Covers, Narrows
from testflow_core.model import Application, Change, Choice, Context
from testflow_core.testing.contracts.samples import TESTS, to_be_answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.interfaces import Selector
    from testflow_core.model import Uncovered

_SHOP = Application(name="shop")
CHOICES = tuple(
    Choice(test=test, selected=place % 2 == 0, reason="drawn for the contract") for place, test in enumerate(TESTS)
)


def _context(files: tuple[str, ...] | None) -> Context:
    change = Change(application="shop", files=files, reason="told for the contract")
    return Context(application=_SHOP, change=change)


class SelectorThatCovers:
    """What holds of a Selector that `Covers`; inherited beside SelectorContract."""

    @pytest.fixture
    def covering(self, selector: Selector) -> Covers:
        """The plugin, asked for what no test reaches."""
        assert isinstance(selector, Covers), "the core asks whoever has the method `uncovered`"
        return selector

    @pytest.fixture
    def untested(self) -> tuple[Sequence[Choice], Context]:
        """Choices, and a context with a changed file that none of those that run reaches."""
        raise to_be_answered("untested", "choices and a Context in which a changed file is reached by none of them")

    def test_what_no_test_reaches_is_told_of_the_change_with_a_reason(
        self, covering: Covers, untested: tuple[Sequence[Choice], Context]
    ) -> None:
        _, context = untested
        told = list(covering.uncovered(*untested))
        assert told, "a changed file is reached by no test that runs: say so"
        assert context.application is not None
        assert context.change is not None
        for each in told:
            assert each.application == context.application.name
            assert each.file in (context.change.files or ()), f"{each.file} did not change"
            assert each.reason.strip(), "a person wants to check how that is known"

    def test_each_part_of_the_change_is_told_once(
        self, covering: Covers, untested: tuple[Sequence[Choice], Context]
    ) -> None:
        parts = [(each.file, each.unit) for each in covering.uncovered(*untested)]
        assert len(parts) == len(set(parts)), f"a part stands twice in {parts}"

    def test_the_same_parts_are_told_again(self, covering: Covers, untested: tuple[Sequence[Choice], Context]) -> None:
        assert list(covering.uncovered(*untested)) == list(covering.uncovered(*untested)), "a selector is pure"

    def test_of_no_test_more_is_told_than_of_all(
        self, covering: Covers, untested: tuple[Sequence[Choice], Context]
    ) -> None:
        choices, context = untested

        def certain(selected: bool) -> set[tuple[str, str]]:
            those = [evolve(each, selected=selected) for each in choices]
            return {(each.file, each.unit) for each in covering.uncovered(those, context) if each.known}

        assert certain(selected=True) <= certain(selected=False), "a test that runs as well takes nothing away"

    def test_a_change_nobody_knows_is_told_as_unknown(self, covering: Covers) -> None:
        told: list[Uncovered] = list(covering.uncovered(CHOICES, _context(None)))
        assert told, "nobody knows what changed, so nobody knows what is tested of it: say so"
        assert not any(each.known for each in told), "what is not known is `known=False`"

    @pytest.mark.parametrize("context", [Context(), _context(())], ids=["nothing", "no changed file"])
    def test_where_nothing_changed_nothing_is_untested(self, covering: Covers, context: Context) -> None:
        assert list(covering.uncovered(CHOICES, context)) == []

    @pytest.mark.parametrize("choices", [(), CHOICES], ids=["no choice", "choices"])
    def test_a_file_nobody_has_looked_at_is_no_exception(self, covering: Covers, choices: Sequence[Choice]) -> None:
        told = list(covering.uncovered(choices, _context(("src/cart.py", "web/cart.ts", "odd name ü.bin"))))
        assert all(each.reason.strip() for each in told)


class SelectorThatNarrows:
    """What holds of a Selector that `Narrows`; inherited beside SelectorContract."""

    @pytest.fixture
    def narrowing(self, selector: Selector) -> Narrows:
        """The plugin, asked for the single tests of files."""
        assert isinstance(selector, Narrows), "the core asks whoever has the method `narrowed`"
        return selector

    @pytest.fixture
    def narrowed(self) -> tuple[Sequence[Choice], Context]:
        """Choices that stand for files, and a context in which of one that runs not all tests must."""
        raise to_be_answered("narrowed", "choices of files and a Context in which only some tests of one must run")

    def test_the_single_tests_are_those_of_a_file_that_runs(
        self, narrowing: Narrows, narrowed: tuple[Sequence[Choice], Context]
    ) -> None:
        choices, _ = narrowed
        running = {each.test for each in choices if each.selected}
        told = narrowing.narrowed(*narrowed)
        assert told, "of a file that runs only some tests must: say so"
        for file, single in told.items():
            assert file in running, f"{file.id} does not run"
            assert {evolve(each.test, name=None) for each in single} == {file}, "each is a test of the file"

    def test_some_of_them_run_and_some_do_not_each_with_a_reason(
        self, narrowing: Narrows, narrowed: tuple[Sequence[Choice], Context]
    ) -> None:
        for single in narrowing.narrowed(*narrowed).values():
            assert {each.selected for each in single} == {True, False}, "where all of a file runs nothing is narrowed"
            assert all(each.test.name for each in single), "a single test has a name"
            assert all(each.reason.strip() for each in single), "a person wants to know why"
            assert len({each.test for each in single}) == len(single), "each test once"

    def test_where_nobody_looked_nothing_is_narrowed(self, narrowing: Narrows) -> None:
        assert not narrowing.narrowed(CHOICES, Context()), "what is not known to be safe to leave out runs"
