"""Files on their way into a container."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def archive(files: Mapping[str, str | Path]) -> bytes:
    """A tar archive of texts and files as they are to be called inside; whoever the server runs as may read them."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for name, content in files.items():
            inside = content.read_bytes() if isinstance(content, Path) else content.encode()
            member = tarfile.TarInfo(name.lstrip("/"))
            member.size, member.mode = len(inside), 0o444
            tar.addfile(member, io.BytesIO(inside))
    return written.getvalue()
