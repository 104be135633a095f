"""The fingerprint of a failure: the same in every run in which it fails for the same cause."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_regex_analyzer.masking import masked

if TYPE_CHECKING:
    from testflow_regex_analyzer.account import Account, Exhibit, Frame, Raised

VERSION = 2
"""Of what is hashed: it changes whenever a failure may get another fingerprint than before, and stands in each."""

_TEXT_LIMIT = 600
"""Characters of each exception that count: what follows is mostly values and dumps of native stacks."""
_LINES = 8
_OF_THE_TEST = {"stderr", "stdout", "log"}
"""What was around a failure differs from run to run."""
_TITLE_LIMIT = 200
_NUMBER = re.compile(r"<(\w+):\d+>")
_NOISE = re.compile(
    r"^\s*(?:#\d+ 0x|Stacktrace:|\(Session info:|Build info:|System info:|Driver info:|Capabilities |<--- |\[\d+:0x)"
)


@frozen
class Traits:
    """What stays of a failure when ports, ids, line numbers and depths change: what was said, and where it failed."""

    what: str
    where: str

    @property
    def fingerprint(self) -> str:
        """`1:` (the version) and 16 hexadecimal digits."""
        said = "\n".join(filter(None, (self.what, self.where)))
        digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return f"{VERSION}:{digest}"


def traits(account: Account) -> Traits:
    """What a failure says of itself, masked: its exceptions, or where there are none its logs; and the place."""
    if not account.exhibits:
        own = (log for log in account.logs if log.kind in _OF_THE_TEST)
        return Traits("\n".join(masked(log.text[-_TEXT_LIMIT:]) for log in own), "")
    what = "\n".join(map(_of_exception, account.exhibits))
    frame = account.frame
    places = _raising(account.exhibits[0].raised), _place(frame) if frame is not None else ""
    return Traits(what, "\n".join(filter(None, places)))


def title(evidence: str) -> str:
    """The first line of the evidence, `<host>` and the like in the place of what differs from run to run."""
    line = next((line.strip() for line in evidence.split("\n", _LINES) if line.strip()), "")
    return _NUMBER.sub(r"<\1>", masked(line[:_TITLE_LIMIT]))


def _of_exception(exhibit: Exhibit) -> str:
    raised = exhibit.raised
    lines = [line.rstrip() for line in raised.message[: 4 * _TEXT_LIMIT].split("\n") if not _NOISE.match(line)]
    said = masked("\n".join(lines[:_LINES])[:_TEXT_LIMIT])
    # An HTTP status or an exit code is a number that tells one cause from another.
    return f"{raised.name}: {said} {' '.join(sorted(raised.codes))}"


def _raising(raised: Raised) -> str:
    if not raised.frames:
        return ""
    frame = raised.frames[0]
    return f"{_file(frame)}:{frame.function}"


def _place(frame: Frame) -> str:
    """The failing line by what it says; its number moves with every edit above it."""
    return f"{_file(frame)}:{frame.source or frame.function}"


def _file(frame: Frame) -> str:
    return re.split(r"[/\\]", frame.file)[-1]
