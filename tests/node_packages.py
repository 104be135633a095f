"""Packages of Node, really installed: once for many runs, shared by tests through a link."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

STOREFRONT = Path(__file__).parents[1] / "examples/storefront"
# What the example has are the current major versions; these are the ones before them that are still about.
PINS = {
    "current": json.loads((STOREFRONT / "package.json").read_text(encoding="utf-8"))["devDependencies"],
    "older": {"jest": "29.7.0", "vitest": "3.2.7"},
    "managers": {"yarn": "1.22.22", "pnpm": "10.34.1"},
}
# The wheel among our own dependencies has one; current versions of vitest are too new for that of many systems.
NODE = Path(sys.executable).parent
TIME_LIMIT = 300
# Read now: tests take the variable away from what they run.
REQUIRED = os.environ.get("CI") == "true"


def path_with(*folders):
    return os.pathsep.join([*map(str, folders), str(NODE), os.environ["PATH"]])


def installed(name, cache):
    """The folder that has these packages in its `node_modules`; skips without the registry, and fails if CI is true."""
    package = json.dumps({"name": "packages", "version": "1.0.0", "private": True, "dependencies": PINS[name]})
    folder = cache / f"{name}-{hashlib.sha256(package.encode()).hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    with tempfile.TemporaryDirectory(dir=cache) as made:
        (Path(made) / "package.json").write_text(package, encoding="utf-8")
        trouble = _install(made)
        if trouble:
            (pytest.fail if REQUIRED else pytest.skip)(f"npm install of {name}: {trouble}")
        # A run beside this one may have been quicker.
        if not folder.is_dir():
            shutil.move(made, folder)
            Path(made).mkdir()
    return folder


def _install(folder):
    npm = shutil.which("npm", path=path_with())
    if npm is None:
        return "there is no npm"
    command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    # By itself npm waits minutes for a registry that is not there.
    command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000"]
    env = {**os.environ, "PATH": path_with()}
    try:
        finished = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not done after {TIME_LIMIT} s"
    return finished.stderr[-1000:] if finished.returncode else ""
