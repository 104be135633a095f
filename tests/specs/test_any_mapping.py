"""Whatever mapping is declared, it is read or told to be wrong with the place; nothing else is ever raised."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testflow_core import specs
from testflow_core.errors import Problem, SpecError

Declared: TypeAlias = tuple[Callable[[object], object], str, dict[str, Any]]

WORDS = st.sampled_from(
    [
        "command",
        "readiness",
        "env",
        "count",
        "schema",
        "5432",
        "a",
        "{",
        "{1}",
        "(",
        "a.b.return",
        "b.c.x",
        "'",
        "",
        "1s",
    ]
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
JSON = st.recursive(
    PLAIN,
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5) | st.integers(), each, max_size=3)
    ),
    max_leaves=8,
)
PATIENT = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def replaced(mapping: object, steps: list[int], value: object) -> object:
    """The mapping with another value somewhere: `steps` say which way to go down at each level."""
    if not steps or not isinstance(mapping, dict | list) or not mapping:
        return value
    changed: Any = copy.copy(cast("object", mapping))
    keys: list[Any] = list(cast("Any", mapping)) if isinstance(mapping, dict) else list(range(len(changed)))
    where = keys[steps[0] % len(keys)]
    changed[where] = replaced(changed[where], steps[1:], value)
    return changed


def problems(declare: Callable[[], object]) -> tuple[Problem, ...] | None:
    """The problems of a declaration, or None where it can be read."""
    try:
        declare()
    except SpecError as error:
        return error.problems
    return None


def reads_or_tells(declare: Callable[[object], object], mapping: object, root: str) -> None:
    told = problems(lambda: declare(mapping))
    assert told is None or told
    assert all(problem.path.startswith(root) and problem.message for problem in told or ())


@PATIENT
@given(data=st.data())
def test_any_mapping_is_read_or_told_to_be_wrong(declaration: Declared, data: st.DataObject):
    declare, root, mapping = declaration
    reads_or_tells(declare, data.draw(st.dictionaries(st.sampled_from(sorted(mapping)) | PLAIN, JSON)), root)


@PATIENT
@given(data=st.data())
def test_any_change_of_a_whole_declaration_is_read_or_told_to_be_wrong(declaration: Declared, data: st.DataObject):
    declare, root, mapping = declaration
    steps = data.draw(st.lists(st.integers(0, 8), min_size=1, max_size=5))
    reads_or_tells(declare, replaced(mapping, steps, data.draw(JSON)), root)


ADDRESSES = st.lists(st.sampled_from(["a", "b", "t", ".", ".return", "[0]", ".x", "[", "]"]), max_size=6).map("".join)


@PATIENT
@given(pairs=st.lists(st.tuples(ADDRESSES, ADDRESSES), max_size=4))
def test_any_addresses_lead_from_an_earlier_step_to_a_later_one_or_are_told(pairs: list[tuple[str, str]]):
    steps = [{"app": "a", "test": "t"}, {"app": "a", "test": "t.t.js"}, {"app": "b", "test": "t"}]
    flows = {str(index): {"from": source, "to": target} for index, (source, target) in enumerate(pairs)}
    try:
        declared = specs.cross_app_test("flow", {"steps": steps, "data_flow": flows})
    except SpecError:
        return
    assert len(declared.data_flow) == len(pairs)
    assert all(flow.producer < flow.consumer and flow.target for flow in declared.data_flow)


@PATIENT
@given(mapping=st.dictionaries(st.text(max_size=5), JSON))
def test_options_arrive_as_they_were_written(mapping: Mapping[str, Any]):
    try:
        read = specs.service("db", {"type": "postgres", "config": mapping}).config
    except SpecError:
        return
    assert read == mapping
