"""The quickstart: declare applications, an environment, data and a workflow, execute it, look at the failures."""

import testflow

# The applications under test, and what changed in them.
testflow.register_application(
    "payment-service",
    {
        "repository": "github.com/example/payment-service",
        "test_command": "pytest {test_path}",
        "changed_files": ["src/payment/processor.py", "tests/test_processor.py"],
    },
)

testflow.register_application(
    "user-service",
    {"repository": "github.com/example/user-service", "test_command": "pytest {test_path}", "changed_files": []},
)

testflow.register_application(
    "web-frontend",
    {
        "repository": "github.com/example/web-frontend",
        "test_command": "npm test -- {test_path}",
        "changed_files": ["src/components/payment/PaymentForm.js"],
    },
)

# What the tests need to run against.
environment = testflow.Environment("integration-test")
environment.add_service(
    "payment-db", {"type": "postgres", "version": "13.4", "config": {"port": 5432, "schemas": ["payment_schema.sql"]}}
)
environment.add_service(
    "payment-service",
    {
        "type": "docker",
        "image": "payment-service:latest",
        "ports": {"8080": 8080},
        "env": {"DB_HOST": "{payment-db.host}", "DB_PORT": "{payment-db.port}"},
    },
)
environment.add_service("user-service", {"type": "docker", "image": "user-service:latest", "ports": {"8081": 8081}})

# The records they find there.
test_data = testflow.TestData("integration-test-data")
test_data.add_generator(
    "users", {"count": 10, "schema": {"id": "uuid", "name": "name", "email": "email", "created_at": "timestamp"}}
)
test_data.add_generator(
    "payment_methods",
    {
        "count": 5,
        "schema": {
            "id": "uuid",
            "user_id": "ref:users.id",
            "type": "enum:credit_card,paypal,bank_transfer",
            "details": "json",
        },
    },
)

# Which tests a change concerns.
workflow = testflow.TestWorkflow("payment-integration-tests")

workflow.add_test_selection(
    "payment-service",
    {
        "strategy": "change-based",
        "test_paths": ["tests/"],
        "mapping_rules": [{"source_pattern": "src/payment/(.*).py", "test_pattern": "tests/test_{1}.py"}],
    },
)

workflow.add_test_selection(
    "web-frontend",
    {
        "strategy": "component-based",
        "test_paths": ["src/components/payment/__tests__"],
        "mapping_rules": [
            {
                "source_pattern": "src/components/payment/(.*).js",
                "test_pattern": "src/components/payment/__tests__/{1}.test.js",
            }
        ],
    },
)

# One test across three applications, and the values that flow through it.
workflow.add_cross_app_test(
    "end-to-end-payment",
    {
        "steps": [
            {"app": "user-service", "test": "tests/api/test_auth.py::test_login"},
            {"app": "payment-service", "test": "tests/api/test_payment.py::test_create_payment"},
            {"app": "web-frontend", "test": "src/components/payment/__tests__/PaymentConfirmation.test.js"},
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

# What a failure is called, and who hears of it.
workflow.set_failure_analysis(
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

# Run it.
engine = testflow.Engine()
result = engine.execute(workflow, environment, test_data)

# Look at what was learnt.
print(f"Tests executed: {len(result.executed_tests)}")
print(f"Tests passed: {len(result.passed_tests)}")
print(f"Tests failed: {len(result.failed_tests)}")
for failure in result.failed_tests:
    print(f"Test: {failure.test_id}")
    print(f"Category: {failure.category}")
    print(f"Assigned to: {failure.assigned_to}")
    print(f"Logs: {failure.logs[:100]}...")
