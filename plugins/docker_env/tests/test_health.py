"""What a real engine knows of the end of a container."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from testflow_docker_env import DockerProvisioner

from testflow_core.model import Environment, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from testflow_core.model import Provisioned, Site

    Of = Callable[..., Environment]

HOG = "echo started; sleep 1; exec tail /dev/zero"


def ailing(up: Provisioned) -> Mapping[str, str]:
    """What is wrong once something is; within half a minute."""
    assert up.health is not None
    for _ in range(300):
        said = up.health()
        if said:
            return said
        threading.Event().wait(0.1)
    raise AssertionError("all is well")


@pytest.mark.parametrize(
    ("command", "limits", "said"),
    [
        (HOG, {"memory": "16m"}, "ended with exit code 137: out of memory, as the engine says (OOMKilled)"),
        ("echo started; sleep 1; exit 3", {}, "ended with exit code 3"),
    ],
)
def test_how_a_container_has_ended_is_told(
    site: Site, host: str, environment: Of, command: str, limits: dict[str, str], said: str
):
    service = Service(
        name="hog",
        type="docker",
        image="busybox:latest",
        command=("sh", "-c", command),
        config={"limits": limits} if limits else {},
    )
    with DockerProvisioner(host=host).provision(environment(service), site) as up:
        assert up.health is not None
        assert up.health() == {}
        assert ailing(up) == {"hog": said}
