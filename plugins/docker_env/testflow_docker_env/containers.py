"""One service as a container: made, started, listened to, and ended."""

from __future__ import annotations

import signal
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.errors import ProvisionError
from testflow_core.provisioning.readiness import LOG_LIMIT, describe_exit, failure
from testflow_docker_env.archives import archive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from requests import Response

    from testflow_docker_env.connection import Connection

LOOPBACK = "127.0.0.1"
_EXIT_LIMIT = 30
_NANO = 1_000_000_000
# What a command writes comes in frames: which stream, three empty bytes, the length.
_FRAME = struct.Struct(">BxxxL")
_TAKEN = ("port is already allocated", "address already in use", "ports are not available")


@frozen(kw_only=True)
class Recipe:
    """
    What a container of a service is made of.

    `name` is unique on the engine, `host` what it is called on the `network`. `ports` maps the port inside to the one
    on the loopback address, 0 for any. `memory` are directories whose files are kept in memory, with their options,
    `mounts` what the engine is to mount besides, `files` what is written into it before it starts, path to text. Sizes
    are in bytes; None is the image's own, or no limit.
    """

    service: str
    name: str
    image: str
    host: str
    network: str
    labels: Mapping[str, str]
    command: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    ports: Mapping[int, int] = field(factory=dict[int, int])
    memory: Mapping[str, str] = field(factory=dict[str, str])
    mounts: tuple[Mapping[str, object], ...] = ()
    files: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    entrypoint: tuple[str, ...] | None = None
    user: str | None = None
    shm_size: int | None = None
    memory_limit: int | None = None
    cpus: float | None = None
    pids: int | None = None


def start(connection: Connection, recipe: Recipe, log: Path) -> Container:
    """The container, running; on other ports where somebody was quicker. ProvisionError with the engine's reason."""
    try:
        return _start(connection, recipe, recipe.ports, log)
    except ProvisionError as error:
        if not any(words in error.message.lower() for words in _TAKEN):
            raise
    return _start(connection, recipe, dict.fromkeys(recipe.ports, 0), log)


class Container:
    """
    A container that was started; its output goes to its log.

    `published` maps the port inside to the real one on the loopback address.
    """

    def __init__(self, connection: Connection, number: str, service: str, log: Path) -> None:
        self.id = number
        self._service = service
        self.published: Mapping[int, int] = {}
        self._connection = connection
        self._log = log
        self._logged = 0
        self._exit: int | None = None
        self._why = ""
        self._lost: ProvisionError | None = None
        self._ended = threading.Event()
        self._follower = self._new_follower()

    def run(self) -> None:
        """Start it, and learn its ports; ProvisionError where it has ended by then."""
        self._connection.api.start(self.id)
        self._exit = None
        self._why = ""
        self._ended = threading.Event()
        self._follower = self._new_follower()
        self._follower.start()
        found = self._connection.api.inspect_container(self.id)
        if not found["State"]["Running"]:
            raise failure(self._service, f"{describe_exit(self.wait(_EXIT_LIMIT) or 0)} while starting", self._log)
        bindings: Mapping[str, list[Mapping[str, str]] | None] = found["NetworkSettings"]["Ports"] or {}
        self.published = {
            int(inside.partition("/")[0]): int(outside[0]["HostPort"])
            for inside, outside in bindings.items()
            if outside
        }

    def again(self) -> Container:
        """Start it once more after its end, with its files; ProvisionError where it cannot be, as without its ports."""
        with self._connection.told(f"the container of {self._service} cannot be started again"):
            self.run()
        return self

    @property
    def returncode(self) -> int | None:
        """None while it runs, then its exit status; ProvisionError once the engine does not answer for it any more."""
        if self._lost is not None:
            raise self._lost
        return self._exit

    def why(self) -> str:
        """What the engine says of its end beyond its exit status: that it was killed for its memory."""
        return self._why

    def wait(self, timeout: float | None = None, /) -> int | None:
        """The return code as soon as it is known; None where `timeout` seconds pass before."""
        self._ended.wait(timeout)
        return self.returncode

    def end(self, grace: float, number: signal.Signals, /) -> None:
        """Send it the signal that its image names, kill it after `grace` seconds, and remove it with its volumes."""
        # What fails here is done again, and told, when all of the environment is removed.
        with suppress(ProvisionError):
            self.halt(grace, number)
            with self._connection.told("a container cannot be removed"):
                self._connection.api.remove_container(self.id, v=True, force=True)

    def halt(self, grace: float, number: signal.Signals, /) -> None:
        """End it as `end` does, at once where it is to be killed, and keep it; ProvisionError where that fails."""
        with self._connection.told("a container cannot be ended"):
            if number == signal.SIGKILL:
                self._connection.api.kill(self.id)
            else:
                self._connection.api.stop(self.id, timeout=ceil(grace))
        self._follower.join(_EXIT_LIMIT)

    def pause(self) -> None:
        """Freeze all of its processes; ProvisionError where the engine cannot."""
        with self._connection.told("a container cannot be paused"):
            self._connection.api.pause(self.id)

    def resume(self) -> None:
        """Let its processes run on; ProvisionError where the engine cannot."""
        with self._connection.told("a container cannot be resumed"):
            self._connection.api.unpause(self.id)

    def execute(
        self, argv: Sequence[str], seconds: float, env: Mapping[str, str] | None = None
    ) -> tuple[int | None, str]:
        """A command inside it: its exit code, None where it did not end in time, and the last of what it wrote."""
        api = self._connection.api
        deadline = time.monotonic() + seconds
        said = bytearray()
        with self._connection.told(f"{argv[0]} cannot be run"):
            number = api.exec_create(self.id, list(argv), environment=dict(env or {}))["Id"]
            # Asked without the SDK, whose own way takes the connection over, and leaves it open.
            address = f"{api.base_url}/v{api.api_version}/exec/{number}/start"
            body = {"Detach": False, "Tty": False}
            code: int | None = None
            with api.post(address, json=body, stream=True, timeout=seconds) as answer:
                if _read_frames(answer, said, deadline):
                    code = api.exec_inspect(number)["ExitCode"]
        return code, said.decode(errors="replace")

    def put(self, archive: bytes, directory: str) -> None:
        """Unpack a tar archive in a directory of the container's."""
        with self._connection.told(f"files cannot be copied to {directory}"):
            self._connection.api.put_archive(self.id, directory, archive)

    def _new_follower(self) -> threading.Thread:
        return threading.Thread(target=self._follow, name="testflow-container", daemon=True)

    def _follow(self) -> None:
        from docker.errors import NotFound  # noqa: PLC0415 - imported with the connection

        try:
            with self._connection.told("a container is not answered for"):
                self._listen(self._connection.api.logs(self.id, stdout=True, stderr=True, stream=True, follow=True))
                self._exit = int(self._connection.api.wait(self.id, timeout=_EXIT_LIMIT)["StatusCode"])
                # One that is removed at once cannot be asked any more, and nobody asks why it has ended.
                if self._exit:
                    with suppress(NotFound):
                        self._why = _why(self._connection.api.inspect_container(self.id)["State"])
        except ProvisionError as error:
            self._lost = error
        self._ended.set()

    def _listen(self, output: Iterable[bytes]) -> None:
        # The engine tells all that was ever written; of a container that was started again, the log has a part.
        known = self._logged
        with self._log.open("ab", buffering=0) as log:
            for part in output:
                new = part[known:]
                known -= len(part) - len(new)
                self._logged += log.write(new) or 0


