"""An application's image, built from the Dockerfile of its checkout where the checkout has changed."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from math import ceil
from pathlib import PurePath
from typing import IO, TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_docker_env import collection
from testflow_docker_env.connection import with_remedy
from testflow_docker_env.long_work import working
from testflow_docker_env.names import APPLICATION, slug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from testflow_docker_env.connection import Connection
    from testflow_docker_env.engine_api import Answer
    from testflow_docker_env.long_work import Limits

DOCKERFILE = "Dockerfile"
_IGNORE = ".dockerignore"
_PIECE = 1 << 20
_TRACES = {".git", "__pycache__", ".pytest_cache", ".testflow"}


def built_image(
    connection: Connection, application: str, checkout: Path, limits: Limits, log: Path, tell: Callable[[str], None]
) -> str:
    """The name of the application's image, after a build unless this very content was built before; its log is kept."""
    from docker.errors import ImageNotFound  # noqa: PLC0415 - imported with the connection

    name = f"testflow/{slug(application).lower()}:{content(checkout)}"
    with connection.told(f"the image of {application} cannot be looked for"):
        try:
            connection.api.inspect_image(name)
        except ImageNotFound:
            pass
        else:
            collection.note_use(connection, name)
            return name
    tell(f"building {application} from its {DOCKERFILE}")
    with log.open("ab") as stream:
        reason = _build(connection, name, application, checkout, limits, stream)
    if reason is not None:
        raise ProvisionError(f"the image of {application} cannot be built from {checkout / DOCKERFILE}: {reason}")
    # Room that cannot be made now is made after a later build; this one has what it needs.
    with suppress(ProvisionError):
        collection.collect(connection, spare=name)
    return name


def content(checkout: Path) -> str:
    """
    A digest of what a build would see: names, kinds, permissions and bytes, no times.

    What tests and tools leave behind without changing the sources does not count; of a repository, the commit does.
    """
    digest = hashlib.sha256()
    for name in sorted(_context(checkout)):
        if not _TRACES.isdisjoint(PurePath(name).parts):
            continue
        path = checkout / name
        mode = path.lstat().st_mode
        digest.update(f"{name}\0{stat.S_IFMT(mode):o}\0{mode & 0o111:o}\0".encode(errors="surrogateescape"))
        if stat.S_ISLNK(mode):
            digest.update(os.fsencode(path.readlink()))
        elif stat.S_ISREG(mode):
            digest.update(_file_digest(path))
    digest.update(_commit(checkout / ".git").encode())
    return digest.hexdigest()[:20]


def _context(checkout: Path) -> set[str]:
    from docker.utils.build import exclude_paths  # noqa: PLC0415 - imported with the connection

    return exclude_paths(str(checkout), _ignored(checkout), dockerfile=DOCKERFILE)


def _ignored(checkout: Path) -> list[str]:
    try:
        lines = (checkout / _IGNORE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _file_digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.digest()


def _commit(repository: Path) -> str:
    """The commit that is checked out; nothing where there is no repository, or one that keeps its commits elsewhere."""
    try:
        head = (repository / "HEAD").read_text(encoding="utf-8").strip()
        branch = head.removeprefix("ref: ")
        if branch == head:
            return head
        if (repository / branch).is_file():
            return (repository / branch).read_text(encoding="utf-8").strip()
        packed = (repository / "packed-refs").read_text(encoding="utf-8")
    except OSError:
        return ""
    return next((line.partition(" ")[0] for line in packed.splitlines() if line.endswith(f" {branch}")), "")


def _build(
    connection: Connection, name: str, application: str, checkout: Path, limits: Limits, log: IO[bytes]
) -> str | None:
    """None once it is built, else why not."""

    def ask() -> Iterator[Answer]:
        return connection.api.build(
            path=str(checkout),
            tag=name,
            rm=True,
            forcerm=True,
            decode=True,
            labels={APPLICATION: application},
            timeout=ceil(limits.total.total_seconds()) + 1,
        )

    try:
        with working(connection, ask, limits) as lines:
            for text, error in _read(lines):
                log.write(text.encode(errors="replace"))
                log.flush()
                if error is not None:
                    return with_remedy(error)
    except ProvisionError as error:
        return error.message
    return None


def _read(lines: Iterator[Mapping[str, object]]) -> Iterator[tuple[str, str | None]]:
    """What each line of a build says, and the error that ended it."""
    for line in lines:
        match line:
            case {"error": str(error)}:
                yield f"{error.strip()}\n", error.strip()
            case {"stream": str(text)}:
                yield text, None
            case {"status": str(text)}:
                yield f"{line.get('id', '')} {text}\n".lstrip(), None
            case _:
                yield "", None
