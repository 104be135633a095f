"""Why a repository elsewhere cannot be had, in plain words, from what git says."""

from __future__ import annotations

import re

from attrs import frozen

_CREDENTIALS = "give git credentials for it (a credential helper, or a key in the ssh agent)"


@frozen
class Refusal:
    """The reason and what can be done, `{host}` in them standing for the host's name."""

    said: re.Pattern[str]
    reason: str
    remedy: str


def _refusal(said: str, reason: str, remedy: str) -> Refusal:
    return Refusal(re.compile(said, re.IGNORECASE), reason, remedy)


# The first that matches holds: ssh and curl say the cause, git only its consequence after them.
_REFUSALS = (
    _refusal(
        r"could not resolve (host|proxy)|unable to look up|name or service not known|name resolution|nodename nor serv",
        "the host {host} is not found",
        "check the network and `repository`",
    ),
    _refusal(
        r"host key verification failed",
        "ssh does not know the key of the host {host}",
        "connect to it once with ssh, or add its key to known_hosts",
    ),
    _refusal(
        r"certificate problem|server certificate|SSL_|SSL connect|TLS connect|gnutls_handshake",
        "no secure connection to the host {host} comes about",
        "check its certificate, or git's http.sslCAInfo",
    ),
    _refusal(
        r"connection refused|couldn't connect to server|failed to connect to",
        "the host {host} refuses the connection",
        "check `repository` and that the server runs",
    ),
    _refusal(
        r"network is unreachable|no route to host|(connection|operation) timed out",
        "the host {host} cannot be reached",
        "check the network and `repository`",
    ),
    _refusal(
        r"could not read (username|password)|terminal prompts disabled",
        "the host {host} asks for credentials (some do so for what does not exist)",
        f"check `repository`, {_CREDENTIALS}",
    ),
    _refusal(
        r"authentication failed|permission denied \(|(error:|HTTP) 40[13]\b",
        "the host {host} denies access",
        f"check `repository`, {_CREDENTIALS}",
    ),
    _refusal(
        r"repository .* not found|error: 404\b|not exported|does not appear to be a git repository|no such repository",
        "the host {host} has no such repository, or shows it to others only",
        f"check `repository`, {_CREDENTIALS}",
    ),
    _refusal(
        r"(error:|HTTP) (429|5\d\d)\b",
        "the server on {host} is in trouble",
        "try again later",
    ),
    _refusal(
        r"early EOF|hung up|unexpected(ly)? disconnect|disconnected|RPC failed|connection (was )?(reset|closed)"
        r"|transfer closed|empty reply|broken pipe|invalid index-pack|pack is corrupted|premature",
        "the connection to {host} broke off",
        "try again",
    ),
)


def refusal(said: str) -> Refusal | None:
    """The refusal that git's words tell of; None where they tell of something else, such as a damaged clone."""
    return next((each for each in _REFUSALS if each.said.search(said)), None)
