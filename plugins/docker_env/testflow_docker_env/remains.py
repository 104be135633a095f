"""What an environment has on the engine: marked before it starts, and all of it removed, by whoever comes to it."""

from __future__ import annotations

import os
import platform
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import leases
from testflow_docker_env.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testflow_docker_env.engine_api import Answer

LEASE = "testflow.lease"
OWNER = "testflow.owner"
_LIMIT = 20.0
_WAIT = 20
_AFTERMATH = 0.5
_NAMESPACE = Path("/proc/self/ns/mnt")


def owner() -> str:
    """
    Who can tell whether a lease is held: a user of one machine, with one view of its files.

    Several machines and containers may share an engine, and must not take each other's leases for dead ones.
    """
    view = _NAMESPACE.stat().st_ino if _NAMESPACE.exists() else 0
    return f"{platform.node()}:{os.getuid()}:{view}"


def marks(directory: Path) -> dict[str, str]:
    """The labels of whatever belongs to the environment whose lease is on this directory."""
    return {LEASE: str(directory), OWNER: owner()}


def inventory(connection: Connection, directory: Path) -> Mapping[str, tuple[str, ...]]:
    """The names of what the lease on this directory has on the engine, by kind: container, network, volume."""
    with connection.told(f"what belongs to the lease {directory} cannot be listed"):
        found = _found(connection, f"{LEASE}={directory}")
    return {kind: tuple(sorted(map(_name, each))) for kind, each in found.items() if each}


def remove(connection: Connection, directory: Path) -> list[str]:
    """Remove whatever belongs to a lease and tell what it was; ProvisionError where that does not succeed in time."""
    deadline = time.monotonic() + _LIMIT
    label = f"{LEASE}={directory}"
    with connection.told(f"the containers of the lease {directory} cannot be removed"):
        found: list[str] = []
        while removed := _remove_once(connection, label):
            found += removed
            if time.monotonic() > deadline:
                raise ProvisionError(f"the containers of the lease {directory} are still there after {_LIMIT:g} s")
    return list(dict.fromkeys(found))


def sweep(connection: Connection) -> list[str]:
    """Remove what dead owners have left, and tell it; those of other machines and users are not ours to judge."""
    with connection.told("what earlier runs may have left cannot be listed"):
        found = [each["Labels"] for several in _found(connection, f"{OWNER}={owner()}").values() for each in several]
    marked = {Path(labels[LEASE]) for labels in found if LEASE in labels}
    dead = [directory for directory in marked if not leases.held(directory)]
    return [line for directory in dead for line in remove(connection, directory)]


def _found(connection: Connection, label: str) -> dict[str, Sequence[Answer]]:
    """What bears a label, by kind, in the order in which it can be removed."""
    api, filters = connection.api, {"label": [label]}
    return {
        "container": api.containers(all=True, filters=filters),
        "network": api.networks(filters=filters),
        "volume": api.volumes(filters=filters)["Volumes"] or (),
    }


def _name(found: Answer) -> str:
    """What a container, a network or a volume is called; a container by its number while the engine removes it."""
    return found.get("Name") or "".join(found.get("Names") or ()).lstrip("/") or found["Id"][:12]


def _remove_once(connection: Connection, label: str) -> list[str]:
    """Remove all that is listed; a line for each."""
    from docker.errors import APIError, NotFound  # noqa: PLC0415 - imported with the connection

    api = connection.api
    found = _found(connection, label)
    for container in found["container"]:
        # Somebody else may be removing it at this moment: the next look tells.
        with suppress(APIError):
            api.remove_container(container["Id"], v=True, force=True)
        with suppress(NotFound):
            api.wait(container["Id"], timeout=_WAIT, condition="removed")
    for network in found["network"]:
        with suppress(APIError):
            api.remove_network(network["Id"])
    for volume in found["volume"]:
        with suppress(APIError):
            api.remove_volume(volume["Name"])
    return [f"{kind} {_name(each)}" for kind, several in found.items() for each in several]


def main(host: str, directory: str) -> None:
    """What is run once an environment's owner is gone."""
    with Connection(host) as connection:
        remove(connection, Path(directory))
        # What the engine was asked for at the moment of the owner's death may come only now.
        time.sleep(_AFTERMATH)
        remove(connection, Path(directory))


if __name__ == "__main__":
    main(*sys.argv[1:])
