"""Declarations become exactly the values that they say, and nothing but SpecError says that they do not."""

import copy
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testflow_core import model, specs
from testflow_core.errors import SpecError

VALUES = [getattr(model, name) for name in model.__all__ if attrs.has(getattr(model, name))]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_the_annotations_of_a_noun_are_found_where_it_is_defined(value: type):
    hints = get_type_hints(value)
    assert {field.name for field in attrs.fields(value)} <= set(hints)


def test_the_applications_of_the_quickstart_are_read_as_they_are_written():
    assert specs.application(
        "payment-service",
        {
            "repository": "github.com/example/payment-service",
            "test_command": "pytest {test_path}",
            "changed_files": ["src/payment/processor.py", "tests/test_processor.py"],
        },
    ) == model.Application(
        name="payment-service",
        repository="github.com/example/payment-service",
        test_command=("pytest", "{test_path}"),
        changed_files=("src/payment/processor.py", "tests/test_processor.py"),
    )
    assert specs.application(
        "user-service",
        {
            "repository": "github.com/example/user-service",
            "test_command": "pytest {test_path}",
            "changed_files": [],
        },
    ) == model.Application(
        name="user-service",
        repository="github.com/example/user-service",
        test_command=("pytest", "{test_path}"),
        changed_files=(),
    )
    assert specs.application(
        "web-frontend",
        {
            "repository": "github.com/example/web-frontend",
            "test_command": "npm test -- {test_path}",
            "changed_files": ["src/components/payment/PaymentForm.js"],
        },
    ) == model.Application(
        name="web-frontend",
        repository="github.com/example/web-frontend",
        test_command=("npm", "test", "--", "{test_path}"),
        changed_files=("src/components/payment/PaymentForm.js",),
    )


def test_the_services_of_the_quickstart_are_read_as_they_are_written():
    assert specs.service(
        "payment-db",
        {"type": "postgres", "version": "13.4", "config": {"port": 5432, "schemas": ["payment_schema.sql"]}},
    ) == model.Service(
        name="payment-db", type="postgres", version="13.4", config={"port": 5432, "schemas": ["payment_schema.sql"]}
    )
    assert specs.service(
        "payment-service",
        {
            "type": "docker",
            "image": "payment-service:latest",
            "ports": {"8080": 8080},
            "env": {"DB_HOST": "{payment-db.host}", "DB_PORT": "{payment-db.port}"},
        },
    ) == model.Service(
        name="payment-service",
        type="docker",
        image="payment-service:latest",
        ports={8080: 8080},
        env={"DB_HOST": "{payment-db.host}", "DB_PORT": "{payment-db.port}"},
    )
    assert specs.service(
        "user-service", {"type": "docker", "image": "user-service:latest", "ports": {"8081": 8081}}
    ) == model.Service(name="user-service", type="docker", image="user-service:latest", ports={8081: 8081})


@pytest.mark.parametrize(
    ("name", "count", "schema"),
    [
        ("users", 10, {"id": "uuid", "name": "name", "email": "email", "created_at": "timestamp"}),
        (
            "payment_methods",
            5,
            {
                "id": "uuid",
                "user_id": "ref:users.id",
                "type": "enum:credit_card,paypal,bank_transfer",
                "details": "json",
            },
        ),
    ],
)
def test_the_data_of_the_quickstart_is_read_as_it_is_written(name: str, count: int, schema: dict[str, str]):
    assert specs.entity(name, {"count": count, "schema": schema}) == model.Entity(count=count, schema=schema)


@pytest.mark.parametrize(
    ("application", "strategy", "path", "source", "test"),
    [
        ("payment-service", "change-based", "tests/", "src/payment/(.*).py", "tests/test_{1}.py"),
        (
            "web-frontend",
            "component-based",
            "src/components/payment/__tests__",
            "src/components/payment/(.*).js",
            "src/components/payment/__tests__/{1}.test.js",
        ),
    ],
)
def test_the_selections_of_the_quickstart_are_read_as_they_are_written(
    application: str, strategy: str, path: str, source: str, test: str
):
    assert specs.selection(
        application,
        {
            "strategy": strategy,
            "test_paths": [path],
            "mapping_rules": [{"source_pattern": source, "test_pattern": test}],
        },
    ) == model.TestSelection(
        application=application,
        strategy=strategy,
        test_paths=(path,),
        mapping_rules=(model.MappingRule(source_pattern=re.compile(source), test_pattern=test),),
    )


