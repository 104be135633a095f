"""Files that failed tests left, copied to where no later run writes over them, within limits."""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.execution.artifact_search import Window, naming, regular_files, written_meanwhile
from testflow_core.model import Artifact, FailureContext
from testflow_core.model.artifact import FOLDER, OUTPUT, kind_of, sized
from testflow_core.provisioning.wiring import redacted
from testflow_core.wording import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_core.model import Application, Outcome

FILES, BYTES = 20, 64 << 20
"""What is kept of one failure."""
RUN_FILES, RUN_BYTES = 2_000, 1 << 30
"""What is kept of one run."""
FOLDER_FILES, FOLDER_BYTES = 50, 1 << 20
"""Files that are kept of the folder that a test had for itself, and bytes of each of them."""
FREE = 256 << 20
"""Bytes of the disk that are left free."""
RUNS = 20
"""Runs whose files are kept."""
PATIENCE = 30.0
"""Seconds that one run looks for files."""
BESIDE = "other tests ran at the time"
ABSENT = "is not there"
ARTIFACTS = "artifacts"
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_PLAIN = re.compile(r"[^\w.-]+")
_LABEL = 60


@frozen(kw_only=True)
class _Found:
    """A file or folder that is there: its name, and why it may not be copied."""

    source: Path
    name: str
    kind: str
    note: str = ""
    refused: str = ""


