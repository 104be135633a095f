"""What tests install once for many runs, and for every Python that runs them: environments, packages of Node."""

import fcntl
from contextlib import contextmanager
from pathlib import Path

# Beside what failed last, for which a run may be told another folder.
_ROOT = Path(__file__).parents[1] / ".pytest_cache/d"


@contextmanager
def kept(name):
    """The folder of this name, which may not be there yet; whoever else asks for it waits until it is complete."""
    folder = _ROOT / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
