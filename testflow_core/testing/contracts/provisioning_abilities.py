"""The contracts of what some provisioners can do, and of those whose services are processes of this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from testflow_core.interfaces import ChecksDeclaration, Cleans, Provisioner
from testflow_core.provisioning.process_tree import descendants
from testflow_core.testing.contracts.provisioner import accepts

if TYPE_CHECKING:
    from testflow_core.model import Environment
    from testflow_core.testing.contracts.provisioner import Sites


class ProvisionerThatChecks:
    """
    What holds of a Provisioner that has `problems`; inherited beside ProvisionerContract.

    `mistakes` are environments that are declared wrongly, by name, each with the path of the mistake.
    """

    def test_it_is_found_to_check(self, provisioner: Provisioner) -> None:
        assert isinstance(provisioner, ChecksDeclaration), "the core asks whoever has the method `problems`"

    def test_what_comes_up_has_no_problem(
        self, provisioner: ChecksDeclaration[Environment], environment: Environment
    ) -> None:
        assert list(provisioner.problems(environment)) == []

    def test_a_mistake_is_told_with_its_path(
        self, provisioner: ChecksDeclaration[Environment], mistake: tuple[Environment, str]
    ) -> None:
        environment, path = mistake
        found = {problem.path: problem.message for problem in provisioner.problems(environment)}
        assert path in found, f"a mistake is at {path}; told are {found}"
        assert found[path].strip(), "say what is wrong, and what is known instead"


class ProvisionerThatCleans:
    """What holds of a Provisioner that has `clean`; inherited beside ProvisionerContract."""

    def test_it_is_found_to_clean(self, provisioner: Provisioner) -> None:
        assert isinstance(provisioner, Cleans), "`testflow.clean()` asks whoever has the method `clean`"

    def test_cleaning_leaves_what_is_up_and_finds_nothing_a_second_time(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        assert isinstance(provisioner, Cleans)
        with sites() as site, provisioner.provision(environment, site) as up:
            told = [*provisioner.clean()]
            assert all(line.strip() for line in told), "a line says what was removed"
            assert list(provisioner.clean()) == [], "what was removed is removed again"
            ports = [(each.host, port) for each in up.endpoints.values() for port in each.ports.values()]
            assert all(accepts(*each) for each in ports), "a living environment was removed"


class ProvisionerOfProcesses:
    """What holds of a Provisioner whose services are processes here; inherited beside ProvisionerContract."""

    def test_no_process_outlives_the_environment(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        before = {process.pid for process in descendants(os.getpid())}
        with sites() as site, provisioner.provision(environment, site):
            during = {process.pid for process in descendants(os.getpid())}
        assert during > before, "nothing was started: this contract is for services that are local processes"
        assert {process.pid for process in descendants(os.getpid())} <= before

    def test_services_listen_where_nobody_else_can_reach_them(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        with sites() as site, provisioner.provision(environment, site) as up:
            hosts = {endpoint.host for endpoint in up.endpoints.values()}
        assert hosts <= {"127.0.0.1", "::1", "localhost"}, f"a service of a test is reachable from outside: {hosts}"

    def test_every_service_has_a_log_that_can_be_read_while_it_is_up(
        self, provisioner: Provisioner, environment: Environment, sites: Sites
    ) -> None:
        with sites() as site, provisioner.provision(environment, site) as up:
            assert set(up.logs) == set(environment.services)
            assert all(log.is_file() for log in up.logs.values())
