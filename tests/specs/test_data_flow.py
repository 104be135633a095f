"""Addresses of a data flow, `application.step.path`, find the declared steps or are mistakes."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from testflow_core import specs
from testflow_core.model import DataFlow

Mistakes: TypeAlias = Callable[[Callable[[], object]], dict[str, str]]

ROOT = "$.cross_app_tests.checkout"

LOGIN = {"app": "users", "test": "tests/api/test_auth.py::test_login"}
PAY = {"app": "shop", "test": "tests/api/test_payment.py::test_pay"}
SHOW = {"app": "web", "test": "src/__tests__/Confirmation.test.js"}


def flows(
    data_flow: Mapping[str, tuple[str, str]], steps: tuple[Mapping[str, str], ...] = (LOGIN, PAY, SHOW)
) -> tuple[DataFlow, ...]:
    declared = {name: {"from": source, "to": target} for name, (source, target) in data_flow.items()}
    return specs.cross_app_test("checkout", {"steps": steps, "data_flow": declared}).data_flow


def flow(source: str, target: str, steps: tuple[Mapping[str, str], ...] = (LOGIN, PAY, SHOW)) -> DataFlow:
    (found,) = flows({"value": (source, target)}, steps)
    return found


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("users.test_login.return", ()),
        ("users.test_login.return.token", ("token",)),
        ("users.test_login.return.user.id", ("user", "id")),
        ("users.test_login.return.items[0].id", ("items", "[0]", "id")),
        ("users.test_login.return[2]", ("[2]",)),
        ("users.test_login.return.rows[1][20]", ("rows", "[1]", "[20]")),
        ("users.test_login.return.two words.x-y", ("two words", "x-y")),
    ],
)
def test_a_source_is_a_path_into_what_the_step_returns(address: str, path: tuple[str, ...]):
    found = flow(address, "shop.test_pay.token")
    assert (found.producer, found.source) == (0, path)


@pytest.mark.parametrize(
    ("address", "path"),
    [("shop.test_pay.headers", ("headers",)), ("shop.test_pay.headers.Authorization", ("headers", "Authorization"))],
)
def test_a_target_is_a_path_into_what_the_step_is_given(address: str, path: tuple[str, ...]):
    found = flow("users.test_login.return", address)
    assert (found.consumer, found.target) == (1, path)


@pytest.mark.parametrize(
    ("test", "call"),
    [
        ("tests/test_auth.py::test_login", "test_login"),
        ("tests/test_auth.py::TestAuth::test_login", "test_login"),
        ("tests/test_auth.py::test_login[admin.v2]", "test_login"),
        ("tests/test_auth.py", "test_auth"),
        ("test_auth.py", "test_auth"),
        ("src/__tests__/Confirmation.test.js", "Confirmation.test"),
        ("src/checkout.spec.ts::checkout > pays by card", "pays by card"),
        ("Makefile", "Makefile"),
    ],
)
def test_a_step_is_called_by_its_function_or_by_its_file_without_the_last_suffix(test: str, call: str):
    steps = ({"app": "users", "test": test}, PAY)
    assert flow(f"users.{call}.return.token", "shop.test_pay.token", steps).source == ("token",)
    assert specs.cross_app_test("checkout", {"steps": steps}).steps[0].name == call


def test_the_longest_step_that_fits_is_meant():
    steps = ({"app": "web", "test": "Form.js"}, {"app": "web", "test": "Form.test.js"}, PAY)
    assert flow("web.Form.test.return.id", "shop.test_pay.id", steps).producer == 1
    assert flow("web.Form.return.id", "shop.test_pay.id", steps).producer == 0


def test_a_step_whose_name_merely_begins_alike_is_not_meant(mistakes: Mistakes):
    steps = ({"app": "web", "test": "Form.js"}, PAY)
    found = mistakes(lambda: flow("web.Formular.return.id", "shop.test_pay.id", steps))
    assert list(found) == [f"{ROOT}.data_flow.value.from"]


def test_an_application_whose_name_has_dots_is_found():
    steps = ({"app": "shop.example.com", "test": "test_a.py::test_a"}, {"app": "shop", "test": "example.com.py"}, PAY)
    assert flow("shop.example.com.test_a.return.id", "shop.test_pay.id", steps).producer == 0


def test_steps_of_equal_names_must_be_named(mistakes: Mistakes):
    steps = (
        {"app": "shop", "test": "a/test_pay.py::test_pay"},
        {"app": "shop", "test": "b/test_pay.py::test_pay"},
        SHOW,
    )
    found = mistakes(lambda: flow("shop.test_pay.return.id", "web.Confirmation.test.id", steps))
    assert found == {
        f"{ROOT}.data_flow.value.from": (
            "'shop.test_pay.return.id' fits several steps; give each of them a `name` of its own"
        )
    }


def test_the_key_name_settles_equal_names():
    steps = (
        {"app": "shop", "test": "a/test_pay.py::test_pay", "name": "by card"},
        {"app": "shop", "test": "b/test_pay.py::test_pay", "name": "by.invoice"},
        SHOW,
    )
    assert flow("shop.by card.return.id", "web.Confirmation.test.id", steps).producer == 0
    assert flow("shop.by.invoice.return.id", "web.Confirmation.test.id", steps).producer == 1


def test_equal_names_in_different_applications_are_no_matter():
    steps = (LOGIN, {**LOGIN, "app": "shop"})
    assert flow("users.test_login.return.id", "shop.test_login.id", steps).consumer == 1


SOURCE, TARGET = "users.test_login.return.token", "shop.test_pay.token"


@pytest.mark.parametrize(
    ("source", "target", "where", "message"),
    [
        ("users.test_logn.return.token", TARGET, ".from", "begins with no declared step"),
        ("test_login.return.token", TARGET, ".from", "begins with no declared step"),
        ("shop.test_login.return.token", TARGET, ".from", "begins with no declared step"),
        ("users.return.token", TARGET, ".from", "begins with no declared step"),
        ("", TARGET, ".from", "begins with no declared step"),
        (SOURCE, "shop.test_play.token", ".to", "begins with no declared step"),
        ("users.test_login", TARGET, ".from", "has no path after the step 'users.test_login'"),
        (SOURCE, "shop.test_pay", ".to", "has no path after the step 'shop.test_pay'"),
        ("users.test_login.", TARGET, ".from", "malformed"),
        ("users.test_login[0]", TARGET, ".from", "malformed"),
        ("users.test_login.return..token", TARGET, ".from", "malformed"),
        ("users.test_login.return.items[x]", TARGET, ".from", "malformed"),
        ("users.test_login.return.items[0", TARGET, ".from", "malformed"),
        ("users.test_login.return.items[-1]", TARGET, ".from", "malformed"),
        ("users.test_login.return.items[0]id", TARGET, ".from", "malformed"),
        (SOURCE, "shop.test_pay.token.", ".to", "malformed"),
        ("users.test_login.token", TARGET, ".from", "write 'return' before 'token'"),
        ("users.test_login.items[0].id", TARGET, ".from", "write 'return' before 'items[0].id'"),
        (SOURCE, "shop.test_pay.items[0].id", ".to", "'items[0].id' has an index"),
    ],
)
def test_a_wrong_address_is_a_mistake_at_its_key(
    mistakes: Mistakes, source: str, target: str, where: str, message: str
):
    found = mistakes(lambda: flow(source, target))
    assert list(found) == [f"{ROOT}.data_flow.value{where}"]
    assert message in found[f"{ROOT}.data_flow.value{where}"]


def test_a_wrong_step_lists_the_declared_ones(mistakes: Mistakes):
    found = mistakes(lambda: flow("users.logout.return", TARGET))
    assert "(known: shop.test_pay, users.test_login, web.Confirmation.test)" in found[f"{ROOT}.data_flow.value.from"]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("shop.test_pay.return.id", "users.test_login.id"),
        ("web.Confirmation.test.return.id", "users.test_login.id"),
        ("shop.test_pay.return.id", "shop.test_pay.id"),
    ],
)
def test_a_producer_must_come_before_its_consumer(mistakes: Mistakes, source: str, target: str):
    found = mistakes(lambda: flow(source, target))
    assert list(found) == [f"{ROOT}.data_flow.value"]
    assert "does not come before its consumer" in found[f"{ROOT}.data_flow.value"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("token", "token"), ("headers", "headers.Authorization"), ("headers.Authorization.token", "headers")],
)
def test_two_values_for_one_place_are_a_mistake(mistakes: Mistakes, one: str, other: str):
    both = {"one": (SOURCE, f"shop.test_pay.{one}"), "other": (SOURCE, f"shop.test_pay.{other}")}
    found = mistakes(lambda: flows(both))
    assert found == {f"{ROOT}.data_flow.other": f"gives '{other}' where 'one' gives '{one}'"}


def test_values_for_places_beside_each_other_are_none():
    both = {
        "one": (SOURCE, "shop.test_pay.headers.Authorization"),
        "other": (SOURCE, "shop.test_pay.headers.Accept"),
        "far": (SOURCE, "web.Confirmation.test.headers.Authorization"),
        "near": (SOURCE, "shop.test_pay.headers2"),
    }
    assert [found.name for found in flows(both)] == ["one", "other", "far", "near"]


def test_the_mistakes_of_all_flows_and_steps_are_told_at_once(mistakes: Mistakes):
    found = mistakes(
        lambda: flows(
            {
                "both ends": ("users.a.return", "shop.b.x"),
                "backwards": ("web.Confirmation.test.return.id", "shop.test_pay.id"),
                "one": (SOURCE, TARGET),
                "two": (SOURCE, TARGET),
                "index": ("users.test_login.token", "web.Confirmation.test.ids[0]"),
            },
            (LOGIN, PAY, SHOW, {**LOGIN, "name": "again"}),
        )
    )
    assert set(found) >= {
        f"{ROOT}.steps[3]",
        f"{ROOT}.data_flow['both ends'].from",
        f"{ROOT}.data_flow['both ends'].to",
    }
    assert found[f"{ROOT}.steps[3]"] == "the same test as step 1; a step runs once in a flow"


def test_a_flow_without_a_step_is_a_mistake(mistakes: Mistakes):
    found = mistakes(lambda: flow(SOURCE, TARGET, ()))
    assert found[f"{ROOT}.steps"] == "a cross-application test needs a step"
    assert set(found) == {f"{ROOT}.steps", f"{ROOT}.data_flow.value.from", f"{ROOT}.data_flow.value.to"}


@pytest.mark.parametrize("path", [("id",), ("items", "[0]", "id"), ("[1]", "[2]")])
def test_a_path_is_written_as_it_was_read(path: tuple[str, ...]):
    written = specs.path_text(("return", *path))
    assert flow(f"users.test_login.{written}", TARGET).source == path
