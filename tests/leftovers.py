"""What a run left on the machine, told by the temporary directory that it was given."""

import os
import select
from pathlib import Path


def mentioned(text):
    """The ids of processes whose command, environment or folder speaks of `text`, ourselves left out."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            said += str((process / "cwd").readlink()).encode()
        except OSError:
            continue
        if text.encode() in said and int(process.name) != os.getpid():
            found.append(int(process.name))
    return found


def end_in_time(pids, limit):
    """Whether all these processes end within `limit` seconds; waits for their ends."""
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if not select.select([descriptor], [], [], limit)[0]:
                return False
        finally:
            os.close(descriptor)
    return True


def left_in(temporary):
    """What is left in a temporary directory, but for the cache that npm keeps there."""
    return [each.name for each in temporary.iterdir() if each.name != "node-compile-cache"]
