"""
Environments whose engine, supervisor, guardian or several of them are killed (-9) at random instants, in mid-start too.

Victims are real: PostgreSQL with rows and a program that leaves a daemon, as processes; PostgreSQL and busybox as
containers. After each kill it is measured how long processes, ports, files, mounts, shared memory, containers, networks
and volumes take to be gone: 0.5 s at most for processes, 2 s for containers. Where the engine lives, services must be
gone in that time, and the rest once it has ended. Where all three are killed, nobody is left to clean up: what then
stays until the next start is counted like everything else. What is not gone in time is counted: as late
where it goes by itself, as left where it needs the next start of an engine or outlives that, too. A line tells
of each kind of kill as it is done; the table comes at the end, or after Ctrl-C. Writes JSON to the file named by the
first argument (default `.testflow/benchmarks/environment_chaos.json`), anew with each line; the second is how often
to kill (300), the third a seed that makes the instants the same again.

    uv run --group benchmarks python benchmarks/environment_chaos.py [FILE [KILLS [SEED]]]
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import traces
from attrs import asdict, frozen
from testflow_docker_env.hosts import engine_host, no_engine

LIMITS = {"process": 0.5, "docker": 2.0}
"""Seconds in which everything must be gone."""
STARTS = {"process": 0.15, "docker": 3.0}
"""Seconds of a start within which it is killed; what comes up before is killed as up."""
KINDS = ("engine", "supervisor", "guardian", "engine and supervisor", "engine and guardian", "all three")
PATIENCE = 60.0
LATE = 3.0
"""Seconds after the limit in which what is late is waited for, and again after the next start."""
PAUSE = 0.003

# Leaves the session, the group and the environment that it was started with.
DAEMON = """
import os, signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.execve("/bin/sleep", ["sleep", "1000"], {})
    os._exit(0)
os.wait()
signal.pause()
"""

VICTIM = """
import sys
from pathlib import Path
from testflow_core.model import Environment, Service, Site
from testflow_core.provisioning.leases import private_directory
kind, workspace = sys.argv[1], Path(sys.argv[2])
db = Service(name="db", type="postgres", config={"schemas": ["rows.sql"]})
if kind == "process":
    from testflow_process_env import ProcessProvisioner as Provisioner
    others = [Service(name="daemon", type="process", command=(sys.executable, "daemon.py"))]
else:
    from testflow_docker_env import DockerProvisioner as Provisioner
    others = [Service(name="box", type="docker", image="busybox:latest", command=("sleep", "1000"))]
services = [] if "sweep" in sys.argv else [db, *others]
print("starting", flush=True)
with private_directory() as lease:
    site = Site(lease=lease.name, directory=lease.directory, workspace=workspace)
    environment = Environment(name="chaos", services={each.name: each for each in services})
    with Provisioner().provision(environment, site):
        print("up", flush=True)
        sys.stdin.read()
