"""Environments that outlive their run, as the run sees them: found or made, used, given back."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

from testflow_core.model import Environment, Keeping, Provisioned, Site
from testflow_core.provisioning import lease_files, records
from testflow_core.provisioning.exchange import Line, LineLostError
from testflow_core.provisioning.keeper import Order
from testflow_core.provisioning.leases import root
from testflow_core.provisioning.listings import LISTING, LOCK, SOCKET, Listing
from testflow_core.specs.manifest import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from datetime import timedelta

    from testflow_core.model import By, Json


@frozen(kw_only=True)
class Kept:
    """An environment that is kept, by its directory."""

    directory: Path
    listing: Listing

    @property
    def lease(self) -> str:
        """What names it on this machine."""
        return _lease(self.directory)


@frozen(kw_only=True)
class Wish:
    """An environment that is to be kept: how, by which provisioner, where, and what it is made from."""

    environment: Environment
    provisioner: str
    site: Site
    keeping: Keeping
    identity: Mapping[str, str]

    def fits(self, listing: Listing) -> bool:
        """Whether a listing is of this environment, as it is now or was once."""
        site = self.site
        told = (listing.environment, listing.provisioner, listing.workspace)
        return told == (self.environment.label, self.provisioner, site.workspace) and not listing.looked_at


@frozen(kw_only=True)
class _Taken:
    line: Line
    directory: Path
    up: Provisioned


@contextmanager
def kept(wish: Wish, failed: Callable[[], bool], tell: Callable[[str], None]) -> Generator[Provisioned]:
    """
    The environment, of an earlier run or new, and given back on exit; ProvisionError where it does not come up.

    `failed` is asked on exit whether people want to look at it; `tell` hears how they do that, and how they remove it.
    """
    with ExitStack() as exits:
        taken = _reused(wish, exits) or _made(wish, exits)
        try:
            yield taken.up
        finally:
            limit = wish.keeping.on_failure
            if limit is not None and failed():
                # One that was killed meanwhile is no more to be looked at.
                with suppress(LineLostError, OSError):
                    taken.line.ask("keep", seconds=limit.total_seconds())
                    tell(_instructions(wish, taken, limit))
            elif wish.keeping.reuse is not None:
                _make_room(wish.keeping.limit, taken.directory)
            else:
                with suppress(LineLostError):
                    taken.line.ask("end")


def all_kept() -> list[Kept]:
    """Every environment of this user's that is kept, the latest first."""
    found = [
        Kept(directory=file.parent, listing=listing)
        for file in root().glob(f"site-*/{LISTING}")
        if (listing := _read(file)) is not None
    ]
    return sorted(found, key=lambda each: each.listing.since, reverse=True)


def end(environment: Kept, *, wait: bool = True) -> bool:
    """End one that nobody uses, and wait until it is gone; False where somebody does, or it is gone by now."""
    with ExitStack() as exits, suppress(LineLostError):
        line = _line(environment, exits)
        if line is not None:
            if wait:
                line.ask("end")
            else:
                line.send({"verb": "end", "details": {}})
            return True
    return False


def _reused(wish: Wish, exits: ExitStack) -> _Taken | None:
    if wish.keeping.reuse is None:
        return None
    for found in all_kept():
        if wish.fits(found.listing) and found.listing.identity == wish.identity:
            with ExitStack() as held, suppress(LineLostError):
                line = _line(found, held)
                if line is None:
                    continue
                taken = _taken(line, line.ask("check out"))
                exits.push(held.pop_all())
                age = time.time() - found.listing.since
                return evolve(taken, up=evolve(taken.up, origin=f"reused, {age:.0f} s after it came up"))
    return None


