"""What a provisioner may add around its services: what they stand on, and where they reach each other."""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from servers import Servers, environment, server

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Service, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.provisioning.launch import Place, Running
    from testflow_core.provisioning.supervisor import Supervisor


class Behind(Servers):
    """Servers that reach each other by another name than we reach them, in something that is there around them."""

    def start(self, service: Service, place: Place) -> Running:
        running = super().start(service, place)
        return evolve(running, peer=evolve(running.endpoint, host=f"{service.name}.inside"))

    @contextmanager
    def around(self, environment: Environment, site: Site, supervisor: Supervisor) -> Iterator[None]:
        steps = site.workspace / "ends"
        steps.write_text(f"around {environment.name}\n")
        yield
        steps.write_text(f"{steps.read_text()}no more\n")


def test_services_are_told_where_they_reach_each_other_and_tests_where_they_do(site: Site):
    api = Service(name="api", type="server", env={"DB": "{db.host}"}, depends_on=("db",))
    with Behind().provision(environment(api, server("db")), site) as up:
        told = dict(ast.literal_eval((up.logs["api"].with_suffix("") / "env").read_text()))
        assert (told["DB"], told["DB_HOST"]) == ("db.inside", "db.inside")
        assert up.variables["DB_HOST"] == up.endpoints["db"].host == "127.0.0.1"


def test_what_is_around_an_environment_is_there_before_and_after_its_services(site: Site):
    with Behind().provision(environment(server("a")), site):
        pass
    assert (site.workspace / "ends").read_text() == "around e\nended a\nno more\n"


def test_an_error_that_names_no_service_is_told_for_the_one_that_was_starting(site: Site):
    class Nameless(Servers):
        def start(self, service: Service, place: Place) -> Running:
            place.log.write_text("the last words")
            raise ProvisionError("nothing can be had")

    with (
        pytest.raises(ProvisionError, match="nothing can be had; the last lines of its log:\nthe last words") as caught,
        Nameless().provision(environment(server("a")), site),
    ):
        pytest.fail("it never came up")
    assert caught.value.service == "a"
