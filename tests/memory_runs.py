"""Workflows and outcomes for tests that run an engine on the shipped fakes."""

import testflow
from testflow_core.model import Outcome, Status, TestCase
from testflow_core.testing import MemoryPlugins

ORDERS = "api::tests/orders.py"
CART = "web::src/Cart.test.js"
LOGIN = "api::tests/login.py::test_login"

TESTS = {"api": ("tests/orders.py", "tests/login.py"), "web": ("src/Cart.test.js",)}


def failing(test_id, status=Status.FAILED, **more):
    return {test_id: Outcome(test=TestCase.from_id(test_id), status=status, message="boom", **more)}


def engine(*fakes, applications):
    return testflow.Engine(plugins=MemoryPlugins(*fakes), applications=applications)


def both():
    workflow = testflow.TestWorkflow("all")
    return workflow.add_test_selection("api", {}).add_test_selection("web", {})


def flow(**more):
    steps = [{"app": "api", "test": "tests/login.py::test_login"}, {"app": "web", "test": "src/Cart.test.js"}]
    data_flow = {"token": {"from": "api.test_login.return.token", "to": "web.Cart.test.headers.Authorization"}}
    return testflow.TestWorkflow("flow").add_cross_app_test("buy", {"steps": steps, "data_flow": data_flow, **more})


def statuses(run):
    return {result.test_id: result.status for result in run.results}