def _made(wish: Wish, exits: ExitStack) -> _Taken:
    site = wish.site
    why = "".join(_replaced(wish)) if wish.keeping.reuse is not None else "environments are not reused"
    order = Order(
        environment=wish.environment,
        provisioner=wish.provisioner,
        workspace=site.workspace,
        checkouts=site.checkouts,
        isolation=site.isolation,
        records=records.referred_to(wish.environment, site.records),
        data=site.data,
        identity=wish.identity,
        wait=wish.keeping.reuse.total_seconds() if wish.keeping.reuse else 0.0,
    )
    line = exits.enter_context(_keeper())
    taken = _taken(line, line.ask("provision", site.tell, order=to_json(order)))
    return evolve(taken, up=evolve(taken.up, origin=why))


def _instructions(wish: Wish, taken: _Taken, limit: timedelta) -> str:
    script = taken.directory / "variables.sh"
    script.touch(mode=0o600)
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in taken.up.variables.items())
    script.write_text("".join(lines), encoding="utf-8")
    until = datetime.now().astimezone() + limit
    removal = f'import testflow; testflow.clean(kept="{_lease(taken.directory)}")'
    return (
        f"the environment {wish.environment.label!r} is kept until {until:%H:%M}: `. {script}` tells a shell where its"
        f" services are, their logs are beside it; `python -c {shlex.quote(removal)}` removes it"
    )


def _lease(directory: Path) -> str:
    return directory.name.partition("-")[2]


def _replaced(wish: Wish) -> Iterator[str]:
    """Why a new one is made; what it replaces is ended."""
    older = [each for each in all_kept() if wish.fits(each.listing)]
    changed = [each for each in older if each.listing.identity != wish.identity]
    if not changed:
        yield "new: another run uses the one that is kept" if older else "new: none was kept"
        return
    before = changed[0].listing.identity
    names = [name for name in (*wish.identity, *before) if before.get(name) != wish.identity.get(name)]
    yield f"rebuilt: {', '.join(dict.fromkeys(names))} changed"
    for each in changed:
        end(each, wait=False)


def _make_room(limit: int, returned: Path) -> None:
    """End those that nobody has used for the longest, beyond the limit; the one just given back counts."""
    others = [each for each in all_kept() if each.directory != returned and not each.listing.looked_at]
    for each in others[max(limit - 1, 0) :]:
        end(each, wait=False)


def _line(environment: Kept, exits: ExitStack) -> Line | None:
    """A line to one that nobody uses, which is ours for as long as `exits` lasts; None where there is none."""
    with suppress(OSError):
        if not environment.listing.looked_at:
            lock = lease_files.acquire(environment.directory / LOCK)
            if lock is None:
                return None
            exits.callback(os.close, lock)
        channel = socket.socket(socket.AF_UNIX)
        line = exits.enter_context(Line(channel))
        channel.connect(str(environment.directory / SOCKET))
        return line
    return None


@contextmanager
def _keeper() -> Generator[Line]:
    ours, theirs = socket.socketpair()
    with Line(ours) as line:
        with theirs:
            starter = subprocess.Popen(
                [sys.executable, "-m", "testflow_core.provisioning.keeper", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "TMPDIR": tempfile.gettempdir()},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        starter.wait()
        yield line


def _taken(line: Line, answer: Json) -> _Taken:
    told = cast("Mapping[str, Json]", answer)

    @contextmanager
    def clone(by: By) -> Generator[Provisioned]:
        copy = cast("Mapping[str, Json]", line.ask("clone", by=by.value))
        try:
            yield from_json(copy["provisioned"], Provisioned)
        finally:
            # With the environment, its copies are gone.
            with suppress(LineLostError):
                line.ask("drop", number=copy["number"])

    def health() -> Mapping[str, str]:
        return cast("Mapping[str, str]", line.ask("health"))

    up = from_json(told["provisioned"], Provisioned)
    up = evolve(up, clone=clone if told["copied"] else None, health=health)
    return _Taken(line=line, directory=Path(str(told["directory"])), up=up)


def _read(file: Path) -> Listing | None:
    # It may be gone by now, with its environment.
    with suppress(OSError):
        return from_json(json.loads(file.read_text(encoding="utf-8")), Listing)
    return None
