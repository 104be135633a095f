"""Test data in the database of an environment, before anybody uses it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from testflow_process_env import cache

import testflow
from testflow_core.provisioning.kept import all_kept
from testflow_core.registry import Plugins, plugin_set

pytestmark = pytest.mark.postgres

TESTS = """
import os, psycopg, pytest


@pytest.mark.parametrize("number", [1, 2])
def test_shop(number):
    url = os.environ["SHOP_DB_URL"]
    assert url == os.environ["TESTFLOW_POSTGRES_URL"]
    with psycopg.connect(url) as connection:
        found = connection.execute("select count(*) from users").fetchone()
        connection.execute("delete from users")
        return [*found, url.rpartition("/")[2]]
"""
# Ends at once where it finds no user: whoever depends on the database finds it filled.
SERVICE = """
import http.server, os, psycopg, sys
with psycopg.connect(os.environ["SHOP_DB_URL"]) as connection:
    if not connection.execute("select count(*) from users").fetchone()[0]:
        sys.exit("there is no user")
place = os.environ["HOST"], int(os.environ["PORT"])
http.server.HTTPServer(place, http.server.BaseHTTPRequestHandler).serve_forever()
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    (tmp_path / "test_shop.py").write_text(TESTS)
    (tmp_path / "service.py").write_text(SERVICE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def environment():
    found = testflow.Environment("shop").add_service("shop-db", {"type": "postgres"})
    command = ["python", "service.py"]
    api = {"type": "process", "command": command, "depends_on": ["shop-db"], "ports": {"80": 0}}
    return found.add_service("api", api)


def data(count=3, **destination):
    options = {"url": "{shop-db.url}", "by": "tables", **destination}
    found = testflow.TestData("shop", destinations={"postgres": options})
    return found.add_generator("users", {"count": count, "schema": {"id": "sequence", "name": "name"}})


def run(shop, test_data, isolation=None, provisioner="process", **engine):
    keys = {"strategy": "all", **({"isolation": isolation} if isolation else {})}
    workflow = testflow.TestWorkflow("shop").add_test_selection("shop", keys)
    made = testflow.Engine(applications={"shop": {"path": str(shop)}}, provisioner=provisioner, **engine)
    return made.execute(workflow, environment(), test_data=test_data)


def values(result):
    assert [str(test.status) for test in result.results] == ["passed", "passed"], result.failed_tests[0].logs
    return [outcome.values for outcome in result.outcomes]


def test_services_and_tests_find_the_database_filled(shop):
    assert values(run(shop, data())) == [[3, "shop_db"], [0, "shop_db"]]


def test_each_test_has_a_copy_of_the_data_where_asked(shop):
    run(shop, data())
    found = values(run(shop, data(), isolation="test"))
    assert [count for count, _ in found] == [3, 3]
    assert len({database for _, database in found} | {"shop_db"}) == 3


def test_an_environment_that_is_used_again_has_its_data_as_new_and_other_data_is_another(shop, monkeypatch):
    # On a CI machine nothing is used again unless it is asked for by the environment.
    monkeypatch.delenv("CI", raising=False)
    try:
        first = run(shop, data(), reuse=timedelta(minutes=5))
        values(first)
        second = run(shop, data(), reuse=timedelta(minutes=5))
        assert second.origin.startswith("reused")
        assert values(first) == values(second) == [[3, "shop_db"], [0, "shop_db"]]
        third = run(shop, data(count=4), reuse=timedelta(minutes=5))
        assert third.origin == "rebuilt: the test data changed"
        assert values(third)[0] == [4, "shop_db"]
    finally:
        testflow.clean(kept=True)


class Handed(Plugins):
    """The installed plugins, handed to the engine as a set of a team's own."""

    def names(self, kind):
        return plugin_set("installed").names(kind)

    def load(self, kind, name, /, **options):
        return plugin_set("installed").load(kind, name, **options)


@pytest.mark.parametrize("wish", [{"reuse": timedelta(minutes=5)}, {"keep_on_failure": True}])
def test_an_environment_filled_by_plugins_that_were_handed_over_goes_with_its_run_and_says_why(shop, wish, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    (shop / "test_shop.py").write_text(f"{TESTS}\n\ndef test_that_fails():\n    assert False\n")
    result = run(shop, data(), plugins=Handed(), **wish)
    assert result.origin == "new: not kept, as its services hold test data from plugins that were handed to the engine"
    assert (result.kept, all_kept()) == ((), [])


def test_data_that_does_not_fit_keeps_the_environment_down_and_says_why(shop):
    (shop / "shop.sql").write_text("create table users (id int primary key check (id < 3));")
    result = run(shop, data(schemas=["shop.sql"]))
    assert {str(test.status) for test in result.results} == {"error"}
    said = result.failed_tests[0].logs
    assert "the service shop-db could not be filled with test data: the table 'users' has no column name" in said


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ({"url": "{shop.url}"}, "$.destinations.postgres: unknown service 'shop'; did you mean 'shop-db'?"),
        ({"url": "postgresql://x:y@localhost/z"}, "$.destinations.postgres.url: leave the password out"),
    ],
)
def test_a_mistake_is_told_before_anything_starts(shop, destination, said):
    with pytest.raises(testflow.SpecError) as caught:
        run(shop, data(**destination))
    assert said in str(caught.value)


def test_without_an_environment_or_a_provisioner_that_can_it_is_told(shop):
    workflow = testflow.TestWorkflow("shop").add_test_selection("shop", {"strategy": "all"})
    engine = testflow.Engine(applications={"shop": {"path": str(shop)}})
    with pytest.raises(testflow.SpecError, match="is in the service 'shop-db', and there is no environment"):
        engine.plan(workflow, test_data=data())
