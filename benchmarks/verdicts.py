"""
How often a verdict (caused by this change, flaky, environment, red before, not known) is the right one.

Each case of `verdict_cases.py` is a project of its own: git commits, runs by the engine with its history, and a world
around it that changes (a database that refuses, a full disk). The verdicts on the tests that fail in the last run are
compared with the labels.

Prints a line for each wrong verdict, the confusion table, and precision and recall of each verdict; writes JSON to the
file named by the first argument (default `.testflow/benchmarks/verdicts.json`). More arguments are parts of names of
cases: only these run.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from attrs import frozen
from verdict_cases import CASES

import testflow
from testflow_core.model import Blame, Verdict

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from verdict_projects import Case, Step

TIMEOUT = 5
_RESET = struct.pack("ii", 1, 0)


class MislabelledError(Exception):
    """Other tests failed than those that have a label."""


@frozen(kw_only=True)
class Judged:
    """A test that failed, what is to blame by its label, and by the verdict."""

    case: str
    test: str
    truth: Blame
    verdict: Verdict

    @property
    def right(self) -> bool:
        """Whether they are the same."""
        return self.verdict.blame is self.truth

    def __str__(self) -> str:
        return f"{self.case}: {self.test or 'a file'} is {self.truth}, and was called {self.verdict}"


def judge(case: Case, folder: Path) -> list[Judged]:
    """The verdicts on what fails in the last run of a case; its own folder is the current one meanwhile."""
    shop, world = folder / "shop", folder / "world"
    (world / "packages").mkdir(parents=True)
    (world / "mounted").write_text("there")
    (world / "packages" / "driver.py").touch()
    shop.mkdir()
    _git(shop, "init", "-q", "-b", "main")
    before = Path.cwd()
    os.chdir(folder)
    try:
        runs = [_run(step, shop, world) for step in case.steps]
    finally:
        os.chdir(before)
    failed = {
        each.test_id.split("::", 2)[2] if each.test_id.count("::") > 1 else "": each for each in _blamed(runs[-1])
    }
    if failed.keys() != case.truth.keys():
        said = {name: each.message or each.reason for name, each in failed.items()}
        raise MislabelledError(f"{case.name}: there failed {said}, labelled are {sorted(case.truth)}")
    return [
        Judged(case=case.name, test=name, truth=truth, verdict=verdict)
        for name, truth in case.truth.items()
        if (verdict := failed[name].verdict) is not None
    ]


def _blamed(run: testflow.Run | None) -> Iterable[testflow.TestResult]:
    return (*run.failed_tests, *run.flaky_tests) if run is not None else ()


def _run(step: Step, shop: Path, world: Path) -> testflow.Run | None:
    if step.branch != "main":
        with suppress(subprocess.CalledProcessError):
            _git(shop, "branch", "-q", step.branch)
        _git(shop, "checkout", "-q", step.branch)
    for name, text in step.files.items():
        path = shop / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True) if text is None else path.write_text(text)
    if step.files:
        _git(shop, "add", "-A")
        _git(shop, "commit", "-q", "--allow-empty", "-m", "a change")
    if not step.runs:
        return None
    for name in filter(None, [step.world.get("SHOP_GONE")]):
        (world / name).unlink()
    application: dict[str, object] = {"test_command": "python -m pytest {test_path}"}
    if not step.git:
        application["changed_files"] = []
    workflow = testflow.TestWorkflow("shop").add_test_selection(
        "shop", {"strategy": "all", "attempts": step.attempts, "timeout": TIMEOUT, "record": step.record}
    )
    with (
        _database(step.world.get("SHOP_DB", "up")) as port,
        _variables({"SHOP_DB_PORT": str(port), "SHOP_WORLD": str(world), **step.world}),
    ):
        return testflow.Engine(workers=1, reporters=[], applications={"shop": application}).execute(workflow)


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["/usr/bin/env", "git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@contextmanager
def _variables(wanted: Mapping[str, str]) -> Generator[None]:
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _database(state: str) -> Generator[int]:
    """
    The port of something that says `ready` to whoever connects.

    `down`: nobody listens; `late`: the first is told nothing; `hangs`: nobody is; `resets`: all are hung up on.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    port = int(listener.getsockname()[1])
    if state == "down":
        listener.close()
        yield port
        return
    held: list[socket.socket] = []
    thread = threading.Thread(target=_serve, args=(listener, state, held), daemon=True)
    thread.start()
    try:
        yield port
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for each in held:
            each.close()


def _serve(listener: socket.socket, state: str, held: list[socket.socket]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        held.append(connection)
        if state == "up" or (state == "late" and len(held) > 1):
            connection.sendall(b"ready")
        if state == "resets":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if state != "hangs":
            connection.close()


def table(judged: Sequence[Judged]) -> dict[str, dict[str, float | int | None]]:
    """Of each verdict how often it was given and was true, with precision and recall."""
    pairs = Counter((each.truth, each.verdict.blame) for each in judged)
    found: dict[str, dict[str, float | int | None]] = {}
    for blame in Blame:
        right = pairs[blame, blame]
        called = sum(number for (_, said), number in pairs.items() if said is blame)
        true = sum(number for (truth, _), number in pairs.items() if truth is blame)
        found[blame.value] = {
            **{f"called {said}": pairs[blame, said] for said in Blame},
            "precision": right / called if called else None,
            "recall": right / true if true else None,
        }
    return found


def _print(found: Mapping[str, Mapping[str, float | int | None]]) -> None:
    print(f"{'truth / called':14}", *(f"{each.value:>12}" for each in Blame), f"{'precision':>12}{'recall':>8}")
    for blame, row in found.items():
        counts = [f"{row[f'called {said}']:>12}" for said in Blame]
        shares = [f"{'-' if row[name] is None else f'{row[name]:.2f}':>{width}}" for name, width in _SHARES]
        print(f"{blame:14}", *counts, "".join(shares))


_SHARES = (("precision", 12), ("recall", 8))


def main() -> None:
    """Judge the cases, and print what came of it."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ".testflow/benchmarks/verdicts.json").absolute()
    wanted = sys.argv[2:]
    judged: list[Judged] = []
    for case in CASES:
        if wanted and not any(part in case.name for part in wanted):
            continue
        folder = Path(tempfile.mkdtemp(prefix="testflow-verdicts-"))
        try:
            found = judge(case, folder)
        except MislabelledError as error:
            print("mislabelled:", error, flush=True)
            continue
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        for each in found:
            if not each.right:
                print("wrong:", each, flush=True)
        judged += found
    found = table(judged)
    _print(found)
    right = sum(each.right for each in judged)
    print(f"{right} of {len(judged)} right, in {len({each.case for each in judged})} cases")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps({"verdicts": found, "right": right, "all": len(judged)}, indent=2) + "\n")


if __name__ == "__main__":
    main()
