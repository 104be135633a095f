"""Declarations become exactly the values that they say, and nothing but SpecError says that they do not."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias, get_type_hints

import attrs
import pytest

from testflow_core import model, specs

Declared: TypeAlias = tuple[Callable[[object], object], str, dict[str, Any]]
Whole: TypeAlias = Callable[[str], Declared]

NOUNS: list[type[attrs.AttrsInstance]] = [
    getattr(model, name) for name in model.__all__ if attrs.has(getattr(model, name))
]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_the_annotations_of_a_noun_are_found_where_it_is_defined(noun: type[attrs.AttrsInstance]):
    hints = get_type_hints(noun)
    assert {field.name for field in attrs.fields(noun)} <= set(hints)


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
        strategies=(strategy,),
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


def test_every_key_of_an_application_is_read(whole: Whole):
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
        interface=("api/*.proto",),
        artifacts=("shots/*.png",),
    )


def test_what_is_left_out_has_a_default():
    assert specs.application("shop", {}) == model.Application(name="shop")
    assert specs.service("db", {"type": "postgres"}) == model.Service(name="db", type="postgres")
    assert specs.selection("shop", {}) == model.TestSelection(application="shop")
    assert specs.failure_analysis({}) == model.FailureAnalysis()


def test_declared_unchanged_is_not_undeclared():
    assert specs.application("shop", {"changed_files": []}).changed_files == ()
    assert specs.application("shop", {}).changed_files is None