"""
ROWS = "create table rows as select generate_series(1, 1000) as number;\n"


@frozen(kw_only=True)
class Kill:
    """One kill: what of, who and when, and what came of it; `seconds` is None where something was left."""

    provisioner: str
    kind: str
    moment: str
    seconds: float | None
    late: dict[str, list[str]]
    left: dict[str, list[str]]
    survives_next_start: bool = False


def started(provisioner: str, workspace: Path, folder: Path, *words: str) -> subprocess.Popen[str]:
    """An engine process that has begun to bring an environment up, in a temporary directory of its own."""
    engine = subprocess.Popen(
        [sys.executable, "-c", VICTIM, provisioner, str(workspace), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
        env={**os.environ, "TMPDIR": str(folder)},
        start_new_session=True,
    )
    next(engine.stdout or iter(()))
    return engine


def is_up(engine: subprocess.Popen[str], seconds: float) -> bool:
    """Whether the environment is up within so many seconds."""
    return bool(select.select([engine.stdout or sys.stdin], [], [], seconds)[0])


def gone(
    seen: traces.Known, folder: Path, api: Any | None, limit: float, *, spared: int | None = None
) -> dict[str, list[str]]:
    """What is left after so many seconds, at once where nothing is; with `spared`, only what runs is looked at."""
    deadline = time.monotonic() + limit
    while True:
        found = traces.left(seen, folder, api, spared)
        if spared is not None:
            found = {kind: found[kind] for kind in ("processes", "shared memory") if kind in found}
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(PAUSE)


def kill(engine: subprocess.Popen[str], kind: str) -> None:
    """Kill whom the kind says, one right after the other, as soon as all of them are there."""
    named = [name for name in ("guardian", "supervisor", "engine") if name in kind or kind == "all three"]
    everybody: dict[str, int] = {}
    deadline = time.monotonic() + PATIENCE
    while not everybody.keys() >= set(named) and time.monotonic() < deadline:
        everybody = {
            **dict(zip(("guardian", "supervisor"), traces.guards(engine.pid), strict=False)),
            "engine": engine.pid,
        }
    for name in named:
        with suppress(ProcessLookupError):
            os.kill(everybody[name], signal.SIGKILL)


def engine_lives(kind: str) -> bool:
    """Whether a kind of kill leaves the engine to itself."""
    return kind in {"supervisor", "guardian"}


def story(provisioner: str, kind: str, wait: tuple[float, float], api: Any | None) -> Kill:
    """One environment, killed so many seconds into its start, or after it is up: what came of it."""
    limit = LIMITS[provisioner]
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        workspace, folder = Path(name, "workspace"), Path(name, "t")
        workspace.mkdir()
        folder.mkdir()
        (workspace / "rows.sql").write_text(ROWS)
        (workspace / "daemon.py").write_text(DAEMON)
        with started(provisioner, workspace, folder) as engine:
            up = is_up(engine, wait[0])
            if up:
                time.sleep(wait[1])
            seen = traces.known(engine.pid, folder, api)
            began = time.monotonic()
            kill(engine, kind)
            late: dict[str, list[str]] = {}
            if engine_lives(kind):
                late = gone(seen, folder, api, limit, spared=engine.pid)
                spent = time.monotonic() - began
                with suppress(BrokenPipeError):
                    (engine.stdin or sys.stdin).close()
                engine.wait(PATIENCE)
                began = time.monotonic() - min(spent, 0.9 * limit)
            else:
                engine.wait()
            late |= gone(seen, folder, api, began + limit - time.monotonic())
            seconds = time.monotonic() - began
        left = gone(seen, folder, api, LATE) if late else late
        survives = bool(left) and bool(after_next_start(provisioner, workspace, folder, seen, api))
        end(seen, Path(name), folder, api)
        moment = "up" if up else "starting"
    result = None if late else seconds
    return Kill(
        provisioner=provisioner,
        kind=kind,
        moment=moment,
        seconds=result,
        late=late,
        left=left,
        survives_next_start=survives,
    )


def after_next_start(
    provisioner: str, workspace: Path, folder: Path, seen: traces.Known, api: Any | None
) -> dict[str, list[str]]:
    """What is left when an engine of the same user has started and ended."""
    with started(provisioner, workspace, folder, "sweep") as engine:
        engine.communicate(timeout=PATIENCE)
    return gone(seen, folder, api, LATE)


def end(seen: traces.Known, name: Path, folder: Path, api: Any | None) -> None:
    """Nothing of a victim outlives its measurement."""
    while pids := traces.living(seen, name):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    traces.remove(seen, folder, api)


def table(kills: list[Kill]) -> None:
    """Print what came of the kills, case by case."""
    print(f"{'case':34}{'kills':>6}{'late':>6}{'left':>6}{'worst ms':>10}{'median ms':>11}{'limit ms':>10}")
    cases = sorted({(each.provisioner, each.kind, each.moment) for each in kills})
    for case in cases:
        found = [each for each in kills if (each.provisioner, each.kind, each.moment) == case]
        times = [1000 * each.seconds for each in found if each.seconds is not None]
        left = sum(bool(each.left) for each in found)
        late = sum(bool(each.late) for each in found) - left
        worst, middle = (f"{max(times):.0f}", f"{statistics.median(times):.0f}") if times else ("-", "-")
        limit = f"{1000 * LIMITS[case[0]]:.0f}"
        print(f"{', '.join(case):34}{len(found):6}{late:6}{left:6}{worst:>10}{middle:>11}{limit:>10}")
    for word, chosen in (("late", [each.late for each in kills]), ("left", [each.left for each in kills])):
        counted = Counter(kind for each in chosen for kind in each)
        if counted:
            print(f"{word}: {', '.join(f'{kind} {number} times' for kind, number in counted.items())}")
    outlived = sum(each.survives_next_start for each in kills)
    print(f"of what was left, the next start removes all but in {outlived} cases")


def told(latest: list[Kill]) -> str:
    """What came of the latest kills, which are of one kind."""
    found: list[str] = []
    for each in latest:
        late = ", ".join(each.late)
        came = f"gone after {1000 * each.seconds:.0f} ms" if each.seconds is not None else f"not gone in time: {late}"
        found.append(f"{each.provisioner}, {each.moment}: {came}")
    return f"{latest[0].kind}: {'; '.join(found)}"


def write(report: Path, seed: int, kills: list[Kill]) -> None:
    """The figures so far, whole or not at all: whoever is interrupted keeps those of before."""
    report.parent.mkdir(parents=True, exist_ok=True)
    figures = {"seed": seed, "limits": LIMITS, "kills": [asdict(each) for each in kills]}
    part = report.with_suffix(".part")
    part.write_text(json.dumps(figures, indent=2) + "\n")
    part.replace(report)


def main() -> None:
    """Kill, and tell what came of it."""
    report = Path(sys.argv[1] if len(sys.argv) > 1 else ".testflow/benchmarks/environment_chaos.json")
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 300  # noqa: PLR2004
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(2**32)  # noqa: PLR2004
    instants = random.Random(seed)  # noqa: S311 - no secret
    refusal = no_engine(engine_host())
    print(f"seed {seed}" + (f"; no containers: {refusal}" if refusal else ""))
    api = None if refusal else docker.APIClient(base_url=engine_host())
    provisioners = ["process", *([] if refusal else ["docker"])]
    cases = [(provisioner, kind) for kind in KINDS for provisioner in provisioners]
    kills: list[Kill] = []
    began = time.monotonic()
    with suppress(KeyboardInterrupt):
        for number in range(wanted):
            provisioner, kind = cases[number % len(cases)]
            # Every other one of a case in mid-start; those that wait for it to be up are killed soon after.
            early = instants.uniform(0.0, STARTS[provisioner])
            wait = (PATIENCE if number // len(cases) % 2 else early, instants.uniform(0.0, 0.2))
            kills.append(story(provisioner, kind, wait, api if provisioner == "docker" else None))
            if len(kills) % len(provisioners) == 0:
                latest = told(kills[-len(provisioners) :])
                print(f"{len(kills):4} of {wanted}, {time.monotonic() - began:5.0f} s  {latest}", flush=True)
                write(report, seed, kills)
    table(kills)
    write(report, seed, kills)
    if any(each.late for each in kills):
        sys.exit(1)


if __name__ == "__main__":
    main()
