"""What the selectors that a selection names say of its tests: one, or several of which each may choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve, field, frozen

from testflow_core.interfaces import SELECTOR, Covers, Gathers, Narrows, Warns
from testflow_core.model import Choice, TestCase, Uncovered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testflow_core.model import Context, TestSelection
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins

Covering: TypeAlias = Callable[[Sequence[Choice]], tuple[Uncovered, ...]]


@frozen(kw_only=True)
class Decided:
    """
    A choice for every test, and what has no effect in the selection.

    `covering` answers, given all choices of an application, what of its change they leave untested; None where no
    strategy can tell. `narrowed` are, of files that run, the choices of their single tests.
    """

    choices: tuple[Choice, ...]
    narrowed: Mapping[TestCase, Sequence[Choice]] = field(factory=dict["TestCase", "Sequence[Choice]"])
    warnings: tuple[str, ...] = ()
    covering: Covering | None = None


def decided(
    selection: TestSelection, tests: Sequence[TestCase], context: Context, plugins: Plugins, calls: PluginCalls
) -> Decided:
    """What all strategies of a selection say together; of single tests what one says that is alone."""
    said = [_one(name, selection.options_of(name), tests, context, plugins, calls) for name in selection.strategies]
    choices = [each.choices for each in said]
    return Decided(
        choices=choices[0] if len(choices) == 1 else united(selection.strategies, choices),
        narrowed=said[0].narrowed if len(said) == 1 else {},
        warnings=tuple(dict.fromkeys(warning for each in said for warning in each.warnings)),
        covering=next((each.covering for each in said if each.covering is not None), None),
    )


def united(strategies: Sequence[str], said: Sequence[Sequence[Choice]]) -> tuple[Choice, ...]:
    """
    One choice per test out of those of several strategies, each of which has one for every test, in the same order.

    A test runs if any of them chose it. The reason names who did, with the reason of each, else who left it out.
    """
    texts: dict[tuple[tuple[str, str], ...], str] = {}
    found: list[Choice] = []
    for choices in zip(*said, strict=True):
        selected = any(choice.selected for choice in choices)
        reasons = tuple(
            (name, choice.reason)
            for name, choice in zip(strategies, choices, strict=True)
            if choice.selected is selected
        )
        # Of 100,000 tests few have a reason of their own.
        reason = texts.setdefault(reasons, "; ".join(f"{name}: {why}" for name, why in reasons))
        priority = max(choice.priority for choice in choices)
        found.append(Choice(test=choices[0].test, selected=selected, reason=reason, priority=priority))
    return tuple(found)


def _one(
    name: str,
    options: Mapping[str, object],
    tests: Sequence[TestCase],
    context: Context,
    plugins: Plugins,
    calls: PluginCalls,
) -> Decided:
    """What one strategy says."""
    selector = plugins.load(SELECTOR, name, **options)
    known = context
    if isinstance(selector, Gathers):
        looking = selector
        known = evolve(context, evidence=calls.answer(SELECTOR, name, lambda: looking.gather(context), None))
    said = calls.answer(SELECTOR, name, lambda: tuple(selector.select(tests, known)), ())
    warnings: tuple[str, ...] = ()
    if isinstance(selector, Warns):
        warner = selector
        warnings = calls.answer(SELECTOR, name, lambda: tuple(warner.warnings(tests, known)), ())
    covering = _covering(selector, name, known, calls) if isinstance(selector, Covers) else None
    choices = _complete(tests, said, name)
    narrowed: Mapping[TestCase, Sequence[Choice]] = {}
    if isinstance(selector, Narrows):
        narrower = selector
        narrowed = calls.answer(SELECTOR, name, lambda: narrower.narrowed(choices, known), {})
    return Decided(choices=choices, warnings=warnings, covering=covering, narrowed=narrowed)


def of_single_tests(said: Decided) -> tuple[Choice, ...]:
    """The choices, where a file runs and its tests are known those of its tests."""
    return tuple(each for choice in said.choices for each in _of_file(choice, said.narrowed.get(choice.test, ())))


def _of_file(choice: Choice, single: Sequence[Choice]) -> Sequence[Choice]:
    file = (choice.test.application, choice.test.file)
    named = all((each.test.application, each.test.file) == file and each.test.name for each in single)
    return single if choice.selected and named and any(each.selected for each in single) else (choice,)


def _covering(selector: Covers, name: str, known: Context, calls: PluginCalls) -> Covering:
    return lambda choices: calls.answer(SELECTOR, name, lambda: tuple(selector.uncovered(choices, known)), ())


def _complete(tests: Sequence[TestCase], said: Iterable[Choice], name: str) -> tuple[Choice, ...]:
    """A test that a selector says nothing of runs: what is not known to be safe to leave out is not left out."""
    by_test: Mapping[TestCase, Choice] = {choice.test: choice for choice in said}
    silent = f"the selector {name!r} said nothing of it"
    return tuple(by_test.get(test) or Choice(test=test, selected=True, reason=silent) for test in tests)
