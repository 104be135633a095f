"""What a type that stands for an image says of it: how a container of it is run and reached."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from testflow_core.model import Endpoint
from testflow_core.provisioning.launch import Place
from testflow_core.provisioning.readiness import Probe
from testflow_docker_env.container_config import ContainerConfig
from testflow_docker_env.containers import Container

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.model import Service, Site


@frozen(kw_only=True)
class Address:
    """What is known before a container starts: its `host` on the network, and the port `outside` where it is leased."""

    host: str
    outside: int


@frozen(kw_only=True)
class Use:
    """
    How a container of an image is run for one service.

    `published` is the port inside at which tests reach it, `reached` its endpoint at a host and a port. `probe` looks
    whether it answers there. `data` is the directory that it writes to, None where that stays on disk. `prepare` is
    called once it answers.
    """

    published: int
    reached: Callable[[str, int], Endpoint]
    probe: Callable[[str, int], Probe]
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    data: str | None = None
    prepare: Callable[[Container, Place], None] | None = None


@frozen(kw_only=True, slots=False)
class PresetContainer(ContainerConfig, ABC):
    """
    The `config` of a type that stands for an image; `port` is the one wished for on this machine.

    `inside` is the port at which other containers reach it. One that is `advertised` tells its clients where it is
    reached, and has to know that before it starts.
    """

    inside: ClassVar[int]
    advertised: ClassVar[bool] = False

    port: int

    @property
    @abstractmethod
    def repository(self) -> str:
        """Where its images are, by their versions."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it, each with the key; nothing unless overridden."""
        yield from ()

    @abstractmethod
    def use(self, service: Service, site: Site, address: Address) -> Use:
        """How its container is run and reached; ProvisionError where a file of the declaration is not there."""
