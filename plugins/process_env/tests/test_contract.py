"""The provisioner `process` keeps the contracts of its interface."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest
from testflow_process_env import ProcessProvisioner

from testflow_core.model import Application, Environment, Readiness, Service, Start
from testflow_core.testing.contracts import (
    ProvisionerContract,
    ProvisionerOfProcesses,
    ProvisionerThatChecks,
    ProvisionerWithCopies,
    ProvisionerWithFaults,
)

SERVE = (sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1")
PASSWORD = "s3cret-of-the-contract"  # noqa: S105 - made up
SOON = Readiness(timeout=timedelta(seconds=2))


def environment(*services):
    return Environment(name="contract", services={service.name: service for service in services})


def command(name, *argv, ports=None, **fields):
    return Service(name=name, type="process", command=argv or SERVE, ports=ports or {}, **fields)


DB = Service(name="db", type="postgres", ports={5432: 0}, config={"password": PASSWORD})
START = Start(command=("python", *SERVE[1:]), readiness=Readiness(http="/"), env={"URL": "{db.url}"})
HERE = Application(name="web", path=Path(__file__).parent, start=START)
NEEDS_DB = ("sh", "-c", 'test "$DB" = "127.0.0.1:$DB_PORT" && exec "$0" "$@"', *SERVE)
NEEDS_CACHE = (
    "sh",
    "-c",
    'test "$CACHE_URL" = "redis://:$CACHE_PASSWORD@127.0.0.1:$CACHE_PORT" && exec "$0" "$@"',
    *SERVE,
)
TELLS_AND_ENDS = ("sh", "-c", "echo the password is {db.password}; exit 7")
NEVER = Readiness(log="what nobody says")
LISTENS_TWICE = (
    sys.executable,
    "-c",
    (
        "import os, signal, socket\n"
        "open_ = [socket.create_server(('127.0.0.1', int(os.environ[each]))) for each in ('PORT_81', 'PORT')]\n"
        "signal.pause()"
    ),
)


class TestProcessProvisioner(
    ProvisionerContract,
    ProvisionerThatChecks,
    ProvisionerOfProcesses,
    ProvisionerWithCopies,
    ProvisionerWithFaults,
):
    services = {
        "a command with two ports": environment(command("web", *LISTENS_TWICE, ports={80: 0, 81: 0})),
        "one that needs another": environment(
            command("api", *NEEDS_DB, ports={80: 0}, env={"DB": "{db.host}:{db.port}"}, depends_on=("db",)),
            command("db", ports={5432: 0}),
        ),
        "an application and its cache": environment(
            command("api", *NEEDS_CACHE, ports={80: 0}, depends_on=("cache",)),
            Service(name="cache", type="redis", ports={6379: 0}),
        ),
        "an application and its database": environment(
            Service(name="web", type="docker", ports={80: 0}, application=HERE), DB
        ),
    }
    failures = {
        "a command that ends": (
            environment(command("db", "sh", "-c", "echo no disk; exit 3", readiness=NEVER)),
            "no disk",
        ),
        "one of two": (
            environment(
                command("web", ports={80: 0}),
                command("api", "sh", "-c", "exit 3", readiness=NEVER, depends_on=("web",)),
            ),
            "exit code 3",
        ),
        "a port nobody listens at": (environment(command("db", "sleep", "60", ports={1: 0}, readiness=SOON)), "2 s"),
        "a program that is not there": (environment(command("db", "no-such-program")), "no-such-program"),
        "one that tells a password": (
            environment(DB, command("api", *TELLS_AND_ENDS, readiness=NEVER)),
            "exit code 7",
        ),
    }
    mistakes = {
        "a type": (environment(Service(name="db", type="postgress")), "$.services.db.type"),
        "a reference": (environment(command("api", "true", env={"DB": "{db.url}"})), "$.services.api.env.DB"),
    }
    copied = {
        "a database and what stands by it": environment(DB, command("web", ports={80: 0})),
        "a cache": environment(Service(name="cache", type="redis", ports={6379: 0})),
    }
    disturbed = {"a command": environment(command("web", ports={80: 0}))}
    secrets = (PASSWORD,)
    tiers = ("default", "subreaper")

    @pytest.fixture
    def provisioner(self, redis_server):
        return ProcessProvisioner()
