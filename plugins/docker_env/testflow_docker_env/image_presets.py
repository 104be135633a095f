"""The types that stand for an image, and how a service of one is started."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.errors import Problem, ProvisionError
from testflow_core.model import Readiness
from testflow_core.provisioning.services import declared_at
from testflow_docker_env import containers, launching, presets
from testflow_docker_env.containers import LOOPBACK
from testflow_docker_env.kafka import KafkaContainer
from testflow_docker_env.mysql import MariadbContainer, MysqlContainer
from testflow_docker_env.preset import Address
from testflow_docker_env.rabbitmq import RabbitmqContainer
from testflow_docker_env.webdriver import ChromeContainer, SeleniumContainer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testflow_core.model import Endpoint, Service
    from testflow_core.provisioning.launch import Place, Running
    from testflow_docker_env.containers import Container
    from testflow_docker_env.ground import Ground
    from testflow_docker_env.long_work import Limits
    from testflow_docker_env.preset import PresetContainer, Use

TYPES: Mapping[str, type[PresetContainer]] = {
    "mysql": MysqlContainer,
    "mariadb": MariadbContainer,
    "rabbitmq": RabbitmqContainer,
    "kafka": KafkaContainer,
    "selenium": SeleniumContainer,
    "chrome": ChromeContainer,
}
"""Each with its `config`, which says all that differs from one to the next."""

_MAX_PORT = 65535
_TRIES = 3


def mistakes(service: Service, config: PresetContainer) -> Iterator[Problem]:
    """What is wrong with a config whose types are right."""
    path = f"{declared_at(service)}.config"
    if not 0 <= config.port <= _MAX_PORT:
        yield Problem(f"{path}.port", f"expected a port from 0 (any) to {_MAX_PORT}, got {config.port}")
    for key, message in config.problems():
        yield Problem(f"{path}.{key}", message)


def start(service: Service, place: Place, ground: Ground, config: PresetContainer, limits: Limits) -> Running:
    """The service as a container; its own port first, then those of `ports`."""
    image, warnings = presets.chosen_image(service, place, ground, config.repository, limits)
    wished = service.ports.get(config.inside, config.port)
    further = {inside: port for inside, port in service.ports.items() if inside != config.inside}
    for _ in range(_TRIES):
        outside = place.ports.lease(wished or None) if config.advertised else 0
        use = config.use(service, place.site, Address(host=ground.hosts[service.name], outside=outside))
        container = _contained(service, place, ground, image, config, use, (outside or wished, further))
        if outside in {0, container.published[use.published]}:
            return evolve(_running(service, place, ground, config, use, container, further), warnings=warnings)
        # Somebody was quicker, and the engine has found another port: not the one that clients are sent to.
        container.end(0, signal.SIGKILL)
        place.ports.release(outside)
    raise ProvisionError(f"every port that {service.name} was to have was taken by another program; run again")


def _contained(
    service: Service,
    place: Place,
    ground: Ground,
    image: str,
    config: PresetContainer,
    use: Use,
    wishes: tuple[int, Mapping[int, int]],
) -> Container:
    own, further = wishes
    peer = use.reached(ground.hosts[service.name], config.inside)
    leased = further if config.advertised else {use.published: own, **further}
    recipe = launching.recipe(service, place, ground, image, leased, config)
    if config.advertised:
        recipe = evolve(recipe, ports={use.published: own, **recipe.ports})
    if use.data is not None and not place.site.faults:
        recipe = evolve(recipe, memory={use.data: "", **recipe.memory})
    words = (*use.command, *(place.resolve(word, peer) for word in service.command or ()))
    declared = {key: place.resolve(value, peer) for key, value in service.env.items()}
    recipe = evolve(recipe, command=words or None, env={**use.env, **declared})
    return containers.start(ground.connection, recipe, place.log)


def _running(
    service: Service,
    place: Place,
    ground: Ground,
    config: PresetContainer,
    use: Use,
    container: Container,
    further: Mapping[int, int],
) -> Running:
    published = container.published[use.published]
    endpoint = _with_ports(use.reached(LOOPBACK, published), {each: container.published[each] for each in further})
    peer = _with_ports(use.reached(ground.hosts[service.name], config.inside), {each: each for each in further})
    up = launching.running(container, place, endpoint, peer, service.readiness or Readiness())
    prepare = use.prepare
    return evolve(
        up,
        probes=(use.probe(LOOPBACK, published), *up.probes),
        prepare=None if prepare is None else lambda: prepare(container, place),
    )


def _with_ports(endpoint: Endpoint, further: Mapping[int, int]) -> Endpoint:
    return evolve(endpoint, ports={**endpoint.ports, **further})
