"""Certifies what belongs to a private directory on this machine while it is in use, and what is left of it."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from testflow_core.model import Certificate
from testflow_core.provisioning import belongings, lease_files
from testflow_core.provisioning.leases import DirectoryLease, private_directory
from testflow_core.provisioning.leftovers import await_end
from testflow_core.provisioning.process_tree import MARKER

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from testflow_core.provisioning.process_tree import Process

GRACE = 1.0
"""Seconds that processes have which are about to end."""


def _nothing(_lease: DirectoryLease) -> Mapping[str, tuple[str, ...]]:
    return {}


@contextmanager
def certified(
    environment: str,
    certify: Callable[[Certificate], None],
    elsewhere: Callable[[DirectoryLease], Mapping[str, tuple[str, ...]]] = _nothing,
    since: belongings.Moment | None = None,
) -> Generator[tuple[DirectoryLease, Callable[[], None]]]:
    """
    A private directory, whose certificate `certify` hears once it is gone, and the look to be had before.

    What is found by that look, while all is up, is known for ours when it is left. `elsewhere` tells of things that the
    machine does not know of, by their kind: containers. `since` is when the first process was started that may belong
    to it, where that was before.
    """
    inspection: Inspection | None = None
    try:
        with private_directory() as lease:
            inspection = Inspection(lease.directory, lambda: elsewhere(lease), since or belongings.now())
            yield lease, inspection.look
    finally:
        if inspection is not None:
            certify(inspection.certificate(environment))


class Inspection:
    """
    Looks for what belongs to a private directory from now on, and tells it from all else on the machine.

    Processes belong to it by the mark of a supervisor or by descent from one, shared memory by the processes that made
    or map it, mounts by their place, ports by their lease. What was found once belongs to it while it is there.
    """

    def __init__(
        self, directory: Path, elsewhere: Callable[[], Mapping[str, tuple[str, ...]]], since: belongings.Moment
    ) -> None:
        self._directory = directory
        self._elsewhere = elsewhere
        self._beginning = since
        self._since = time.time()
        self._seconds = 0.0
        self._held: Mapping[str, tuple[str, ...]] = {}
        self._processes: set[Process] = set()
        self._segments: set[belongings.Segment] = set()
        self._files: set[belongings.SharedFile] = set()
        # Open, it can be read when it has been removed: with all that was noted in between.
        self._manifest = os.open(directory / lease_files.MANIFEST, os.O_RDONLY | os.O_NOFOLLOW)

    def look(self) -> None:
        """Take note of what is held, while all is up."""
        self._held = self._found(leased=True)

    def certificate(self, environment: str) -> Certificate:
        """What is left, now that all should be gone; nothing can be looked for afterwards."""
        left = self._found(leased=False)
        if left:
            # Where a supervisor was killed, the one that stands in for it may not be done yet.
            deadline = time.monotonic() + GRACE
            for process in self._processes:
                await_end(process, deadline)
            left = self._found(leased=False)
        os.close(self._manifest)
        return Certificate(environment=environment, held=self._held, left=left, seconds=self._seconds)

    def _found(self, *, leased: bool) -> Mapping[str, tuple[str, ...]]:
        """
        What is there now: the names of things by their kind.

        As long as its ports are leased, whoever uses them belongs to it; later, only who is known by something else.
        """
        began = time.perf_counter()
        noted = os.pread(self._manifest, os.fstat(self._manifest).st_size, 0).decode().splitlines()
        identities = [line.partition("=")[2] for line in noted if line.startswith(f"{MARKER}=")]
        living = belongings.processes(self._beginning)
        ours = belongings.of_supervisors(living, identities, self._processes)
        self._processes |= ours
        self._segments |= belongings.segments_made(ours, self._since)
        self._files |= belongings.files_mapped(ours, self._since)
        ports = lease_files.ports(noted)
        found = {
            "process": tuple(belongings.named(each) for each in sorted(ours, key=lambda each: each.pid)),
            "port": belongings.taken(ports) if leased else belongings.listening(ports, ours),
            "directory": (str(self._directory),) if self._directory.exists() else (),
            "shared memory": tuple(map(str, (*sorted(self._segments & belongings.segments()), *self._files_there()))),
            "mount": belongings.mounts(self._directory),
            **self._elsewhere(),
        }
        self._seconds += time.perf_counter() - began
        return {kind: names for kind, names in found.items() if names}

    def _files_there(self) -> list[belongings.SharedFile]:
        return sorted(each for each in self._files if each.is_there())
