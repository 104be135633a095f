"""The type `kafka`: the image `apache/kafka` as a single node, as its usage guide has it."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, ClassVar

from attrs import frozen

from testflow_core.model import Endpoint
from testflow_docker_env.containers import LOOPBACK
from testflow_docker_env.preset import PresetContainer, Use

if TYPE_CHECKING:
    from testflow_core.model import Service, Site
    from testflow_core.provisioning.readiness import Probe
    from testflow_docker_env.preset import Address

_PATIENCE = 2.0
_OUTSIDE = 19092
_CONTROLLER = 29093
_ONE = "1"
_API_VERSIONS = 18
_CORRELATION = 7
_CLIENT = b"testflow"
_REQUEST = struct.pack(">hhih", _API_VERSIONS, 0, _CORRELATION, len(_CLIENT)) + _CLIENT
_ANSWER = struct.Struct(">iih")


@frozen(kw_only=True, slots=False)
class KafkaContainer(PresetContainer):
    """The `config` of a service of type `kafka`."""

    inside: ClassVar[int] = 9092
    advertised: ClassVar[bool] = True

    port: int = 9092

    @property
    def repository(self) -> str:
        """The image of the project itself."""
        return "apache/kafka"

    def use(self, service: Service, site: Site, address: Address) -> Use:  # noqa: ARG002 - any is the same to it
        """
        Two listeners, as a client is sent on from the address it knows to the one that is advertised there.

        Containers have one by the broker's name, tests the other by the port on this machine.
        """
        return Use(
            published=_OUTSIDE,
            reached=lambda host, port: Endpoint(host=host, ports={self.inside: port}),
            probe=versions_probe,
            env={
                "KAFKA_NODE_ID": _ONE,
                "KAFKA_PROCESS_ROLES": "broker,controller",
                "KAFKA_LISTENERS": f"CONTROLLER://:{_CONTROLLER},PLAINTEXT_HOST://:{_OUTSIDE},PLAINTEXT://:{self.inside}",
                "KAFKA_ADVERTISED_LISTENERS": (
                    f"PLAINTEXT_HOST://{LOOPBACK}:{address.outside},PLAINTEXT://{address.host}:{self.inside}"
                ),
                "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": (
                    "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT"
                ),
                "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
                "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
                "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{_CONTROLLER}",
                # Of what Kafka keeps three times by default there can be one here.
                "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": _ONE,
                "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": _ONE,
                "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": _ONE,
                "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": _ONE,
                "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": _ONE,
                "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
                "KAFKA_LOG_DIRS": "/tmp/kraft-combined-logs",  # noqa: S108 - the container's own
            },
        )


def versions_probe(host: str, port: int) -> Probe:
    """Ready when the broker says which requests it takes (ApiVersions, version 0): the first that any client asks."""

    def probe(seconds: float) -> str | None:
        try:
            with socket.create_connection((host, port), timeout=min(seconds, _PATIENCE)) as connection:
                connection.sendall(struct.pack(">i", len(_REQUEST)) + _REQUEST)
                answer = connection.makefile("rb").read(_ANSWER.size)
        except OSError as error:
            return f"Kafka does not answer on {host}:{port} ({error})"
        if len(answer) < _ANSWER.size or _ANSWER.unpack(answer)[1:] != (_CORRELATION, 0):
            return f"Kafka on {host}:{port} is still starting"
        return None

    return probe
