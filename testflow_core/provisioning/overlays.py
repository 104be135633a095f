"""
Directories that are written to without changing what they were made from; standard library only, for the supervisor.

A layer in memory takes what is written (https://docs.kernel.org/filesystems/overlayfs.html): so a copy costs no disk,
and as much memory as is changed of it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os

from testflow_core.provisioning.kernel import LIBC, mount

_LAYERS = ".layers"
_MNT_DETACH = 2
# What the kernel reads as syntax where it is in a path.
_SYNTAX = frozenset(",:\\")


class Overlays:
    """Those of one supervisor, seen by it and by what it starts; `unmount` before their directories are removed."""

    def __init__(self) -> None:
        self._held: list[tuple[int | None, str]] = []

    def mount_memory(self, target: str) -> None:
        """Make `target`, which does not exist, an empty directory in memory; OSError where the system does not."""
        with contextlib.ExitStack() as undoing:
            os.mkdir(target, 0o700)
            undoing.callback(os.rmdir, target)
            mount("testflow", target, "tmpfs", 0, "mode=0700")
            undoing.pop_all()
        self._held.append((None, target))

    def mount(self, lower: str, target: str) -> None:
        """
        Make `target`, which does not exist, look as `lower` does, and be written to in memory.

        `lower` is held by a shared lock for as long as it is shown. OSError where the system does not allow it; what
        was made on the way is gone then.
        """
        if _SYNTAX & set(lower + target):
            raise OSError(errno.EINVAL, "a path that cannot be told to the kernel", target)
        layers = target + _LAYERS
        with contextlib.ExitStack() as undoing:
            descriptor = os.open(lower, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            undoing.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            for place in (target, layers):
                os.mkdir(place, 0o700)
                undoing.callback(os.rmdir, place)
            mount("testflow", layers, "tmpfs", 0, "mode=0700")
            undoing.callback(_unmount, layers)
            for place in ("upper", "work"):
                os.mkdir(f"{layers}/{place}", 0o700)
            # Marks of the user's kind need no right that a user namespace lacks.
            options = f"lowerdir={lower},upperdir={layers}/upper,workdir={layers}/work,userxattr"
            mount("overlay", target, "overlay", 0, options)
            undoing.pop_all()
        self._held.append((descriptor, target))

    def unmount(self) -> None:
        """Show none any more."""
        for descriptor, target in self._held:
            _unmount(target)
            if descriptor is not None:
                _unmount(target + _LAYERS)
                os.close(descriptor)
        self._held.clear()


def _unmount(place: str) -> None:
    LIBC.umount2(os.fsencode(place), _MNT_DETACH)