class Artifacts:
    """
    Keeps what failed tests of one run leave, below a folder that is made with the first file.

    Without a folder nothing is copied, and what tests name is told as it is.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._room = _Room(RUN_FILES, RUN_BYTES)
        self._spent = 0.0
        self._number = 0

    def kept(self, outcome: Outcome, application: Application, secrets: Sequence[str], *, beside: bool) -> Outcome:
        """
        The outcome of a test that failed, with the files that it left as they are kept.

        Those that the application's globs match are its own by the time; `beside` says that other tests ran meanwhile.
        """
        checkout = application.path
        if checkout is None or self._folder is None:
            return outcome
        context = outcome.context or FailureContext()
        named = list(_named(context.artifacts, checkout, outcome.test.file))
        found = [*named, *self._matched(outcome, application, checkout, beside=beside)]
        found = list({os.fspath(each.source): each for each in reversed(found)}.values())[::-1]
        if not found:
            return outcome
        keeping = _Keeping(self._folder, self._slug(outcome, secrets), secrets, self._room)
        artifacts = tuple(map(keeping.kept, found[:FILES]))
        self._number = max(self._number, keeping.number)
        more = len(found) - FILES
        left_out = f"{amount(more, 'more file')} of the test left out: {FILES} are told of" if more > 0 else ""
        return evolve(outcome, context=evolve(context, artifacts=artifacts, left_out=left_out))

    def _slug(self, outcome: Outcome, secrets: Sequence[str]) -> tuple[int, str]:
        said = redacted(outcome.test.name or outcome.test.file, secrets)
        return self._number + 1, _NOT_PLAIN.sub("-", said).strip("-.")[:_LABEL]

    def _matched(self, outcome: Outcome, application: Application, checkout: Path, *, beside: bool) -> Iterator[_Found]:
        if not application.artifacts or not outcome.started or self._spent > PATIENCE:
            return
        clock = time.monotonic()
        until = outcome.ended or outcome.started + (outcome.span or outcome.duration)
        window = Window(since=outcome.started, until=until)
        # What was copied of another failure is in the checkout, too, where that is the workspace.
        avoided = (os.fspath(self._folder.parent.parent.absolute()),) if self._folder is not None else ()
        paths = written_meanwhile(checkout.absolute(), application.artifacts, window, avoided)
        self._spent += time.monotonic() - clock
        # Of a program that does not say when its tests ran, all of them ran at the time.
        shared = beside or (outcome.span > 0 and not outcome.ended)
        own = naming(paths, outcome.test.name or outcome.test.file) if shared else []
        for path in own or paths:
            note = BESIDE if shared and not own else ""
            yield _Found(source=checkout.absolute() / path, name=path, kind=kind_of(path), note=note)


@frozen
class _Limit:
    files: int
    bytes: int


class _Room:
    """How many more files and bytes there is room for."""

    def __init__(self, files: int, size: int) -> None:
        self.files, self.bytes = files, size
        self._most = _Limit(files, size)

    def refusal(self, size: int, what: str) -> str:
        """Why a file of this size is not copied."""
        if self.files < 1 or self.bytes < size:
            return f"not copied: {what} may leave {amount(self._most.files, 'file')} and {sized(self._most.bytes)}"
        return ""

    def take(self, size: int) -> None:
        self.files -= 1
        self.bytes -= size


class _Keeping:
    """Copies the files of one failure to a folder of their own."""

    def __init__(self, folder: Path, slug: tuple[int, str], secrets: Sequence[str], of_run: _Room) -> None:
        self.number, self._slug = slug
        self._folder = folder.absolute()
        self._secrets = secrets
        self._own: Path | None = None
        self._rooms = {"a failure": _Room(FILES + FOLDER_FILES, BYTES), "a run": of_run}

    def kept(self, found: _Found) -> Artifact:
        """The copy; where there can be none, the file itself, and why."""
        name = _clean(redacted(found.name, self._secrets))
        told = Artifact(path=os.fspath(found.source), name=name, kind=found.kind, note=found.note)
        if found.refused:
            return evolve(told, note=_both(found.note, found.refused))
        if found.kind == FOLDER:
            return self._kept_folder(found, told)
        try:
            target, size = self._copy(found.source, name)
        except OSError as error:
            return evolve(told, note=_both(found.note, f"not copied: {error.strerror or error}"))
        if target is None:
            return evolve(told, size=size, note=_both(found.note, self._refusal(size)))
        return evolve(told, path=os.fspath(target), size=size)

    def _kept_folder(self, found: _Found, told: Artifact) -> Artifact:
        copied = size = seen = 0
        target = None
        for path, status in regular_files(found.source):
            seen += 1
            if copied >= FOLDER_FILES or status.st_size > FOLDER_BYTES:
                continue
            name = f"{told.name}/{_clean(redacted(path, self._secrets))}"
            try:
                target, one = self._copy(found.source / path, name)
            except OSError:
                continue
            if target is not None:
                copied, size = copied + 1, size + one
        note = f"{copied} of {amount(seen, 'file')}" if copied < seen else amount(seen, "file")
        if not copied or self._own is None:
            return evolve(told, note=_both(found.note, f"not copied: {note}"))
        return evolve(told, path=os.fspath(self._own / told.name), size=size, note=_both(found.note, note))

    def _copy(self, source: Path, name: str) -> tuple[Path | None, int]:
        """Where the copy is, None where there is no room for it, and its size; OSError where it cannot be read."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(source, flags)
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise OSError("it is no file")
            if self._refusal(status.st_size):
                return None, status.st_size
            target = self._free(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as copy:
                _pour(stream.fileno(), copy.fileno(), status.st_size)
            # Nobody may read the copy who may not read the file.
            target.chmod(stat.S_IMODE(status.st_mode) & 0o666 | 0o600)
        for room in self._rooms.values():
            room.take(status.st_size)
        return target, status.st_size

    def _refusal(self, size: int) -> str:
        for what, room in self._rooms.items():
            if said := room.refusal(size, what):
                return said
        existing = next(each for each in (self._folder, *self._folder.parents) if each.exists())
        return "" if shutil.disk_usage(existing).free - size > FREE else "not copied: the disk is nearly full"

    def _free(self, name: str) -> Path:
        while self._own is None:
            own = self._folder / f"{self.number:04}-{self._slug}"
            try:
                own.mkdir(parents=True)
            except FileExistsError:
                # The run was cut off, and is resumed.
                self.number += 1
            else:
                self._own = own
        parts = [part for part in PurePosixPath(name).parts if part not in {"/", ".."}]
        target = self._own.joinpath(*parts)
        if not os.path.lexists(target):
            return target
        # Two names that are written in the same way.
        return next(place for number in count(2) if not (place := target.with_name(f"{number}-{target.name}")).exists())


def forget_older(reports: Path) -> None:
    """Remove what is kept of all but the latest runs, by the time of their folders; reports stay."""
    kept = sorted(reports.glob(f"*/{ARTIFACTS}"), key=_changed, reverse=True)
    for folder in kept[RUNS:]:
        if not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _changed(folder: Path) -> float:
    try:
        return folder.lstat().st_mtime
    except OSError:
        return 0.0


def _pour(source: int, target: int, size: int) -> None:
    """No more than there was when its size was asked: a file may grow while it is copied."""
    while size > 0:
        piece = os.read(source, min(size, 1 << 20))
        if not piece:
            return
        os.write(target, piece)
        size -= len(piece)


def _named(artifacts: Iterable[Artifact], checkout: Path, file: str) -> Iterator[_Found]:
    """What the runner, a report or the test itself names; that outside of the checkout is told, and not copied."""
    root = checkout.resolve()
    for each in artifacts:
        # A report may mean its configuration's folder, which is one that the file is in.
        places = [checkout.absolute(), *(checkout.absolute() / folder for folder in PurePosixPath(file).parents)]
        path = next((place / each.path for place in places if os.path.lexists(place / each.path)), None)
        found = _Found(
            source=path or places[0] / each.path,
            name=each.name or each.path,
            kind=each.kind or kind_of(each.path),
            note=each.note,
        )
        if path is None:
            yield evolve(found, refused=ABSENT)
        elif each.kind == OUTPUT:
            yield from _files_of(path, root)
        elif each.kind == FOLDER:
            yield found
        elif not (real := path.resolve()).is_relative_to(root):
            yield evolve(found, refused="not copied: it is outside of the application's folder")
        else:
            name = os.fspath(real.relative_to(root))
            yield evolve(found, source=real, name=name, kind=FOLDER if real.is_dir() else found.kind)


def _files_of(folder: Path, root: Path) -> Iterator[_Found]:
    for path, _ in regular_files(folder):
        source = folder.resolve() / path
        name = os.fspath(source.relative_to(root)) if source.is_relative_to(root) else path
        yield _Found(source=source, name=name, kind=kind_of(path))


def _clean(name: str) -> str:
    """The name without what breaks lines or has no form in UTF-8, written as in URLs."""
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in os.fsencode(found[0])), name)


def _both(*notes: str) -> str:
    return "; ".join(filter(None, notes))
