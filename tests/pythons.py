"""The Pythons of this machine, by their version, and environments of them with what tests need."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kept import kept

# `uv run` tells its own; read now, as tests change the environment.
UV = os.environ.get("UV") or shutil.which("uv")


def base_python(version):
    """A Python of this version; skips the test where there is none."""
    # The names that pyenv puts on PATH are there for every version, and work only for the chosen ones.
    found = [*Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), shutil.which(f"python{version}")]
    base = next(filter(None, found), None)
    if base is None:
        pytest.skip(f"there is no Python {version} here")
    return str(base)


def environment(base, packages, name):
    """The interpreter of an environment with these packages, kept by this name; skips where they cannot be had."""
    with kept(name) as folder:
        python = folder / "bin" / "python"
        installed = folder / "installed"
        if not installed.exists():
            make, install = _commands(base, python, folder)
            subprocess.run(make, check=True)
            tried = subprocess.run([*install, *packages], capture_output=True, text=True, check=False, timeout=300)
            if tried.returncode:
                refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
                refuse(f"pip install {' '.join(packages)}: {tried.stderr}")
            installed.touch()
    return str(python)


def _commands(base, python, folder):
    """What makes an environment, and what installs packages there: by uv it takes a twentieth of the time."""
    if UV:
        return [UV, "venv", "-q", "--clear", "--python", base, folder], [UV, "pip", "install", "-q", "--python", python]
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    return [base, "-m", "venv", "--clear", folder], pip


def with_pytest(pair):
    """An interpreter of this version that has this pytest; our own where there is no pair."""
    if pair is None:
        return sys.executable
    version, release = pair
    return environment(base_python(version), [f"pytest=={release}"], f"other-pythons/{version}-{release}")
