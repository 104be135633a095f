"""The Pythons of this machine, by their version, and environments of them with what tests need."""

import os
import shutil
import subprocess
import sys
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


def environment(base, packages, folder):
    """The interpreter of an environment with these packages, kept in the folder; skips where they cannot be had."""
    python = folder / "bin" / "python"
    installed = folder / "installed"
    if not installed.exists():
        subprocess.run([base, "-m", "venv", "--clear", folder], check=True)
        command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
        tried = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if tried.returncode:
            refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            refuse(f"pip install {' '.join(packages)}: {tried.stderr}")
        installed.touch()
    return str(python)


def with_pytest(pair, config):
    """An interpreter of this version that has this pytest, kept in pytest's cache; our own where there is no pair."""
    if pair is None:
        return sys.executable
    version, release = pair
    folder = config.cache.mkdir("other-pythons") / f"{version}-{release}"
    return environment(base_python(version), [f"pytest=={release}"], folder)
