"""Who needs whom, and what each is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.model import Application, Endpoint, Environment, Readiness, Service, Start
from testflow_core.provisioning import wiring

DB = Service(name="payment-db", type="postgres")


def environment(*services: Service) -> Environment:
    return Environment(name="e", services={service.name: service for service in services})


def application(
    name: str, *depends_on: str, path: Path | None = Path("/checkout"), start: Start | None = None
) -> Application:
    return Application(name=name, path=path, depends_on=depends_on, start=start)


def service(name: str, env: dict[str, str] | None = None, *, depends_on: tuple[str, ...] = ()) -> Service:
    return Service(name=name, type="process", env=env or {}, depends_on=depends_on)


def problems(*services: Service) -> dict[str, str]:
    return {problem.path: problem.message for problem in wiring.problems(environment(*services))}


def test_a_whole_endpoint_is_told_in_variables_and_references():
    endpoint = Endpoint(host="h", ports={5432: 15000, 1: 2}, url="u", user="me", password="secret", database="d")  # noqa: S106 (no real one)
    assert wiring.variables({"payment-db": endpoint}) == {
        "PAYMENT_DB_HOST": "h",
        "PAYMENT_DB_PORT": "15000",
        "PAYMENT_DB_URL": "u",
        "PAYMENT_DB_USER": "me",
        "PAYMENT_DB_PASSWORD": "secret",
        "PAYMENT_DB_DATABASE": "d",
    }
    assert wiring.reference_values({"payment-db": endpoint})["payment-db.port"] == "15000"


def test_what_an_endpoint_lacks_is_not_told():
    assert wiring.variables({"worker": Endpoint(host="h")}) == {"WORKER_HOST": "h"}


@given(st.text(min_size=1))
def test_variables_have_names_that_a_shell_accepts(name: str):
    (variable,) = wiring.variables({name: Endpoint(host="h")})
    assert variable.removesuffix("_HOST").strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""


@pytest.mark.parametrize(
    "needing",
    [
        service("api", {"DB": "x{payment-db.host}y"}),
        service("api", depends_on=("payment-db",)),
        Service(name="api", type="process", command=("run", "{payment-db.port}")),
        Service(name="api", type="process", readiness=Readiness(exec=("check", "{payment-db.url}"))),
        Service(
            name="api",
            type="docker",
            application=application("api", start=Start(command=("run", "{payment-db.port}"))),
        ),
        Service(
            name="api",
            type="docker",
            application=application("api", start=Start(command=("run",), env={"DB": "{payment-db.host}"})),
        ),
    ],
)
def test_a_service_needs_those_that_it_refers_to_or_depends_on(needing: Service):
    assert wiring.dependencies(environment(needing, DB)) == {"api": ("payment-db",), "payment-db": ()}


def test_an_application_needs_the_services_of_those_it_depends_on():
    one = Service(name="one", type="docker", application=application("one", "two", "elsewhere"))
    two = Service(name="two", type="docker", application=application("two"))
    assert wiring.dependencies(environment(one, two)) == {"one": ("two",), "two": ()}


def test_a_declaration_without_mistakes_has_no_problems():
    assert problems(service("api", {"A": "{{no reference}} {host}:{port} {payment-db.password}"}), DB) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{payment-bd.host}", "unknown reference {payment-bd.host}; did you mean {payment-db.host}?"),
        ("{payment-db.hots}", "did you mean {payment-db.host}?"),
        ("{payment-db.shape}", "{payment-db.password}"),
        ("{open", "write {{ or }} for a brace"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told_with_its_path_and_the_known_ones(text: str, message: str):
    found = problems(service("api", {"DB_HOST": text}), DB)
    assert list(found) == ["$.services.api.env.DB_HOST"]
    assert message in found["$.services.api.env.DB_HOST"]


def test_an_unknown_dependency_is_told_with_the_known_ones():
    found = problems(service("api", depends_on=("payment-bd",)), DB)
    assert found["$.services.api.depends_on[0]"] == (
        "unknown service 'payment-bd'; did you mean 'payment-db'? (known: api, payment-db)"
    )


def test_every_mistake_is_told_at_once():
    assert len(problems(service("api", {"A": "{x}", "B": "{y.z}"}, depends_on=("q",)), DB)) == 3


def test_a_circle_is_told_with_its_path():
    found = problems(service("a", {"X": "{b.host}"}), service("b", depends_on=("c",)), service("c", {"X": "{a.port}"}))
    (message,) = found.values()
    assert "needs itself: " in message
    assert [step in message for step in ("a -> b", "b -> c", "c -> a")].count(True) >= 2


def test_a_service_that_refers_to_itself_is_a_circle():
    assert "a -> a" in problems(service("a", {"X": "{a.host}"}))["$.services.a"]


def test_a_service_without_checkout_is_down_and_whoever_needs_it():
    down = Service(name="user-service", type="docker", unavailable="no checkout at /nowhere")
    api = service("api", {"USERS": "{user-service.url}"})
    front = service("front", depends_on=("api",))
    reasons = wiring.unavailable(environment(front, api, down, DB))
    assert set(reasons) == {"user-service", "api", "front"}
    assert reasons["user-service"] == "no checkout at /nowhere"
    assert reasons["front"].startswith("it needs api, which stays down")
    assert "no checkout at /nowhere" in reasons["front"]


def test_a_password_is_redacted_as_it_is_and_as_it_stands_in_urls():
    db = Endpoint(host="h", password="p@ss w")  # noqa: S106 (made up)
    secrets = wiring.secrets({"db": db, "open": Endpoint(host="h")})
    said = wiring.redacted("p@ss w in postgresql://u:p%40ss%20w@h:1/d", secrets)
    assert said == f"{wiring.REDACTED} in postgresql://u:{wiring.REDACTED}@h:1/d"
