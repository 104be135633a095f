"""From a failure to its account: which exceptions it tells of, how close each is to the cause, and its logs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_regex_analyzer.account import Account, Exhibit, Log, Raised
from testflow_regex_analyzer.codes import codes_of
from testflow_regex_analyzer.headers import header
from testflow_regex_analyzer.traces import MESSAGE_LIMIT, read, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.model import Failure
    from testflow_regex_analyzer.traces import Trace

TEXT_LIMIT = 256 * 1024
"""Characters of one piece of evidence that are looked at: of a longer one, half of that from each end."""
LINE_LIMIT = 8_000
"""Characters of one line that are looked at, in the same way."""

MESSAGE, CAUSE, TEXT, LOGGED = 0, 1, 3, 4
"""Ranks: the message; what it was caused by, each context one further; an account without exceptions; logs of all."""
_CAUSE_LIMIT = 8
"""Exceptions of one chain that are looked at: those nearest to the root, and the last."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_END_ALONE = re.compile(
    r"(?is)-?\d{1,3}|(?:.{1,2000}?\b)?(?:exit(?:ed)?(?: (?:with|status|code|value))*|ended with|finished with)"
    r"[ :(]{0,3}(?:exit )?(?:code |status |value )?-?\d{1,3}[.)]?"
)
"""A message that says how a program ended and nothing of why: then its own words are the account."""
_WRAPPED = re.compile(r"\.[A-Z]\w*(?:Exception|Error|Failure)$")
_LOG_KINDS = {"stderr": LOGGED, "log": LOGGED, "stdout": LOGGED + 1, "facts": LOGGED + 2, "services": LOGGED + 3}


def account_of(failure: Failure) -> Account:
    """What a failure says, taken apart."""
    said = {piece.kind: clean(piece.text) for piece in failure.evidence}
    message, text = said.get("message", ""), said.get("text", "")
    trace = read(text)
    exhibits = tuple(_exhibits(message.strip(), text, trace))
    logs = [Log(kind=kind, rank=_LOG_KINDS[kind], text=said[kind]) for kind in _LOG_KINDS if said.get(kind, "").strip()]
    logs += [
        Log(kind=kind, rank=_LOG_KINDS[kind], text=printed)
        for kind, printed in trace.captured.items()
        if printed.strip() and not said.get(kind, "").strip()
    ]
    if all(map(_tells_an_end_alone, exhibits)):
        logs = _with_what_they_say(logs)
    return Account(exhibits=exhibits, logs=tuple(logs))


def _tells_an_end_alone(exhibit: Exhibit) -> bool:
    said = exhibit.raised.message.strip()
    return said[-3:].strip(".)")[-1:].isdigit() and _END_ALONE.fullmatch(said) is not None


def _with_what_they_say(logs: list[Log]) -> list[Log]:
    """The logs, and what the one says that a program complains in: standard error, else what it printed."""
    told = next((log for kind in ("stderr", "stdout") for log in logs if log.kind == kind), None)
    if told is None:
        return logs
    pieces = tuple(evolve(each, kind=told.kind, rank=told.rank) for each in _exhibits("", told.text, read(told.text)))
    return [evolve(log, exhibits=pieces) if log is told else log for log in logs]


def clean(text: str) -> str:
    """The text without what terminals make colours of, without NUL, and without its middle where it is very long."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "\0" in text:
        text = text.replace("\0", " ")
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    text = shortened(text, TEXT_LIMIT)
    if len(text) > LINE_LIMIT and any(len(line) > LINE_LIMIT for line in text.split("\n")):
        text = "\n".join(shortened(line, LINE_LIMIT).replace("\n", " ") for line in text.split("\n"))
    return text


def _exhibits(message: str, text: str, trace: Trace) -> Iterator[Exhibit]:
    chain = trace.raised
    if not message and not chain:
        if text.strip():
            yield Exhibit(kind="text", rank=TEXT, raised=_sentence(text))
        return
    first, rest = _final(message, chain)
    yield Exhibit(kind="message" if message else "text", rank=MESSAGE, raised=first)
    causes = [raised for link, raised in rest if link == "cause"] or list(_named_within(first))
    contexts = [raised for link, raised in rest if link != "cause"]
    # The root of what was said to be the cause is closest to it.
    for raised in causes[: -_CAUSE_LIMIT - 1 : -1]:
        yield Exhibit(kind="cause", rank=CAUSE, raised=raised)
    for raised in contexts[:_CAUSE_LIMIT]:
        yield Exhibit(kind="context", rank=CAUSE + 1, raised=raised)


def _named_within(raised: Raised) -> Iterator[Raised]:
    """The exception that a wrapper's message is, where its own account is not there: `ExecutionException: a.b.E: x`."""
    found = header(raised.message.partition("\n")[0]) if raised.name else None
    if found and "." in found[0] and _WRAPPED.search(found[0]):
        name, said = found
        rest = raised.message.partition("\n")[2]
        message = f"{said}\n{rest}" if rest else said
        yield Raised(name=name, message=message, codes=codes_of(f"{name}: {message}"))


def _final(message: str, chain: list[tuple[str, Raised]]) -> tuple[Raised, list[tuple[str, Raised]]]:
    """The exception that ended the test, from the message and what the account says of it; and the others."""
    if not message:
        return chain[0][1], chain[1:]
    written = _sentence(message)
    if not chain:
        return written, []
    of_account = chain[0][1]
    if _same(written, of_account):
        fuller = max((written, of_account), key=lambda each: (bool(each.name), len(each.message)))
        codes = written.codes | of_account.codes
        return evolve(fuller, frames=of_account.frames, codes=codes), chain[1:]
    if any(_same(written, raised) for _, raised in chain[1:]):
        at = next(at for at, (_, raised) in enumerate(chain) if _same(written, raised))
        return evolve(written, frames=chain[at][1].frames), chain[:at] + chain[at + 1 :]
    return evolve(written, frames=of_account.frames), [("cause", of_account), *chain[1:]]


def _same(one: Raised, other: Raised) -> bool:
    """Whether both tell of one exception: the message is often a part of what the account says."""
    if one.name and other.name and one.simple_name != other.simple_name:
        return False
    shorter, longer = sorted((one.text.strip(), other.text.strip()), key=len)
    start = shorter[:40]
    return not shorter or start in longer or bool(one.name and one.name == other.name)


def _sentence(text: str) -> Raised:
    lines = text.strip("\n").split("\n")
    at, found = next(((at, found) for at, line in enumerate(lines) if (found := header(line.strip()))), (0, None))
    if found is None or at:
        # A message that begins with other words is not the exception that a later line of it names.
        last = next((found for line in reversed(lines) if (found := header(line.strip()))), None) if at else None
        body = shortened(text.strip(), MESSAGE_LIMIT)
        return Raised(name=last[0] if last else "", message=body, codes=codes_of(body))
    name, message = found
    body = shortened("\n".join([message, *lines[1:]]).strip(), MESSAGE_LIMIT)
    return Raised(name=name, message=body, codes=codes_of(f"{name}: {body}"))
