"""What a container has of disks: volumes of its environment's own, and files of this machine, only to read."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from testflow_core.model import Site

INSIDE = re.compile(r"/(?!/)[^:]+")
_VOLUME = re.compile(r"([^:]+):(/[^:]*)(?::(ro|rw))?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_FORMS = "'name:/path', 'name:/path:ro' or './directory:/path:ro'"


@frozen(kw_only=True)
class Mount:
    """A volume by its name in the environment, or a path below the workspace, `shared`, and where it is inside."""

    source: str
    target: str
    shared: bool
    read_only: bool


def parse(text: str) -> Mount:
    """`name:/path`, `name:/path:ro` or `./path:/path:ro`; ValueError with what is wrong and the forms there are."""
    found = _VOLUME.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {_FORMS}, got {text!r}")
    source, target, mode = found[1], found[2], found[3]
    shared = source in {".", ".."} or "/" in source or source.startswith("~")
    if not INSIDE.fullmatch(target):
        raise ValueError(f"nothing can be mounted at {target!r}; name a path below /")
    if not shared and not _NAME.fullmatch(source):
        raise ValueError(f"{source!r} is no name of a volume; expected letters, digits, '_', '.' and '-'")
    if shared:
        _check_shared(source, target, mode)
    return Mount(source=source, target=target, shared=shared, read_only=mode == "ro")


def find(mount: Mount, site: Site) -> Path:
    """
    What a `shared` mount names, in the workspace or else in a checkout.

    ValueError where it is in neither, and where a link leads out of it: nothing else of this machine is shown.
    """
    places = [site.workspace, *site.checkouts.values()]
    for place in places:
        found = (place / mount.source).resolve()
        if not found.exists():
            continue
        if found.is_relative_to(place.resolve()):
            return found
        raise ValueError(f"{place / mount.source} leads to {found}, outside of {place}; copy it there")
    looked = ", ".join(str(place / mount.source) for place in places)
    raise ValueError(f"there is no {mount.source!r} to mount; looked for {looked}")


def contents(mounts: Iterable[Mount], site: Site) -> dict[str, str]:
    """What the files are that `shared` mounts show, as a digest for each; ValueError where one names nothing."""
    return {f"what is mounted at {each.target}": _digest(find(each, site)) for each in mounts if each.shared}


def engine_mount(mount: Mount, site: Site, prefix: str, labels: Mapping[str, str]) -> Mapping[str, object]:
    """The mount as the engine's API takes it; a volume is made with the container, with these labels."""
    where = {"Target": mount.target, "ReadOnly": mount.read_only}
    if mount.shared:
        return {**where, "Type": "bind", "Source": str(find(mount, site))}
    source = f"{prefix}-{mount.source}"
    return {**where, "Type": "volume", "Source": source, "VolumeOptions": {"Labels": dict(labels)}}


def _check_shared(source: str, target: str, mode: str | None) -> None:
    path = PurePosixPath(source)
    if path.is_absolute() or source.startswith("~") or ".." in path.parts:
        raise ValueError(f"{source!r} is not below the workspace; name what is there, as in './data:{target}:ro'")
    if mode != "ro":
        raise ValueError(f"files of this machine can only be read; write '{source}:{target}:ro', or name a volume")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if each.is_file():
            digest.update(f"{each.relative_to(path)}\0".encode(errors="surrogateescape"))
            digest.update(hashlib.sha256(each.read_bytes()).digest())
    return digest.hexdigest()[:32]
