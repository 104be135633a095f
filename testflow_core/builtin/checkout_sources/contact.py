"""How git speaks to where a repository comes from: protocols, credentials, ssh without questions."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING

from testflow_core.builtin.checkout_sources.addresses import PROTOCOLS
from testflow_core.builtin.checkout_sources.git_command import Contact

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from testflow_core.builtin.checkout_sources.addresses import Origin
    from testflow_core.builtin.checkout_sources.git_command import Git

_USERNAME, _PASSWORD = "TESTFLOW_GIT_USERNAME", "TESTFLOW_GIT_PASSWORD"
# A name and a password in the environment of git alone: they stand on no command line and in no file.
_HELPER = (
    f'!f() {{ test "$1" = get || exit 0; printf "username=%s\\npassword=%s\\n" "${_USERNAME}" "${_PASSWORD}"; }}; f'
)


def contact_with(git: Git, origin: Origin, directory: Path, patience: timedelta) -> Contact:
    """The contact for commands in `directory` that speak to the origin."""
    if origin.host is None:
        variables: dict[str, str] = {}
    elif origin.protocol == "ssh":
        variables = _ssh(git, directory)
    else:
        variables = _credentials(origin)
    return Contact(
        protocols="file" if origin.host is None else ":".join(PROTOCOLS),
        patience=patience,
        arriving=directory / ".git" / "objects" / "pack",
        environment=variables,
    )


def _credentials(origin: Origin) -> dict[str, str]:
    scheme, _, rest = origin.url.partition("://")
    place = f"credential.{scheme}://{rest.partition('/')[0]}"
    if origin.username is None:
        return {}
    if origin.password is None:
        return _configured({f"{place}.username": [origin.username]})
    # The empty one takes back the helpers that are configured: they would be told to keep what is not theirs.
    helpers = _configured({f"{place}.helper": ["", _HELPER]})
    return {**helpers, _USERNAME: origin.username, _PASSWORD: origin.password}


def _configured(settings: dict[str, list[str]]) -> dict[str, str]:
    """Variables that add to git's configuration, after what the environment already adds."""
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    pairs = [(name, value) for name, values in settings.items() for value in values]
    variables = {"GIT_CONFIG_COUNT": str(first + len(pairs))}
    for number, (name, value) in enumerate(pairs, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _ssh(git: Git, directory: Path) -> dict[str, str]:
    command = os.environ.get("GIT_SSH_COMMAND", "")
    if not command and "GIT_SSH" in os.environ:
        return {}
    if not command:
        with suppress(ChildProcessError):  # exit status 1: it is not set
            command = git(directory, "config", "--get", "core.sshCommand")
    command = command or "ssh"
    # Another program may not know the option; it has no terminal to ask at either.
    if PurePath(shlex.split(command)[0]).name != "ssh":
        return {"GIT_SSH_COMMAND": command}
    return {"GIT_SSH_COMMAND": f"{command} -o BatchMode=yes"}
