"""A Redis server of our own, or one of its descendant Valkey: nothing of it is saved, and it ends at once."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from testflow_core.model import Readiness
from testflow_core.provisioning import redis, redis_copies
from testflow_core.provisioning.launch import Running
from testflow_core.provisioning.leases import LOOPBACK
from testflow_process_env.binaries import VALKEY, differs, surroundings

if TYPE_CHECKING:
    from testflow_core.model import Service
    from testflow_core.provisioning.launch import Place
    from testflow_core.provisioning.redis import RedisConfig
    from testflow_core.provisioning.supervised import Supervised
    from testflow_process_env.binaries import Binaries


def start(service: Service, place: Place, config: RedisConfig, binaries: Binaries) -> Running:
    """The server, started; ProvisionError or OSError where it cannot be."""
    password = redis.password(config)
    port = place.ports.lease(config.port or None)
    settings = {
        **redis.UNSAVED,
        "bind": LOOPBACK,
        "port": str(port),
        "dir": str(place.directory),
        "daemonize": "no",
        "requirepass": password,
    }
    # In a file, as everybody may read the words of a command.
    file = place.directory / "redis.conf"
    file.touch(mode=0o600)
    file.write_text(redis.settings_file(settings), encoding="utf-8")
    environment = surroundings()

    def spawn() -> Supervised:
        with place.log.open("ab") as log:
            return place.supervisor.spawn(
                [binaries.program(binaries.software.programs[0]), str(file)],
                cwd=place.directory,
                env=environment,
                stdout=log.fileno(),
                stderr=log.fileno(),
            )

    running = Running(
        endpoint=redis.endpoint(config, host=LOOPBACK, port=port, password=password),
        process=spawn(),
        cwd=place.site.workspace,
        env={**environment, "REDISCLI_AUTH": password},
        readiness=service.readiness or Readiness(),
        probes=(redis.ping_probe(LOOPBACK, port),),
        # It looks for other signals ten times a second, and there is nothing that it would have to finish.
        end_signal=signal.SIGKILL,
        warnings=_warnings(service, binaries),
        again=spawn,
    )
    return redis_copies.copied(running, service.name) if place.site.copies else running


def _warnings(service: Service, binaries: Binaries) -> tuple[str, ...]:
    # Valkey counts its versions on its own since it went its own way.
    if service.version is None or not (binaries.software == VALKEY or differs(binaries, service.version)):
        return ()
    asked = f"{service.name}: Redis {service.version} was asked for and is not installed here"
    return (f"{asked}; {binaries.software.name} {binaries.version} is used, from {binaries.directory}",)
