"""A file that a test left."""

from __future__ import annotations

from pathlib import PurePosixPath

from attrs import frozen

FOLDER, OUTPUT = "folder", "output"
"""Kinds of folders: one that is kept as it is, and one of which each file is an artifact."""
_KINDS = {
    "image": "png jpg jpeg gif webp svg bmp",
    "video": "webm mp4 avi mkv mov",
    "trace": "trace har",
    "page": "html htm mhtml",
    "text": "txt log json jsonl xml csv yaml yml toml md diff patch out err",
    "archive": "zip gz tar tgz xz bz2 zst 7z",
    "dump": "dmp hprof core heapsnapshot",
}
_BY_ENDING = {ending: kind for kind, endings in _KINDS.items() for ending in endings.split()}
_UNITS = ("bytes", "KiB", "MiB", "GiB")
_STEP = 1024


@frozen(kw_only=True)
class Artifact:
    """
    A file that a test left, or a folder of such files.

    `path` is where it can be had: the copy that outlives the next run, else the file itself. `name` is what the test
    calls it, relative to the checkout where it was in it. `size` is in bytes. `note` says what is to be known of it:
    why there is no copy, or that other tests ran at the time.
    """

    path: str
    name: str = ""
    kind: str = ""
    size: int = 0
    note: str = ""

    def __str__(self) -> str:
        """`screenshots/cart.png (image, 31.2 KiB)`."""
        facts = ", ".join(filter(None, (self.kind, sized(self.size) if self.size else "", self.note)))
        return f"{self.name or self.path} ({facts})" if facts else self.name or self.path


def kind_of(name: str) -> str:
    """What a file is by its name: `image`, `video`, `trace`, `page`, `text`, `archive`, `dump`, else `file`."""
    path = PurePosixPath(name.lower())
    if path.name.startswith("trace") and path.suffix == ".zip":
        return "trace"
    return _BY_ENDING.get(path.suffix.removeprefix("."), "file")


def sized(number: float) -> str:
    """Bytes as people read them."""
    unit = 0
    while number >= _STEP and unit < len(_UNITS) - 1:
        number, unit = number / _STEP, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if unit else f"{number:.0f} bytes"
