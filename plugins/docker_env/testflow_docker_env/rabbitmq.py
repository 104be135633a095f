"""The type `rabbitmq`: the official image, whose account and virtual host the server takes from its variables."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from attrs import field, frozen

from testflow_core.model import Endpoint
from testflow_core.provisioning.wiring import made_up_password
from testflow_docker_env.preset import PresetContainer, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.model import Service, Site
    from testflow_core.provisioning.readiness import Probe
    from testflow_docker_env.preset import Address

_PATIENCE = 2.0
_HEADER = b"AMQP\x00\x00\x09\x01"
_METHOD = b"\x01"
"""The kind of the frame with which a server answers a client's header: `connection.start` (AMQP 0-9-1, 4.2.2)."""


@frozen(kw_only=True, slots=False)
class RabbitmqContainer(PresetContainer):
    """The `config` of a service of type `rabbitmq`; the `user` may do all in the virtual host."""

    inside: ClassVar[int] = 5672

    port: int = 5672
    user: str = "rabbitmq"
    password: str | None = field(default=None, repr=False)
    vhost: str = "/"

    @property
    def repository(self) -> str:
        """The official image."""
        return "rabbitmq"

    def problems(self) -> Iterator[tuple[str, str]]:
        """What the server takes for nothing said, and then has an account that everybody knows."""
        for key in ("user", "vhost"):
            if not getattr(self, key):
                yield key, "expected a name, got ''; leave it out to have the default"

    def use(self, service: Service, site: Site, address: Address) -> Use:  # noqa: ARG002 - any is the same to it
        """An account of its own in place of the well-known `guest`."""
        password = self.password or made_up_password()
        credentials = f"{quote(self.user, safe='')}:{quote(password, safe='')}"

        def reached(host: str, port: int) -> Endpoint:
            # By the specification of such addresses an empty path is another virtual host than `/`.
            url = f"amqp://{credentials}@{host}:{port}/{quote(self.vhost, safe='')}"
            return Endpoint(host=host, ports={self.inside: port}, url=url, user=self.user, password=password)

        account = {"USER": self.user, "PASS": password, "VHOST": self.vhost}
        env = {f"RABBITMQ_DEFAULT_{key}": value for key, value in account.items()}
        return Use(published=self.inside, reached=reached, probe=amqp_probe, env=env)


def amqp_probe(host: str, port: int) -> Probe:
    """Ready when the server begins a connection; it listens last of all, its account is there by then."""

    def probe(seconds: float) -> str | None:
        try:
            with socket.create_connection((host, port), timeout=min(seconds, _PATIENCE)) as connection:
                connection.sendall(_HEADER)
                answer = connection.recv(1)
        except OSError as error:
            return f"RabbitMQ does not answer on {host}:{port} ({error})"
        return None if answer == _METHOD else f"RabbitMQ on {host}:{port} is still starting"

    return probe
