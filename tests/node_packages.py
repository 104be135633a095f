"""Packages of Node, really installed: once for many runs, shared by tests through a link."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kept import kept

STOREFRONT = Path(__file__).parents[1] / "examples/storefront"
# What the example has are the current major versions; these are the ones before them that are still about.
PINS = {
    "current": json.loads((STOREFRONT / "package.json").read_text(encoding="utf-8"))["devDependencies"],
    "older": {"jest": "29.7.0", "vitest": "3.2.7"},
    "managers": {"yarn": "1.22.22", "pnpm": "10.34.1"},
}
# The wheel among our own dependencies has one; current versions of vitest are too new for that of many systems.
NODE = (Path(sys.prefix, "node"), Path(sys.executable).parent)
TIME_LIMIT = 300
# Read now: tests take the variable away from what they run.
REQUIRED = os.environ.get("CI") == "true"


def path_with(*folders):
    return os.pathsep.join([*map(str, (*folders, *NODE)), os.environ["PATH"]])


def installed(name):
    """The folder that has these packages in its `node_modules`; skips without the registry, and fails if CI is true."""
    package = json.dumps({"name": "packages", "version": "1.0.0", "private": True, "dependencies": PINS[name]})
    with kept(f"node-packages/{name}-{hashlib.sha256(package.encode()).hexdigest()[:16]}") as folder:
        if not (folder / "installed").exists():
            folder.mkdir(exist_ok=True)
            (folder / "package.json").write_text(package, encoding="utf-8")
            trouble = _install(folder)
            if trouble:
                (pytest.fail if REQUIRED else pytest.skip)(f"npm install of {name}: {trouble}")
            (folder / "installed").touch()
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
