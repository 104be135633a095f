"""The provisioner `docker` keeps the contracts of its interface."""

import pytest
from testflow_docker_env import DockerProvisioner

from testflow_core.model import Environment, Readiness, Service
from testflow_core.testing.contracts import (
    ProvisionerContract,
    ProvisionerThatChecks,
    ProvisionerThatCleans,
    ProvisionerWithCopies,
    ProvisionerWithFaults,
)

PASSWORD = "s3cret-of-the-contract"  # noqa: S105 - made up
SERVE = ("httpd", "-f", "-p", "80")
BOTH = ("sh", "-c", "httpd -p 81; exec httpd -f -p 80")
NEEDS_DB = ("sh", "-c", 'test "$DB" = "db:$DB_PORT" && exec httpd -f -p 80')
TELLS_AND_ENDS = ("sh", "-c", "echo the password is {db.password}; exit 7")
NEVER = Readiness(log="what nobody says")


def environment(*services):
    return Environment(name="contract", services={service.name: service for service in services})


def image(name, *command, ports=None, **fields):
    image_name = fields.pop("image", "busybox:latest")
    return Service(name=name, type="docker", image=image_name, command=command or SERVE, ports=ports or {}, **fields)


DB = Service(name="db", type="postgres", ports={5432: 0}, config={"password": PASSWORD})


class TestDockerProvisioner(
    ProvisionerContract,
    ProvisionerThatChecks,
    ProvisionerThatCleans,
    ProvisionerWithCopies,
    ProvisionerWithFaults,
):
    services = {
        "an image with two ports": environment(image("web", *BOTH, ports={80: 0, 81: 0})),
        "one that needs a database": environment(
            image("api", *NEEDS_DB, ports={80: 0}, env={"DB": "{db.host}:{db.port}"}, depends_on=("db", "cache")),
            DB,
            Service(name="cache", type="redis", ports={6379: 0}),
        ),
    }
    failures = {
        "an image that ends": (
            environment(image("db", "sh", "-c", "echo no disk; exit 3", readiness=NEVER)),
            "no disk",
        ),
        "one of two": (
            environment(
                image("web", ports={80: 0}),
                image("api", "sh", "-c", "exit 3", readiness=NEVER, depends_on=("web",)),
            ),
            "exit code 3",
        ),
        "an image that cannot be had": (environment(image("db", image="nobody.invalid/nothing")), "nobody.invalid"),
        "one that tells a password": (environment(DB, image("api", *TELLS_AND_ENDS, readiness=NEVER)), "exit code 7"),
    }
    mistakes = {
        "a type": (environment(Service(name="db", type="postgress")), "$.services.db.type"),
        "a volume": (
            environment(image("web", config={"volumes": ["/etc:/etc:ro"]})),
            "$.services.web.config.volumes[0]",
        ),
        "a reference": (environment(image("api", env={"DB": "{db.url}"})), "$.services.api.env.DB"),
    }
    copied = {
        "a database and what stands by it": environment(DB, image("web", ports={80: 0})),
        "a cache": environment(Service(name="cache", type="redis", ports={6379: 0})),
    }
    disturbed = {"an image": environment(image("web", ports={80: 0}))}
    secrets = (PASSWORD,)

    @pytest.fixture
    def provisioner(self, host, nothing_left):
        return DockerProvisioner(host=host)
