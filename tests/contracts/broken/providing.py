"""Provisioners that each break their contract in many ways."""

import socket
from contextlib import contextmanager, nullcontext

import pytest
from attrs import evolve

from testflow_core.errors import Problem, ProvisionError
from testflow_core.interfaces import Provisioner
from testflow_core.model import Endpoint, Environment, Provisioned, Service
from testflow_core.testing import contracts


class Leaking(Provisioner):
    """Takes the wished ports without asking, tells passwords, loses its errors, leaves what listens, cleans blindly."""

    def clean(self):
        return [""]

    def inventory(self, site):
        return {"container": ("left",)}

    def refuses(self, environment):
        return " "

    def problems(self, environment):
        return [] if environment.name == "mistaken" else [Problem("$", "")]

    @contextmanager
    def provision(self, environment, site):
        if environment.name == "fails":
            raise ProvisionError("the password is s3cret", logs={"another": "nothing"})
        if not environment.services:
            raise LookupError("no services")
        (site.directory.parent / "left").mkdir(exist_ok=True)
        points = {"more": Endpoint(host="0.0.0.0", ports={1: 1})}  # noqa: S104 - the mistake
        yield Provisioned(environment="another", endpoints=points, warnings=("s3cret",))


def environment(name):
    service = Service(name="db", type="x", ports={1: 0}, env={"A": "{api.host}"})
    return Environment(name=name, services={"db": service, "api": Service(name="api", type="x")})


class TestLeaking(
    contracts.ProvisionerContract,
    contracts.ProvisionerThatChecks,
    contracts.ProvisionerThatCleans,
    contracts.ProvisionerOfProcesses,
):
    services = {"two": environment("two")}
    failures = {"one": (environment("fails"), "what nobody says")}
    mistakes = {"one": (environment("mistaken"), "$.services.db")}
    secrets = ("s3cret",)
    provisioner = pytest.fixture(lambda self: Leaking())


class Copying(Provisioner):
    """Copies that are the same, tells nothing of itself by variables, and renews nothing."""

    def refuses(self, environment):
        return None

    @contextmanager
    def provision(self, environment, site):
        points = {"db": Endpoint(host="a", password="a")}  # noqa: S106 - made up
        up = Provisioned(environment=environment.name, endpoints=points)
        yield up if environment.name == "none" else evolve(up, renew=lambda: up, clone=lambda by: nullcontext(up))


class TestCopying(contracts.ProvisionerContract, contracts.ProvisionerWithCopies):
    services = {"two": environment("two")}
    copied = {"one": environment("two"), "another": environment("none")}
    provisioner = pytest.fixture(lambda self: Copying())
    write = pytest.fixture(lambda self: lambda endpoint: None)
    holds = pytest.fixture(lambda self: lambda endpoint: True)


class Harmless(Provisioner):
    """Promises faults to everybody, does nothing, never answers, and leaves the site behind."""

    def refuses(self, environment):
        return None

    @contextmanager
    def provision(self, environment, site):
        points = {name: Endpoint(host="127.0.0.1", ports={1: 1}) for name in environment.services}
        yield Provisioned(environment=environment.name, endpoints=points, inject=lambda *_: lambda: None)


class TestHarmless(contracts.ProvisionerContract, contracts.ProvisionerWithFaults):
    services = {"two": environment("two")}
    disturbed = {"one": environment("two")}
    provisioner = pytest.fixture(lambda self: Harmless())


class Unready(Provisioner):
    """Says that all is well, starts a listener for what failed, and keeps the site's directory in use."""

    def refuses(self, environment):
        return None

    @contextmanager
    def provision(self, environment, site):
        wished = (port for each in environment.services.values() for port in each.ports.values() if port)
        LISTENERS.extend(socket.create_server(("127.0.0.1", port), reuse_port=True) for port in wished)
        if environment.name == "fails":
            raise ProvisionError("db did not come up", service="db", logs={"db": "it ended"})
        own = socket.create_server(("127.0.0.1", 0))
        LISTENERS.append(own)
        ports = {1: own.getsockname()[1]}
        points = {name: Endpoint(host="127.0.0.1", ports=ports) for name in environment.services}
        yield Provisioned(environment=environment.name, endpoints=points)


LISTENERS = []


class TestUnready(
    contracts.ProvisionerContract,
    contracts.ProvisionerThatChecks,
    contracts.ProvisionerThatCleans,
    contracts.ProvisionerOfProcesses,
):
    services = {"two": environment("two")}
    failures = {"one": (environment("fails"), "it ended")}
    mistakes = {"one": (environment("mistaken"), "$.services.db")}
    provisioner = pytest.fixture(lambda self: Unready())

    @pytest.fixture(autouse=True)
    def _closed(self):
        yield
        while LISTENERS:
            LISTENERS.pop().close()


class Twice(Unready):
    """Cannot bring the same environment up a second time, or two at once."""

    @contextmanager
    def provision(self, environment, site):
        if ONCE:
            raise ProvisionError("it is up already")
        ONCE.append(site)
        yield Provisioned(environment=environment.name)


ONCE = []


class TestTwice(contracts.ProvisionerContract):
    services = {"two": environment("two")}
    provisioner = pytest.fixture(lambda self: Twice())

    @pytest.fixture(autouse=True)
    def _forgotten(self):
        yield
        ONCE.clear()


class TestUndeclared(contracts.ProvisionerContract):
    """Declares nothing and overrides no fixture."""
