"""Runs the storefront's tests with jest and with vitest, and prints what became of each."""

import sys
from pathlib import Path

import testflow

HERE = Path(__file__).parent

testflow.register_application(
    "cart", {"path": str(HERE), "test_command": "npm run test:cart -- {test_path}", "test_files": ["*.test.js"]}
)
testflow.register_application(
    "prices", {"path": str(HERE), "test_command": "npm run test:prices -- {test_path}", "test_files": ["*.spec.js"]}
)

workflow = testflow.TestWorkflow("storefront").add_test_selection("cart", {}).add_test_selection("prices", {})
result = testflow.Engine().execute(workflow)
for test in result.results:
    print(f"{test.status}: {test.test_id} {test.message}".rstrip())
sys.exit(1 if result.failed_tests else 0)
