"""Files of a run's reports, each written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testflow_core.model import Run


def publish(run: Run, name: str, text: str) -> None:
    """Write the text to the run's folder of reports, in place of an earlier one; nothing where it has none."""
    if run.reports is None:
        return
    run.reports.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = mkstemp(prefix=f".{name}-", dir=run.reports)
    path = Path(temporary)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # Other programs, of other users too, read reports; temporary files are private.
        path.chmod(0o644)
        path.replace(run.reports / name)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
