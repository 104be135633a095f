"""No garbage collection while many values are made that all stay."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def uncollected() -> Generator[None]:
    """
    Cyclic garbage is collected later: of 100,000 tracks and choices the collector looks at each again and again, and
    finds none.

    As Mercurial does where it builds large lists (`mercurial.util.nogc`). It is nobody's concern for how long another
    thread's garbage stays; where somebody has turned the collector off it stays so.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
