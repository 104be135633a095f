"""What an application's `repository` means: a directory here, or an address that git can clone from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOLS = ("file", "git", "http", "https", "ssh")
"""What git may speak. Others (`ext` above all) can run programs that an address names."""

_KNOWN = (
    "a directory, file://, git://, http://, https:// or ssh:// address, user@host:owner/name, or host.tld/owner/name"
)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_HELPER = re.compile(r"[A-Za-z0-9]+::")
# As git reads it: a colon before the first slash.
_SCP_LIKE = re.compile(r"(?:([^/@:\s]+)@)?(\[[0-9A-Fa-f:.]+\]|[^/@:\s]+):([^/].*|/.+)")
_BARE = re.compile(r"[^./:@\s][^/:@\s]*\.[^./:@\s]+/[^/].*")
_DEFAULT_PORTS = {"git": 9418, "http": 80, "https": 443, "ssh": 22}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@frozen(kw_only=True)
class Origin:
    """
    Where a repository is cloned from.

    `url` is what git is told: an absolute directory, or an address without credentials. `shown` is what messages call
    it, `host` is None for a directory of this machine. `identity` is the same for two spellings of one address only.
    """

    url: str
    shown: str
    identity: str
    host: str | None = None
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def protocol(self) -> str:
        """One of PROTOCOLS."""
        if self.host is None:
            return "file"
        return self.url.partition("://")[0] if "://" in self.url else "ssh"


def origin_of(address: str, workspace: Path) -> Origin:
    """The origin that an address means, relative to the workspace; ValueError says why it means none."""
    if _CONTROL.search(address):
        raise ValueError("an address has no control characters; check `repository`")
    scheme = _SCHEME.fullmatch(address)
    if scheme is not None:
        return _of_scheme(scheme[1].lower(), scheme[2], address, workspace)
    directory = (workspace / address).resolve()
    if directory.is_dir():
        return _local(directory, address)
    if address.startswith("-"):
        raise ValueError("an address does not begin with `-`; check `repository`")
    if _HELPER.match(address):
        raise ValueError(f"git may only speak {', '.join(PROTOCOLS)} here; check `repository`")
    scp_like = _SCP_LIKE.fullmatch(address)
    if scp_like is not None:
        return _scp_like(scp_like, address)
    if _BARE.fullmatch(address):
        shown = f"{address!r} (no directory of the workspace, so https://{address})"
        return _of_host("https", address, shown)
    raise ValueError(
        f"it is no directory (looked at {redacted(str(directory))}), nor an address that is known ({_KNOWN})"
    )


def redacted(address: str) -> str:
    """An address without what may be a secret: what stands before an `@`, but for the user of an ssh address."""
    scheme = _SCHEME.fullmatch(address)
    start, rest = (f"{scheme[1]}://", scheme[2]) if scheme else ("", address)
    authority = rest.partition("/")[0]
    user, at, _ = authority.rpartition("@")
    is_user = (scheme is None and _SCP_LIKE.fullmatch(address)) or (scheme and scheme[1].lower() == "ssh")
    if is_user and ":" not in user and "@" not in user and rest.count("@") == len(at):
        return address
    # A password with a slash in it makes the end of the authority look like a port.
    if "@" in rest and (at or ":" in authority or scheme is None):
        return f"{start}***@{rest.rpartition('@')[2]}"
    return address


def _local(directory: Path, shown: str) -> Origin:
    return Origin(url=str(directory), shown=repr(redacted(shown)), identity=str(directory))


def _of_scheme(scheme: str, rest: str, address: str, workspace: Path) -> Origin:
    if scheme not in PROTOCOLS:
        raise ValueError(f"git may only speak {', '.join(PROTOCOLS)} here, not {scheme}; check `repository`")
    if scheme != "file":
        return _of_host(scheme, rest, repr(redacted(address)))
    parts = urlsplit(f"file://{rest}")
    if parts.netloc not in {"", "localhost"}:
        raise ValueError(f"{redacted(parts.netloc)!r} is another machine; check `repository`")
    directory = (workspace / unquote(parts.path)).resolve()
    if not directory.is_dir():
        raise ValueError(f"there is no directory {directory}; check `repository`, or give the application a path")
    return _local(directory, address)


def _of_host(scheme: str, rest: str, shown: str) -> Origin:
    authority, _, path = rest.partition("/")
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        host, port = parts.hostname, parts.port
    except ValueError:
        message = "its host or port cannot be read; write `/`, `?`, `#` and `@` of a password as %2F, %3F, %23 and %40"
        raise ValueError(message) from None
    if not host or host.startswith("-") or not path.strip("/"):
        raise ValueError("it lacks a host or a path; check `repository`")
    if parts.query or parts.fragment or "?" in authority or "#" in authority:
        raise ValueError("an address has no query and no fragment; check `repository`")
    if "@" in authority and "@" in path:
        raise ValueError("it has more than one `@`; write that of a password or a path as %40")
    name = f"[{host}]" if ":" in host else host
    place = name if port in {None, _DEFAULT_PORTS[scheme]} else f"{name}:{port}"
    if scheme == "ssh" and parts.username:
        if parts.username.startswith("-"):
            raise ValueError("a user does not begin with `-`; check `repository`")
        place = f"{parts.username}@{place}"
    url = f"{scheme}://{place}/{path.rstrip('/')}"
    secret = scheme in {"http", "https"}
    return Origin(
        url=url,
        shown=shown,
        identity=url,
        host=host,
        username=unquote(parts.username) if secret and parts.username is not None else None,
        password=unquote(parts.password) if secret and parts.password is not None else None,
    )


def _scp_like(match: re.Match[str], address: str) -> Origin:
    user, host, path = match.groups()
    if host.startswith("-") or (user or "").startswith("-"):
        raise ValueError("a user or host does not begin with `-`; check `repository`")
    if "@" in path.partition("/")[0]:
        raise ValueError("it lacks https:// before a user and a password; check `repository`")
    # Another place than ssh://host/path, which begins at the root of the host.
    url = f"{user}@{host}:{path.rstrip('/')}" if user else f"{host}:{path.rstrip('/')}"
    return Origin(url=url, shown=repr(redacted(address)), identity=url, host=host.strip("[]"))
