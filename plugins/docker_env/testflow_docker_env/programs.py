"""Services that are images: a registered application, built from its checkout, or any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core import references
from testflow_core.errors import ProvisionError
from testflow_core.model import Readiness
from testflow_docker_env import containers, launching
from testflow_docker_env.build import built_image
from testflow_docker_env.images import exposed_ports, find_image, health_check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from testflow_core.model import Application, Endpoint, Service
    from testflow_core.provisioning.launch import Place, Running
    from testflow_docker_env.container_config import ImageConfig
    from testflow_docker_env.ground import Ground
    from testflow_docker_env.long_work import Limits

EVERYWHERE = "0.0.0.0"  # noqa: S104 (inside of a container; outside, the loopback address alone is published)


def start(service: Service, place: Place, ground: Ground, config: ImageConfig, limits: Limits) -> Running:
    """The service as a container; ports that nobody declared are those that the image exposes."""
    image = _image(service, place, ground, limits)
    ports = dict(service.ports) or dict.fromkeys(exposed_ports(ground.connection, image), 0)
    recipe = launching.recipe(service, place, ground, image, ports, config)
    peer = launching.peer_endpoint(recipe.host, ports)
    command = None if service.command is None else tuple(place.resolve(word, peer) for word in service.command)
    recipe = evolve(
        recipe,
        command=command,
        env=_variables(service, place, peer),
        entrypoint=config.entrypoint,
        user=config.user,
    )
    container = containers.start(ground.connection, recipe, place.log)
    endpoint = launching.published_endpoint(container, ports)
    health = health_check(ground.connection, image) if config.healthcheck else None
    return launching.running(container, place, endpoint, peer, _readiness(service), health)


def teller(service: Service, place: Place) -> Callable[[str], None]:
    """Tells whoever follows the run what takes its time with a service."""
    return lambda sentence: place.site.tell(f"{service.name}: {sentence}")


def _image(service: Service, place: Place, ground: Ground, limits: Limits) -> str:
    application = service.application
    tell = teller(service, place)
    if application is not None:
        checkout = _checkout(service, application)
        return built_image(ground.connection, application.name, checkout, limits, place.log, tell)
    if service.image is None:
        raise ProvisionError(f"the service {service.name} names no image", service=service.name)
    return find_image(ground.connection, service.image, limits, tell)


def _checkout(service: Service, application: Application) -> Path:
    if application.path is None:
        raise ProvisionError(f"the application of the service {service.name} has no checkout", service=service.name)
    return application.path


def _variables(service: Service, place: Place, own: Endpoint) -> Mapping[str, str]:
    """What the container finds in its environment; what the service's `env` says wins."""
    told: dict[str, str] = dict(place.variables)
    if service.application is not None:
        told |= {"HOST": EVERYWHERE}
        for position, inside in enumerate(own.ports):
            told |= {f"PORT_{inside}" if position else "PORT": str(inside)}
        # What refers to other services is wiring; the rest is about the checkout, and the image has its own.
        start = service.application.start
        wiring = {} if start is None else {key: value for key, value in start.env.items() if references.names(value)}
        told |= {key: place.resolve(value, own) for key, value in wiring.items()}
    return told | {key: place.resolve(value, own) for key, value in service.env.items()}


def _readiness(service: Service) -> Readiness:
    start = service.application.start if service.application is not None else None
    return service.readiness or (start.readiness if start is not None else Readiness())
