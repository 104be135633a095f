"""Values that flow in and out of pytest tests."""

from __future__ import annotations

import json

import pytest
from pythons import with_pytest

from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.model import Status


def run(checkout, text, *, name=None, variables=None, inputs=None):
    checkout.write("test_flow.py", text)
    bench = checkout.bench("pytest")
    test = "test_flow.py" if name is None else f"test_flow.py::{name}"
    return checkout.run(PytestRunner(), checkout.batch(bench, test, variables=variables or {}, inputs=inputs or {}))


def test_inputs_arrive_as_a_mapping_as_a_fixture_for_each_key_and_as_a_file(checkout):
    (outcome,) = run(
        checkout,
        """
        import json, os
        def test_flow(headers, testflow_inputs, request):
            with open(os.environ["TESTFLOW_INPUTS"]) as stream:
                assert json.load(stream) == testflow_inputs == {"headers": {"Authorization": "x"}, "a-b": 1}
            assert request.getfixturevalue("a-b") == 1
            return headers["Authorization"]
        """,
        inputs={"headers": {"Authorization": "x"}, "a-b": 1},
    )
    assert (outcome.status, outcome.values) == (Status.PASSED, "x"), outcome.text


def test_without_inputs_there_is_no_file_and_an_empty_mapping(checkout):
    (outcome,) = run(
        checkout,
        """
        import os
        def test_flow(testflow_inputs):
            assert testflow_inputs == {}
            assert "TESTFLOW_INPUTS" not in os.environ
        """,
    )
    assert outcome.status == Status.PASSED, outcome.text


def test_test_data_arrives_as_a_fixture(checkout, tmp_path):
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"users": [{"id": 1}]}), encoding="utf-8")
    text = "def test_data(testflow_data): assert testflow_data['users'] == [{'id': 1}]"
    (outcome,) = run(checkout, text, variables={"TESTFLOW_DATA": str(data)})
    assert outcome.status == Status.PASSED, outcome.text


@pytest.mark.parametrize(
    ("variables", "part"),
    [({}, "TESTFLOW_DATA is not set"), ({"TESTFLOW_DATA": "/nowhere.json"}, "/nowhere.json cannot be read")],
)
def test_missing_test_data_is_said_where_it_is_asked_for(checkout, variables, part):
    text = "def test_with(testflow_data): pass\ndef test_without(): pass"
    with_data, without = run(checkout, text, variables=variables)
    assert (with_data.status, without.status) == (Status.ERROR, Status.PASSED)
    assert part in with_data.message


CONFLICTS = {
    "in the module": """
        import pytest
        @pytest.fixture
        def headers(): return "own"
        def test_asks(headers): pass
        def test_does_not(): pass
        """,
    "behind another fixture": """
        import pytest
        @pytest.fixture
        def headers(): return "own"
        @pytest.fixture
        def client(headers): return headers
        def test_asks(client): pass
        def test_does_not(): pass
        """,
    "parameters": """
        import pytest
        @pytest.mark.parametrize("headers", ["own"])
        def test_asks(headers): pass
        def test_does_not(): pass
        """,
}


@pytest.mark.parametrize("text", CONFLICTS.values(), ids=CONFLICTS.keys())
def test_a_fixture_of_the_application_by_the_same_name_is_an_error_of_the_tests_that_ask_for_it(checkout, text):
    asks, does_not = run(checkout, text, inputs={"headers": {}})
    assert (asks.status, does_not.status) == (Status.ERROR, Status.PASSED)
    assert "'headers' is given twice: by an input of this step and by" in asks.message


def test_a_fixture_of_the_root_conftest_is_named_with_its_place(checkout):
    checkout.write("conftest.py", "import pytest\n@pytest.fixture\ndef headers(): return 1\n")
    (outcome,) = run(checkout, "def test_asks(headers): pass", inputs={"headers": {}})
    assert outcome.status == Status.ERROR
    assert f"{checkout.path / 'conftest.py'}:2" in outcome.message


@pytest.mark.parametrize("name", ["request", "tmp_path", "monkeypatch", "testflow_data"])
def test_an_input_by_the_name_of_a_fixture_of_pytests_own_is_an_error_where_it_is_asked_for(checkout, name):
    text = f"def test_asks({name}): pass\ndef test_does_not(capsys): pass"
    asks, does_not = run(checkout, text, inputs={name: 1})
    assert (asks.status, does_not.status) == (Status.ERROR, Status.PASSED)
    assert f"{name!r} is given twice" in asks.message


WRITES = """
    import os
    def test_first(): return {{"early": 1}}
    def test_last():
        with open(os.environ["TESTFLOW_OUTPUTS"], "w") as stream:
            stream.write({written!r})
        return {returned!r}
    """