def _start(connection: Connection, recipe: Recipe, ports: Mapping[int, int], log: Path) -> Container:
    api = connection.api
    with connection.told(f"a container of {recipe.image} cannot be started"):
        host_config = api.create_host_config(
            # A first process that is none would ignore every signal, and leave its orphans unreaped.
            init=True,
            network_mode=recipe.network,
            port_bindings={inside: (LOOPBACK, port or None) for inside, port in ports.items()},
            tmpfs=dict(recipe.memory),
            mounts=list(recipe.mounts),
            shm_size=recipe.shm_size,
            mem_limit=recipe.memory_limit,
            # No more with swap than without.
            memswap_limit=recipe.memory_limit,
            nano_cpus=None if recipe.cpus is None else round(recipe.cpus * _NANO),
            pids_limit=recipe.pids,
            # Whatever the engine's default is, this kind can be followed.
            log_config={"Type": "json-file", "Config": {}},
        )
        aliases = api.create_endpoint_config(aliases=[recipe.host])
        options: Mapping[str, object] = {
            "command": None if recipe.command is None else list(recipe.command),
            "entrypoint": None if recipe.entrypoint is None else list(recipe.entrypoint),
            "user": recipe.user,
            "name": recipe.name,
            "hostname": recipe.host,
            "environment": dict(recipe.env),
            "labels": dict(recipe.labels),
            "ports": list(ports),
            "host_config": host_config,
            "networking_config": api.create_networking_config({recipe.network: aliases}),
        }
        made = connection.make(lambda: api.create_container(recipe.image, **options))
        container = Container(connection, made["Id"], recipe.service, log)
        try:
            if recipe.files:
                container.put(archive(recipe.files), "/")
            container.run()
        except BaseException:
            api.remove_container(container.id, v=True, force=True)
            raise
        return container


def _why(state: Mapping[str, object]) -> str:
    return "out of memory, as the engine says (OOMKilled)" if state.get("OOMKilled") else ""


def _read_frames(answer: Response, said: bytearray, deadline: float) -> bool:
    """Keep the last of what a command writes; whether it has ended by the deadline."""
    from urllib3.exceptions import ReadTimeoutError  # noqa: PLC0415 - imported with the connection

    try:
        while header := answer.raw.read(_FRAME.size):
            said += answer.raw.read(_FRAME.unpack(header)[1])
            del said[:-LOG_LIMIT]
            if time.monotonic() > deadline:
                return False
    except ReadTimeoutError:
        return False
    return True
