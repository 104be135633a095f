"""The members of the workspace, a folder and the name of its distribution in each line."""

import tomllib
from pathlib import Path


def declared(folder: str) -> dict[str, dict[str, dict[str, str]]]:
    """What the `pyproject.toml` of a folder says."""
    return tomllib.loads(Path(folder, "pyproject.toml").read_text(encoding="utf-8"))


for member in declared(".")["tool"]["uv"]["workspace"]["members"]:
    print(member, declared(member)["project"]["name"])
