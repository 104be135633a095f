"""What makes two environments the same."""

import os

import pytest
from attrs import evolve

from testflow_core.model import Application, DataIdentity, DataSet, Environment, Service, TestData
from testflow_core.provisioning.identity import contents, identity


class Naming:
    """Tells of every service that it is made from one image."""

    def identity(self, service, site):
        return {"the image": f"image of {service.name}"}


@pytest.fixture
def environment(tmp_path):
    checkout = tmp_path / "shop"
    (checkout / "src").mkdir(parents=True)
    (checkout / "src/shop.py").write_text("print(1)")
    application = Application(name="shop", path=checkout)
    return Environment(
        name="e",
        services={
            "db": Service(name="db", type="postgres", config={"password": "hunter2"}),
            "shop": Service(name="shop", type="docker", application=application),
        },
    )


def test_the_same_declaration_is_the_same_and_tells_no_text_of_itself(environment, site):
    found = identity(environment, Naming(), site)
    assert found == identity(environment, Naming(), evolve(site, lease="other", directory=site.workspace / "other"))
    assert found["the image of db"] == "image of db"
    assert "hunter2" not in str(found)


def differing(environment, site, changed_environment=None, changed_site=None):
    before = identity(environment, object(), site)
    after = identity(changed_environment or environment, object(), changed_site or site)
    return [name for name in after if before.get(name) != after[name]]


def test_a_changed_service_is_told_by_its_name(environment, site):
    db = evolve(environment.services["db"], version="16")
    changed = evolve(environment, services={**environment.services, "db": db})
    assert differing(environment, site, changed) == ["the declaration of db"]


def test_records_that_it_refers_to_count(environment, site):
    changed = evolve(site, records={"users": ({"id": 1},)})
    assert differing(environment, site, changed_site=changed) == ["the test data"]


def test_records_whose_generator_vouches_for_them_count_by_their_version_and_are_not_made(environment, site):
    class Unmade(list):
        def __iter__(self):
            raise AssertionError("made to be hashed")

    def of(seed):
        declared = DataIdentity(declared=TestData(name="d", seed=seed), corpus={"algorithm": "1"})
        return evolve(site, records=DataSet(name="d", records={"users": Unmade()}, identity=declared))

    assert differing(environment, of(1), changed_site=of(2)) == ["the test data"]
    assert differing(environment, of(1), changed_site=of(1)) == []


def test_a_changed_file_of_a_checkout_counts_and_what_tools_leave_does_not(environment, site):
    file = site.workspace / "shop/src/shop.py"
    before = identity(environment, object(), site)
    traces = site.workspace / "shop/__pycache__"
    traces.mkdir()
    (traces / "shop.pyc").touch()
    assert identity(environment, object(), site) == before
    os.utime(file, ns=(1, 1))
    after = identity(environment, object(), site)
    assert [name for name in after if before[name] != after[name]] == ["the checkout of shop"]


def test_files_count_by_what_is_in_them(tmp_path):
    file = tmp_path / "orders.sql"
    file.write_text("select 1")
    before = contents([file])
    os.utime(file, ns=(1, 1))
    assert contents([file]) == before
    file.write_text("select 2")
    assert contents([file]).keys() == {"the file orders.sql"}
    assert contents([file]) != before
