"""Which batches share what they have of an environment for themselves."""

import pytest
from memory_runs import engine

import testflow
from testflow_core.errors import SpecError
from testflow_core.model import By, Isolation, Past, PlannedBatch, Scope, Status, Terms, TestCase, Track
from testflow_core.planning.isolation import remarks, single, unit
from testflow_core.planning.parts import Division
from testflow_core.planning.weights import put_together, timed

FILE = "test_a.py"
EACH = Terms(isolation=Isolation(scope=Scope.TEST))
DIVISION = Division(applications={"shop"}, workers=2, capacities={})


def case(name=None, file=FILE, application="shop"):
    return TestCase(application=application, file=file, name=name)


def past(*names):
    tracks = tuple(
        Track(test=case(name), runs=2, failures=0, last_status=Status.PASSED, mean_duration=0.01) for name in names
    )
    return Past(tracks={("shop", FILE): tracks})


def batch(*tests, **fields):
    return PlannedBatch(
        **{"id": FILE, "application": "shop", "runner": "r", "tests": tests or (case(),), "terms": EACH, **fields}
    )


@pytest.mark.parametrize(
    ("isolation", "name"),
    [
        (None, ""),
        (Isolation(scope=Scope.WORKFLOW, by=By.SERVER), ""),
        (Isolation(scope=Scope.WORKFLOW), "workflow"),
        (Isolation(scope=Scope.SELECTION), "selection 1"),
        (Isolation(scope=Scope.TEST, by=By.SERVER), "selection 1"),
    ],
)
def test_a_unit_is_the_workflow_or_where_its_tests_come_from(isolation, name):
    assert unit(isolation, "selection 1") == name


def test_a_file_whose_tests_are_known_is_a_batch_for_each_and_new_ones_run_in_the_first():
    known = past("test_one", "test_two[a]", "test_two[b]")
    parts = single(batch(), known, DIVISION)
    assert [[test.name for test, _ in timed(part, known)] for part in parts] == [
        ["test_one"],
        ["test_two[a]"],
        ["test_two[b]"],
    ]
    assert [part.tests for part in parts] == 3 * [(case(),)]
    assert [part.only for part in parts] == [(), (case("test_two[a]"),), (case("test_two[b]"),)]
    assert [part.unit for part in parts] == [part.id for part in parts] == [f"{FILE} ({n} of 3)" for n in (1, 2, 3)]


def test_tests_that_are_named_are_a_batch_each_whatever_is_known():
    parts = single(
        batch(case("test_one"), case("test_two")), Past(), Division(applications=(), workers=1, capacities={})
    )
    assert [part.tests for part in parts] == [(case("test_one"),), (case("test_two"),)]


@pytest.mark.parametrize(
    ("tests", "division"),
    [
        ((case(),), Division(applications=(), workers=2, capacities={})),
        ((case(), case("test_one")), DIVISION),
    ],
)
def test_a_file_that_cannot_be_taken_apart_stays_whole(tests, division):
    (part,) = single(batch(*tests), past("test_one", "test_two"), division)
    assert (part.tests, part.id, part.unit) == (tests, FILE, FILE)


def test_batches_of_different_units_are_not_put_together():
    small = [batch(id=str(number), unit=f"selection {number % 2}", expected=0.001) for number in range(4)]
    assert [each.unit for each in put_together(small)] == ["selection 0", "selection 1"]
    assert [each.unit for each in put_together(small, {"shop"})] == ["selection 0", "selection 1"]


class TestRemarks:
    def test_name_the_files_of_which_no_run_has_told_the_tests(self):
        batches = [batch(case(file=f"{name}.py")) for name in "abcde"]
        (remark,) = remarks(batches, Past(), ())
        assert remark.endswith("no run has told them apart yet: shop::a.py, shop::b.py, shop::c.py and 2 more")

    @pytest.mark.parametrize("known", [past("test_one"), past("test_one", "test_two")])
    def test_say_nothing_of_a_file_whose_tests_are_known(self, known):
        assert list(remarks(single(batch(), known, DIVISION), known, ())) == []

    def test_name_the_application_that_runs_in_one_session(self):
        (remark,) = remarks([batch(), batch(case(file="b.py"))], Past(), {"shop"})
        assert remark == "the tests of shop run in one session, and share what each is to have for itself"

    def test_say_nothing_of_selections_flows_and_single_tests(self):
        selection = batch(terms=Terms(isolation=Isolation(scope=Scope.SELECTION)))
        assert (
            list(remarks([selection, batch(flow="buy"), batch(case("test_one")), batch(terms=Terms())], Past(), ()))
            == []
        )


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        ({"isolation": "tests"}, "isolation.scope: expected one of 'workflow', 'selection', 'test', got 'tests'"),
        ({"isolation": {"by": "schema"}}, "isolation.scope: is missing"),
        (
            {"isolation": {"scope": "test", "by": "db"}},
            "isolation.by: expected one of 'server', 'database', 'schema', got 'db'",
        ),
        ({"isolation": {"scope": "test", "bye": "schema"}}, "isolation.bye: unknown key 'bye'; did you mean 'by'?"),
        ({"isolation": 1}, "isolation: expected a mapping of keys, got 1"),
        ({"isolation": "test", "environment": False}, "isolation: there is nothing to isolate: these tests run in no"),
    ],
)
def test_a_mistake_is_told_where_it_was_made(selection, told):
    with pytest.raises(SpecError) as caught:
        testflow.TestWorkflow("w").add_test_selection("api", selection)
    assert str(caught.value).startswith(f"$.test_selections.api.{told}")


def test_without_an_environment_isolation_is_a_mistake(shop):
    declared = testflow.TestWorkflow("w").add_test_selection("api", {"isolation": "test"})
    with pytest.raises(
        SpecError, match=r"\$\.test_selections\.api\.isolation: .*no environment and no test data is given"
    ):
        engine(applications=shop).plan(declared)