def test_the_flow_of_the_quickstart_is_read_as_it_is_written():
    login, pay = "tests/api/test_auth.py::test_login", "tests/api/test_payment.py::test_create_payment"
    show = "src/components/payment/__tests__/PaymentConfirmation.test.js"
    declared = specs.cross_app_test(
        "end-to-end-payment",
        {
            "steps": [
                {"app": "user-service", "test": login},
                {"app": "payment-service", "test": pay},
                {"app": "web-frontend", "test": show},
            ],
            "data_flow": {
                "user_token": {
                    "from": "user-service.test_login.return.token",
                    "to": "payment-service.test_create_payment.headers.Authorization",
                },
                "payment_id": {
                    "from": "payment-service.test_create_payment.return.id",
                    "to": "web-frontend.PaymentConfirmation.test.props.paymentId",
                },
            },
        },
    )
    assert declared == model.CrossAppTest(
        name="end-to-end-payment",
        steps=(
            model.Step(app="user-service", test=login, name="test_login"),
            model.Step(app="payment-service", test=pay, name="test_create_payment"),
            model.Step(app="web-frontend", test=show, name="PaymentConfirmation.test"),
        ),
        data_flow=(
            model.DataFlow(
                name="user_token", producer=0, source=("token",), consumer=1, target=("headers", "Authorization")
            ),
            model.DataFlow(name="payment_id", producer=1, source=("id",), consumer=2, target=("props", "paymentId")),
        ),
    )


def test_the_failure_analysis_of_the_quickstart_is_read_as_it_is_written():
    categories = {
        "database_connection": ["ConnectionError", "database is unreachable"],
        "authentication": ["Unauthorized", "Invalid token", "Authentication failed"],
        "validation": ["ValidationError", "invalid input", "required field"],
        "integration": ["service unavailable", "timeout waiting for response"],
    }
    routing = {
        "database_connection": "database-team",
        "authentication": "security-team",
        "validation": "api-team",
        "integration": "integration-team",
    }
    listed = [{"name": name, "patterns": patterns} for name, patterns in categories.items()]
    assert specs.failure_analysis({"categories": listed, "routing": routing}) == model.FailureAnalysis(
        categories=tuple(
            model.Category(name=name, patterns=tuple(re.compile(each, re.IGNORECASE) for each in patterns))
            for name, patterns in categories.items()
        ),
        routing=routing,
    )


def test_every_key_of_an_application_is_read(whole):
    declare, _, mapping = whole("application")
    assert declare(mapping) == model.Application(
        name="shop",
        repository="github.com/example/shop",
        path=Path("checkouts/shop"),
        test_command=("pytest", "{test_path}"),
        changed_files=("src/cart.py",),
        base="main",
        depends_on=("users",),
        python="python3.12",
        start=model.Start(
            command=("python", "-m", "shop"),
            readiness=model.Readiness(http="/health", log="ready", exec=("true",), timeout=timedelta(seconds=30)),
            env={"MODE": "test"},
        ),
        test_files=("tests/*.py",),
    )


def test_what_is_left_out_has_a_default():
    assert specs.application("shop", {}) == model.Application(name="shop")
    assert specs.service("db", {"type": "postgres"}) == model.Service(name="db", type="postgres")
    assert specs.selection("shop", {}) == model.TestSelection(application="shop")
    assert specs.failure_analysis({}) == model.FailureAnalysis()


def test_declared_unchanged_is_not_undeclared():
    assert specs.application("shop", {"changed_files": []}).changed_files == ()
    assert specs.application("shop", {}).changed_files is None


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
PATIENT = settings(deadline=None, suppress_health_check=list(HealthCheck))


def replaced(mapping: object, steps: list[int], value: object) -> object:
    """The mapping with another value somewhere: `steps` say which way to go down at each level."""
    if not steps or not isinstance(mapping, dict | list) or not mapping:
        return value
    where: Any = list(mapping)[steps[0] % len(mapping)] if isinstance(mapping, dict) else steps[0] % len(mapping)
    changed: Any = copy.copy(mapping)
    changed[where] = replaced(changed[where], steps[1:], value)
    return changed


def reads_or_tells(declare: Callable[[object], object], mapping: object, root: str) -> None:
    try:
        declare(mapping)
    except SpecError as error:
        assert error.problems
        assert all(problem.path.startswith(root) and problem.message for problem in error.problems)
        assert str(error)


@PATIENT
@given(data=st.data())
def test_any_mapping_is_read_or_told_to_be_wrong(declaration, data: st.DataObject):
    declare, root, mapping = declaration
    reads_or_tells(declare, data.draw(st.dictionaries(st.sampled_from(sorted(mapping)) | PLAIN, JSON)), root)


@PATIENT
@given(data=st.data())
def test_any_change_of_a_whole_declaration_is_read_or_told_to_be_wrong(declaration, data: st.DataObject):
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
    except SpecError as error:
        assert error.problems
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
