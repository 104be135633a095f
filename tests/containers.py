"""The container engine of this machine, and what is on it."""

import fcntl
import json
import os
import subprocess
import tempfile
from contextlib import contextmanager

from testflow_docker_env.hosts import engine_host, no_engine

ENGINE = engine_host()


def no_engine_here():
    """Why no engine can be used, or None."""
    return no_engine(ENGINE)


@contextmanager
def alone_on_the_engine():
    """Tests that compare what is on the engine before and after take turns, also with those of another interpreter."""
    lock = os.open(tempfile.gettempdir(), os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def on_the_engine():
    """The containers, networks and volumes that are there, by what the docker command says of them."""
    kinds = {"containers": ["ps", "--all"], "networks": ["network", "ls"], "volumes": ["volume", "ls"]}
    return {kind: _listed(words) for kind, words in kinds.items()}


def _listed(words):
    argv = ["docker", "-H", ENGINE, *words, "--format", "{{json .}}"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return {json.loads(line).get("ID") or json.loads(line)["Name"] for line in lines}
