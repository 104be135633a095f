"""The builders and the catalog: each call is checked on its line, and what was declared is a value."""

import warnings
from collections.abc import Callable
from typing import TypeAlias, cast

import pytest

import testflow
from testflow.catalog import CATALOG
from testflow_core import model

USERS = {"count": 3, "schema": {"id": "uuid"}}
FLOW = {"steps": [{"app": "shop", "test": "tests/test_pay.py"}]}


def test_an_environment_chains_its_services_in_order():
    environment = (
        testflow.Environment("shop").add_service("db", {"type": "postgres"}).add_service("api", {"type": "docker"})
    )
    assert environment.value == model.Environment(
        name="shop",
        services={
            "db": model.Service(name="db", type="postgres"),
            "api": model.Service(name="api", type="docker"),
        },
    )
    assert list(environment.value.services) == ["db", "api"]


def test_test_data_chains_its_generators_in_order():
    data = testflow.TestData("shop", seed=7, generator="mine", options={"locale": "de"})
    assert data.add_generator("users", USERS).add_generator("carts", {**USERS, "count": 1}) is data
    assert data.value == model.TestData(
        name="shop",
        seed=7,
        generator="mine",
        options={"locale": "de"},
        entities={
            "users": model.Entity(count=3, schema={"id": "uuid"}),
            "carts": model.Entity(count=1, schema={"id": "uuid"}),
        },
    )


def test_test_data_has_a_seed_and_a_generator_by_default():
    assert testflow.TestData("shop").value == model.TestData(name="shop", seed=model.DEFAULT_SEED, generator="faker")


def test_a_workflow_chains_selections_flows_and_analysis():
    workflow = testflow.TestWorkflow("shop")
    chained = (
        workflow.add_test_selection("shop", {"strategy": "all"})
        .add_test_selection("web", {})
        .add_cross_app_test("pay", FLOW)
        .set_failure_analysis({"default_team": "quality"})
    )
    assert chained is workflow
    assert workflow.value == model.TestWorkflow(
        name="shop",
        selections=(
            model.TestSelection(application="shop", strategies=("all",)),
            model.TestSelection(application="web"),
        ),
        flows=(
            model.CrossAppTest(name="pay", steps=(model.Step(app="shop", test="tests/test_pay.py", name="test_pay"),)),
        ),
        analysis=model.FailureAnalysis(default_team="quality"),
    )


def test_the_analysis_that_was_set_last_holds():
    workflow = testflow.TestWorkflow("shop")
    workflow.set_failure_analysis({"default_team": "one"}).set_failure_analysis({"default_team": "two"})
    assert workflow.value.analysis.default_team == "two"


def test_a_value_that_was_taken_does_not_change_when_the_builder_goes_on():
    environment = testflow.Environment("shop").add_service("db", {"type": "postgres"})
    taken = environment.value
    environment.add_service("api", {"type": "docker"})
    assert list(taken.services) == ["db"]


def test_a_mistake_is_raised_by_the_call_that_made_it_and_adds_nothing():
    environment = testflow.Environment("shop")
    with pytest.raises(testflow.SpecError, match="did you mean 'image'"):
        environment.add_service("api", {"type": "docker", "imag": "api:1"})
    assert environment.value.services == {}
    environment.add_service("api", {"type": "docker", "image": "api:1"})


Add: TypeAlias = Callable[[object], object]


def _to_environment() -> Add:
    environment = testflow.Environment("shop")
    return lambda name: environment.add_service(cast("str", name), {"type": "postgres"})


def _to_data() -> Add:
    data = testflow.TestData("shop")
    return lambda name: data.add_generator(cast("str", name), USERS)


def _to_flows() -> Add:
    workflow = testflow.TestWorkflow("shop")
    return lambda name: workflow.add_cross_app_test(cast("str", name), FLOW)


def _to_selections() -> Add:
    workflow = testflow.TestWorkflow("shop")
    return lambda name: workflow.add_test_selection(cast("str", name), {})


