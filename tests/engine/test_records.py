"""Services that refer to records of the test data."""

import pytest
from memory_runs import CART, ORDERS, TESTS, engine, statuses

import testflow
from testflow_core.errors import SpecError
from testflow_core.interfaces import PROVISIONER
from testflow_core.model import Status
from testflow_core.testing import MemoryData, MemoryProvisioner, MemoryRunner


class Noting(MemoryProvisioner):
    """Notes the records that a site brings along."""

    def provision(self, environment, site):
        SEEN.append(dict(site.records))
        return super().provision(environment, site)


SEEN = []


@pytest.fixture(autouse=True)
def seen():
    yield SEEN
    SEEN.clear()


def environment(reference="{data.users[1].id}"):
    service = {"type": "process", "command": "serve", "env": {"USER_ID": reference}}
    return testflow.Environment("e").add_service("api", service)


def data():
    return testflow.TestData("shop").add_generator("users", {"count": 2, "schema": {"id": "uuid"}})


def workflow(**keys):
    made = testflow.TestWorkflow("w").add_test_selection("api", {"data": False, **keys})
    return made.add_test_selection("web", {"data": False, "environment": False})


def execute(shop, *fakes, workflow=workflow(), environment=environment()):  # noqa: B008 - never changed
    shipped = engine(MemoryRunner(tests=TESTS), *fakes, applications=shop)
    return shipped.execute(workflow, environment, test_data=data())


def test_an_environment_is_given_the_records_though_no_test_needs_data(shop, seen):
    run = execute(shop, MemoryData(), Noting())
    assert run.ok
    assert seen == [{"users": ({"id": "users.id[0]"}, {"id": "users.id[1]"})}]


def test_an_environment_that_refers_to_none_is_given_none(shop, seen):
    execute(shop, MemoryData(), Noting(), environment=environment("none"))
    assert seen == [{}]


def test_data_is_not_made_for_an_environment_that_nobody_needs(shop, seen):
    run = execute(shop, MemoryData(failure="never asked"), Noting(), workflow=workflow(environment=False))
    assert run.ok
    assert seen == []


def test_data_that_cannot_be_made_keeps_the_environment_down_with_the_reason(shop, seen):
    run = execute(shop, MemoryData(failure="the list cannot be read"), Noting())
    assert statuses(run) == {ORDERS: Status.ERROR, "api::tests/login.py": Status.ERROR, CART: Status.PASSED}
    assert "the environment 'e' refers to test data, and the test data 'shop' could not be made: the list cannot" in (
        run.failed_tests[0].logs
    )
    assert seen == []


def test_mistakes_are_told_by_the_plan(shop):
    wrong = environment("{data.usres[0].id}")
    with pytest.raises(
        SpecError, match=r"\$\.services\.api\.env\.USER_ID: \{data\.usres\[0\]\.id\} .*did you mean 'users'"
    ):
        engine(applications=shop).plan(workflow(), wrong, test_data=data())
    with pytest.raises(SpecError, match=r"there is none.* \(in the environment 'e'\)"):
        engine(applications=shop).plan(workflow(environment="e"), [wrong, testflow.Environment("f")])


class Asking(MemoryProvisioner):
    """Notes where a site's plugins come from."""

    def provision(self, environment, site):
        SEEN.append(site.plugins)
        return super().provision(environment, site)


def test_an_environment_is_filled_by_the_plugins_that_were_handed_to_the_engine(shop, seen):
    provisioner = Asking()
    assert execute(shop, MemoryData(), provisioner).ok
    (plugins,) = seen
    assert plugins.load(PROVISIONER, "memory") is provisioner
