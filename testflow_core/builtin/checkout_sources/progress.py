"""Waits for a git command as long as it gets on: by what it says, by what arrives, by what its processes pass on."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from testflow_core.provisioning.process_tree import descendants

if TYPE_CHECKING:
    from datetime import timedelta

    from testflow_core.builtin.checkout_sources.git_command import Contact
    from testflow_core.provisioning.supervised import Supervised

_LOOKS = 8
"""How many times within the patience it is looked whether something moved."""

_PASSED_ON = re.compile(r"^[rw]char: (\d+)$", re.MULTILINE)


def wait_while_moving(process: Supervised, timeout: timedelta, contact: Contact | None, errors: int) -> int:
    """
    The exit status of a git command; TimeoutError, whose text is how long it had, where its time is up.

    With a contact it is also given up once nothing has moved for the contact's patience; `errors` is the descriptor
    of the file that it says its progress to.
    """
    limit = timeout.total_seconds()
    deadline = time.monotonic() + limit
    patience = contact.patience.total_seconds() if contact else limit
    moved, before = time.monotonic(), None
    while (now := time.monotonic()) < deadline:
        signs = contact and (os.fstat(errors).st_size, _arrived(contact.arriving), _passed_on(process.pid))
        if signs != before:
            moved, before = now, signs
        elif contact and now - moved >= patience:
            raise TimeoutError(f"{patience:g} s without progress")
        status = process.wait(min(patience / _LOOKS if contact else limit, deadline - now))
        if status is not None:
            return status
    raise TimeoutError(f"{limit:g} s")


def _arrived(directory: Path) -> int:
    size = 0
    for path in directory.glob("*"):
        try:
            size += path.stat().st_size
        except OSError:  # renamed in the meantime, which the next look shows
            continue
    return size


def _passed_on(pid: int) -> int:
    """
    Bytes that git's processes have read and written so far, where the system tells; 0 elsewhere.

    A packet of the protocol, up to 64 KiB, shows in nothing else before it is whole: minutes on a slow line. Only
    git's own processes count: ssh also reads answers that keep a connection alive over which nothing comes.
    """
    total = 0
    for each in [pid, *(child.pid for child in descendants(pid))]:
        try:
            name = Path(f"/proc/{each}/comm").read_text(encoding="utf-8", errors="replace")
            if name.startswith("git"):
                figures = Path(f"/proc/{each}/io").read_text(encoding="utf-8")
                total += sum(int(figure) for figure in _PASSED_ON.findall(figures))
        except OSError:  # it has ended, or is another user's
            continue
    return total
