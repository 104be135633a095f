"""What a checkout has, named: the hash of its git tree, with what is not committed."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from testflow_core.builtin.checkout_sources.git_command import Git
from testflow_core.errors import ProvisionError
from testflow_core.provisioning.supervisor import Supervisor

TIMEOUT = timedelta(seconds=20)
"""For each command; a repository that takes longer has no name."""

# What runs leave behind is no source, also where nobody ignores it.
_LEFT_BY_RUNS = (".testflow", "__pycache__", ".pytest_cache")


def tree_of(checkout: Path) -> str:
    """
    The hash of the tree that a commit of all files would have, those that git ignores left out.

    It is that of the whole repository, also where the checkout is a folder of it: tests may use what is beside them.
    Empty where git does not say: there is no repository, or parts of it are repositories of their own. Nothing is
    written to the repository.
    """
    repository = next((each for each in (checkout, *checkout.parents) if (each / ".git").exists()), None)
    if repository is None or (repository / ".gitmodules").exists():
        return ""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="testflow-tree-", ignore_cleanup_errors=True) as folder,
            Supervisor() as supervisor,
        ):
            return _written(Git(supervisor=supervisor, timeout=TIMEOUT), repository, Path(folder))
    except (OSError, ProvisionError):
        return ""


def _written(git: Git, repository: Path, folder: Path) -> str:
    """The tree, written to another index and another folder of objects than the repository's own."""
    index, objects = git(repository, "rev-parse", "--git-path", "index", "--git-path", "objects").splitlines()
    if (known := repository / index).exists():
        # It tells which files are as they were when they were added: those need not be read.
        shutil.copy2(known, folder / "index")
    (folder / "objects").mkdir()
    environment = {
        "GIT_INDEX_FILE": str(folder / "index"),
        "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str((repository / objects).resolve()),
    }
    excluded = [f":(exclude,glob)**/{name}/**" for name in _LEFT_BY_RUNS]
    git(repository, "-c", "core.compression=0", "add", "--all", "--", ".", *excluded, environment=environment)
    return git(repository, "write-tree", environment=environment)
