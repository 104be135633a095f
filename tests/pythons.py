"""The Pythons of this machine, by their version."""

import shutil
from pathlib import Path

import pytest


def base_python(version):
    """A Python of this version; skips the test where there is none."""
    # The names that pyenv puts on PATH are there for every version, and work only for the chosen ones.
    found = [*Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), shutil.which(f"python{version}")]
    base = next(filter(None, found), None)
    if base is None:
        pytest.skip(f"there is no Python {version} here")
    return str(base)
