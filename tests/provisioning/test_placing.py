"""Test data in the services of an environment."""

from contextlib import contextmanager

import pytest

from testflow_core.errors import DataError, ProvisionError
from testflow_core.interfaces import DATA_GENERATOR
from testflow_core.model import Endpoint, Entity, Environment, Loaded, Service, Site, TestData
from testflow_core.provisioning import placing
from testflow_core.registry import Plugins, plugin_set

DATA = TestData(
    name="shop",
    entities={"users": Entity(count=2, schema={"id": "sequence"})},
    destinations={"records": {}, "one": {"url": "{db.url}"}, "two": {"to": [{"deep": "{db.url} {api.host} {id}"}]}},
)


def environment(*names):
    return Environment(name="e", services={name: Service(name=name, type="x") for name in names})


def endpoint(name, url=None):
    return Endpoint(host=name, ports={80: 8080}, url=url, password="hush", user="x")  # noqa: S106


def test_options_tell_which_services_a_destination_is_in():
    assert placing.services_of(DATA.destinations["two"]) == ("db", "api")
    assert placing.services_of({"number": 3, "nothing": None, "path": "/{entity}/{id}"}) == ()
    assert list(placing.by_itself(DATA).destinations) == ["records"]
    within = placing.within(DATA, environment("db"))
    assert within is not None
    assert list(within.destinations) == ["one"]
    assert placing.within(DATA, environment("api")) is None
    assert placing.within(None, environment("api")) is None


def said(data, *environments):
    return [str(problem) for problem in placing.problems(data, environments)]


def test_a_service_that_is_nowhere_or_not_with_the_others_is_told():
    assert said(None) == []
    assert said(DATA, environment("db", "api")) == []
    assert "$.destinations.one: is in the service 'db', and there is no environment" in said(DATA)[0]
    assert "$.destinations.one: unknown service 'db'" in said(DATA, environment("bd"))[0]
    assert said(DATA, environment("db"), environment("api")) == [
        "$.destinations.two: no environment has all of db, api"
    ]


@pytest.fixture
def site(tmp_path):
    """Where a destination is that notes what is given to it and taken away."""
    noted: list[str] = []
    data, plugins = placing.within(DATA, environment("db", "api")), Placed(plugin_set("memory"), noted)
    return Site(lease="x", directory=tmp_path, workspace=tmp_path, data=data, plugins=plugins), noted


class Placed(Plugins):
    def __init__(self, memory, noted):
        self.memory, self.noted = memory, noted

    def names(self, kind):
        return self.memory.names(kind)

    def load(self, kind, name, **options):
        if kind is DATA_GENERATOR:
            return self.memory.load(kind, name)

        noted = self.noted

        class Noting:
            @contextmanager
            def load(self, data, bench):
                if "broken" in str(options):
                    raise DataError("no room, says hush")
                noted.append(f"{name} {options} {data.records['users'][0]['id']}")
                yield Loaded(variables={name.upper(): str(options.get("url", ""))})
                noted.append(f"{name} gone")
                raise DataError("it is gone already")

        return Noting()


def test_each_is_filled_once_all_of_its_services_are_up_and_left_before_one_ends(site):
    place, noted = site
    placed = placing.Placing(place)
    placed.up("db", endpoint("db", "db://db"))
    assert noted == ["one {'url': 'db://db'} users.id[0]"]
    placed.up("api", endpoint("api", "http://api"))
    assert noted[1:] == ["two {'to': [{'deep': 'db://db api {id}'}]} users.id[0]"]
    assert placed.variables == {"ONE": "db://db", "TWO": ""}
    placed.down("api")
    placed.down("api")
    assert noted[2:] == ["two gone"]
    placed.up("api", endpoint("api", "http://api"))
    placed.down("db")
    assert noted[4:] == ["one gone", "two gone"]


def test_what_cannot_be_filled_is_told_with_the_service_and_without_its_secrets(site):
    place, _ = site
    placed = placing.Placing(place)
    with pytest.raises(ProvisionError, match=r"the service db could not be filled with test data: no room, says \*+$"):
        placed.up("db", endpoint("db", "db://broken"))
    with pytest.raises(ProvisionError, match=r"\{db.url\} refers to nothing: the service has no url"):
        placed.up("db", endpoint("db"))


def test_without_data_nothing_is_done(tmp_path):
    placed = placing.Placing(Site(lease="x", directory=tmp_path, workspace=tmp_path))
    placed.up("db", endpoint("db"))
    placed.down("db")
    assert placed.variables == {}


def test_variables_follow_a_copy_where_they_begin_as_the_url_did():
    before = {"db": endpoint("db", "db://a/x"), "api": endpoint("api")}
    now = {"db": endpoint("db", "db://a/y"), "api": endpoint("api")}
    variables = {"ONE": "db://a/x", "TWO": "db://a/x?schema=s", "THREE": "db://a/xyz", "FOUR": "file"}
    assert placing.moved(variables, before, now) == {
        "ONE": "db://a/y",
        "TWO": "db://a/y?schema=s",
        "THREE": "db://a/xyz",
        "FOUR": "file",
    }
    assert placing.moved({"ONE": "db://a/x"}, before, {"db": endpoint("db"), "api": endpoint("api")}) == {
        "ONE": "db://a/x"
    }