def _to_catalog() -> Add:
    catalog = testflow.Applications()
    return lambda name: catalog.register(cast("str", name), {})


WHOLES = (testflow.Environment, testflow.TestData, testflow.TestWorkflow)


@pytest.mark.parametrize(
    ("adder", "path"),
    [(_to_environment, "$.services"), (_to_data, "$.generators"), (_to_flows, "$.cross_app_tests")],
)
def test_a_name_is_declared_once(adder: Callable[[], Add], path: str):
    add = adder()
    add("one")
    add("odd name")
    with pytest.raises(testflow.SpecError) as raised:
        add("odd name")
    assert str(raised.value) == f"{path}['odd name']: is declared twice; names are unique"


@pytest.mark.parametrize("name", ["", " ", "\n", None, 5, ["shop"]], ids=repr)
@pytest.mark.parametrize(
    ("adder", "path"),
    [
        (_to_environment, "$.services"),
        (_to_data, "$.generators"),
        (_to_flows, "$.cross_app_tests"),
        (_to_selections, "$.test_selections"),
        (_to_catalog, "$.applications"),
        *((lambda make=make: make, "$.name") for make in WHOLES),
    ],
)
def test_a_name_is_text_that_is_not_empty(adder: Callable[[], Add], path: str, name: object):
    add = adder()
    with pytest.raises(testflow.SpecError) as raised:
        add(name)
    (problem,) = raised.value.problems
    assert problem.path == path
    assert problem.message.endswith(f", got {name!r}")
    assert "needs a name" in problem.message


@pytest.mark.parametrize(
    ("argument", "value"),
    [("seed", "7"), ("seed", True), ("seed", 1.0), ("generator", 5), ("options", {"a": object()}), ("options", ["a"])],
)
def test_the_arguments_of_test_data_are_of_their_types(argument: str, value: object):
    arguments: dict[str, object] = {argument: value}
    with pytest.raises(testflow.SpecError) as raised:
        testflow.TestData("shop", **arguments)  # pyright: ignore[reportArgumentType] - a script's mistake
    assert [problem.path.split(".")[1] for problem in raised.value.problems] == [argument]


def test_pytest_takes_no_builder_for_a_test():
    assert not any(each.__test__ for each in (testflow.TestData, testflow.TestWorkflow, testflow.TestResult))


def test_a_catalog_keeps_the_order_of_registration():
    catalog = testflow.Applications({"web": {}, "api": {"changed_files": []}})
    catalog.register("db", {})
    assert list(catalog.values) == ["web", "api", "db"]
    assert catalog.values["api"] == model.Application(name="api", changed_files=())


def test_the_same_application_registered_again_replaces_silently():
    catalog = testflow.Applications({"shop": {"base": "main"}})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        catalog.register("shop", {"base": "main"})
    assert catalog.values["shop"].base == "main"


def test_another_application_of_the_same_name_replaces_with_a_warning_at_the_call():
    catalog = testflow.Applications({"shop": {"base": "main"}})
    with pytest.warns(UserWarning, match="the application 'shop' is registered again with other values") as told:
        catalog.register("shop", {"base": "next"})
    assert [each.filename for each in told] == [__file__]
    assert catalog.values["shop"].base == "next"


def test_a_mistake_registers_nothing_and_replaces_nothing():
    catalog = testflow.Applications({"shop": {"base": "main"}})
    for name in ("shop", "other"):
        with pytest.raises(testflow.SpecError):
            catalog.register(name, {"base": 5})
    assert catalog.values == {"shop": model.Application(name="shop", base="main")}


def test_the_name_of_an_application_cannot_hold_what_divides_a_test_id():
    with pytest.raises(testflow.SpecError, match="without '::'"):
        testflow.Applications().register("shop::web", {})


def test_what_a_catalog_answered_does_not_change_when_it_does():
    catalog = testflow.Applications({"shop": {}})
    taken = catalog.values
    catalog.register("web", {})
    assert list(taken) == ["shop"]


def test_register_application_is_that_of_the_catalog_which_engines_take_by_default():
    assert testflow.register_application == CATALOG.register
