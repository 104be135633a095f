"""What changed in the folders above a checkout that tools look for there, where it is a part of a repository."""

from __future__ import annotations

import os
import re
from posixpath import dirname, relpath
from typing import TYPE_CHECKING

from testflow_git_selector.configuring import LOOKED_FOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_git_selector.git_command import Git

_MAGIC = re.compile(r"([*?\[\]\\])")


def above(git: Git, base: str, options: Sequence[str]) -> frozenset[str]:
    """
    Configurations and lock files in the folders above the checkout that differ from the base, as `../name`.

    Other files there, such as those of another application beside it, are not its own.
    """
    inside = os.fsdecode(git("rev-parse", "--show-prefix").removesuffix(b"\n")).rstrip("/")
    folder, patterns = inside, list[str]()
    while folder:
        folder = dirname(folder)
        patterns.append(":(top,glob)" + _MAGIC.sub(r"\\\1", f"{folder}/" if folder else "") + "*")
    said = git("diff", *options, "--no-relative", "--ignore-submodules=all", base, "--", *patterns)
    said += git("ls-files", "-z", "--full-name", "--others", "--exclude-standard", "--", *patterns)
    names = filter(None, os.fsdecode(said).split("\0"))
    return frozenset(relpath(name, inside) for name in names if LOOKED_FOR.fullmatch(name.rpartition("/")[2]))
