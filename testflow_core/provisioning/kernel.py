"""What the kernel does and Python has no function for; standard library only, for the supervisor's program."""

from __future__ import annotations

import ctypes
import os

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x08000000, 0x10000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x8, 0x4000, 0x40000
LIBC = ctypes.CDLL(None, use_errno=True)


def call_libc(name: str, *arguments: int) -> None:
    """Call a function of the C library that the system may lack; OSError where it fails."""
    function = getattr(LIBC, name, None)
    if function is None:
        raise OSError(0, f"this system has no {name}")
    if function(*map(ctypes.c_ulong, arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount something in this process's view of the file system (`man 2 mount`); OSError where it cannot be."""
    words = [ctypes.c_char_p(os.fsencode(word)) for word in (source, target, kind)]
    if LIBC.mount(*words, ctypes.c_ulong(flags), ctypes.c_char_p(os.fsencode(options))) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def map_user(inner: int, user: int, inner_group: int, group: int) -> None:
    """Be known by these numbers in the user namespace that we have just made (`man 7 user_namespaces`); OSError."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inner} {user} 1"),
        ("gid_map", f"{inner_group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def keep_mounts_apart() -> None:
    """Let nothing that is mounted from now on be seen elsewhere, in a view of the file system of our own."""
    mount("none", "/", "none", MS_REC | MS_PRIVATE)
