"""Images that were built from checkouts and that nobody has used for long: removed, and never any other."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING

from testflow_docker_env.names import APPLICATION

if TYPE_CHECKING:
    from testflow_docker_env.connection import Connection

KEPT = 5
"""How many images of one application stay at most, those used last; fewer where they were not used for a week."""

_WEEK = 7 * 24 * 3600.0
# A run that has found its image has not made its container yet.
_IN_HAND = 3600.0
_OURS = re.compile(r"(testflow/.+):[0-9a-f]{20}")


def note_use(connection: Connection, image: str) -> None:
    """Have the engine remember that a built image is used now; ProvisionError where it does not answer."""
    repository, _, tag = image.rpartition(":")
    with connection.told(f"the use of {image} cannot be noted"):
        # What the engine keeps of an image is when it was last given a name.
        connection.api.tag(image, repository, tag)


def collect(connection: Connection, spare: str | None = None) -> list[str]:
    """
    Remove what was built and not used for a week, or since five others of its application were; tell what it was.

    What a container uses, what was used within the hour, what bears another name than a build's, and `spare` stay.
    ProvisionError where the engine does not answer.
    """
    from docker.errors import APIError  # noqa: PLC0415 - imported with the connection

    removed: list[str] = []
    with connection.told("the images that were built cannot be looked through"):
        now = _now()
        for uses in _last_uses(connection).values():
            for place, (used, name) in enumerate(sorted(uses, reverse=True)):
                if name == spare or now - used < _IN_HAND or (place < KEPT and now - used < _WEEK):
                    continue
                try:
                    connection.api.remove_image(name)
                except APIError:
                    # A container uses it, or somebody else was quicker.
                    continue
                removed.append(f"image {name}")
    return removed


def _now() -> float:
    return time.time()


def _last_uses(connection: Connection) -> dict[str, list[tuple[float, str]]]:
    """For each application's repository, the images that were built for it, with the time of their last use."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for image in connection.api.images(filters={"label": [APPLICATION]}):
        # An image of somebody's that begins with ours has its label too, but not its name.
        for name in image["RepoTags"] or ():
            if ours := _OURS.fullmatch(name):
                found[ours[1]].append((_last_use(connection, name), name))
    return found


def _last_use(connection: Connection, name: str) -> float:
    told = connection.api.inspect_image(name).get("Metadata") or {}
    # Engines that remember no such thing keep the image.
    return datetime.fromisoformat(told["LastTagTime"]).timestamp() if "LastTagTime" in told else _now()