@pytest.mark.parametrize(
    ("written", "returned", "values"),
    [
        ('{"a": 1}', None, {"a": 1}),
        ('{"a": 1}', {"a": 0, "b": 2}, {"a": 1, "b": 2}),
        ('{"a": 1}', "text", {"a": 1}),
    ],
)
def test_what_is_written_to_the_outputs_file_joins_the_last_outcomes_values(checkout, written, returned, values):
    first, last = run(checkout, WRITES.format(written=written, returned=returned))
    assert first.values == {"early": 1}
    assert (last.status, last.values) == (Status.PASSED, values)


@pytest.mark.parametrize(("written", "part"), [("{", "it is no JSON"), ("[1]", "it holds a list")])
def test_an_outputs_file_that_cannot_be_used_makes_the_last_outcome_an_error(checkout, written, part):
    first, last = run(checkout, WRITES.format(written=written, returned=None))
    assert (first.status, last.status) == (Status.PASSED, Status.ERROR)
    assert part in last.message


def test_async_tests_return_values_under_the_plugin_that_runs_them(checkout):
    checkout.write(
        "conftest.py",
        """
        import asyncio, inspect, pytest
        @pytest.hookimpl(tryfirst=True)
        def pytest_pyfunc_call(pyfuncitem):
            if inspect.iscoroutinefunction(pyfuncitem.obj):
                asyncio.run(pyfuncitem.obj())
                return True
        """,
    )
    checkout.write("pytest.ini", "[pytest]\nfilterwarnings = error\n")
    (outcome,) = run(checkout, "async def test_async(): return {'id': 7}")
    assert (outcome.status, outcome.values) == (Status.PASSED, {"id": 7}), outcome.text


CALLED = """
    import functools, pytest
    @pytest.fixture(autouse=True)
    def unasked(): return 1
    @pytest.fixture
    def asked(): return 2
    def decorated(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs): return function(*args, **kwargs)
        return wrapper
    def test_plain(): return "plain"
    def test_arguments(asked, *, request, left=3): return [asked, request.node.name, left]
    @pytest.mark.parametrize("x", [1, 2])
    def test_marked(x, asked): return x + asked
    @decorated
    def test_decorated(asked): return asked
    class TestClass:
        def setup_method(self): self.own = "own"
        def test_method(self, asked): return [self.own, asked]
        @classmethod
        def test_class(cls, asked): return [cls.__name__, asked]
        @staticmethod
        def test_static(asked): return asked
    def test_none(): return None
"""


@pytest.mark.parametrize("python", [("3.8", "7.0.0"), None], ids=["oldest", "ours"])
def test_a_function_is_called_with_what_it_asks_for_whatever_kind_it_is_of(checkout, python):
    checkout.write("test_flow.py", CALLED)
    bench = checkout.bench("pytest", python=with_pytest(python))
    outcomes = checkout.run(PytestRunner(), checkout.batch(bench, "test_flow.py"))
    values = {outcome.test.name: outcome.values for outcome in outcomes}
    assert {outcome.status for outcome in outcomes} == {Status.PASSED}, outcomes
    # What a method of a class is bound to has been an instance, and is the class.
    assert values.pop("TestClass::test_class", ["TestClass", 2]) == ["TestClass", 2]
    assert values == {
        "test_plain": "plain",
        "test_arguments": [2, "test_arguments", 3],
        "test_marked[1]": 3,
        "test_marked[2]": 4,
        "test_decorated": 2,
        "TestClass::test_method": ["own", 2],
        "TestClass::test_static": 2,
        "test_none": None,
    }


def test_what_is_returned_and_must_still_be_iterated_is_left_to_pytest(checkout):
    (outcome,) = run(
        checkout,
        """
        import warnings
        def test_flow():
            warnings.simplefilter("error")
            return (each for each in ())
        """,
    )
    assert (outcome.status, outcome.values) == (Status.FAILED, None)
    assert "PytestReturnNotNone" in outcome.text


def test_an_account_of_a_failure_begins_with_the_test_itself(checkout):
    (outcome,) = run(checkout, "def fails():\n    raise LookupError\n\ndef test_flow():\n    fails()\n")
    lines = [line for line in outcome.text.splitlines() if line.strip()]
    assert lines[0].strip() == "def test_flow():"
    assert [line for line in lines if line.startswith("test_flow.py:")] == [
        "test_flow.py:5: ",
        "test_flow.py:2: LookupError",
    ]


def test_nothing_of_a_batch_is_left_in_the_run_directory(checkout):
    run(checkout, "def test_x(): pass", inputs={"a": 1})
    assert list(checkout.directory.iterdir()) == []
