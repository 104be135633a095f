"""How runs are told to people: texts without what a terminal obeys or XML forbids, numbers, statuses, a headline."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from testflow_core.model import Status
from testflow_core.model.variant import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from testflow_core.model import Cluster, Delivery, Message, Run

WORST_FIRST = (
    Status.FAILED,
    Status.ERROR,
    Status.TIMED_OUT,
    Status.PASSED,
    Status.SKIPPED,
    Status.UNAVAILABLE,
    Status.INTERRUPTED,
)
"""Every status, what went wrong first."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements (ECMA-48 control sequences)
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles and links (operating system commands)
    r"|\x1b[ -/]*[0-Z\\-~]"
)
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_FORBIDDEN = re.compile("[^\t\n -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_MINUTE = 60
_HOUR = 3600
_TWO_DIGITS_BELOW = 10
_TOLD = 5


def plain(text: str) -> str:
    """The text as XML 1.0 and any terminal can show it: lines end in a newline, what cannot be shown becomes U+FFFD."""
    return _FORBIDDEN.sub(_REPLACEMENT, _LINE_ENDS.sub("\n", _ESCAPES.sub("", text)))


def one_line(text: str) -> str:
    """The plain text with every run of white space as one space."""
    return " ".join(plain(text).split())


def duration(seconds: float) -> str:
    """`0.05s`, `12.3s`, `2m 05s`, `1h 02m`."""
    if seconds < _TWO_DIGITS_BELOW:
        return f"{seconds:.2f}s"
    if seconds < _MINUTE:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    if seconds < _HOUR:
        return f"{minutes}m {rest:02}s"
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}h {minutes:02}m"


def amount(number: int, noun: str) -> str:
    """`1 test`, `2,000 tests`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def word(status: Status) -> str:
    """What people call a status."""
    return status.value.replace("_", " ")


def ended(status: Status, seconds: float) -> str:
    """`timed out after 2.00s`, `ended in an error`."""
    how = "ended in an error" if status is Status.ERROR else word(status)
    return f"{how} after {duration(seconds)}" if seconds > 0 else how


def headline(run: Run) -> str:
    """`1 leak, 1 failed, 7 passed (2 of them flaky), 10 skipped`: what went wrong first."""
    found = Counter(result.status for result in run.results)
    parts = [_counted(found[status], status) for status in WORST_FIRST if found[status]]
    if run.flaky_tests:
        passed = _counted(found[Status.PASSED], Status.PASSED)
        parts[parts.index(passed)] = f"{passed} ({len(run.flaky_tests):,} of them flaky)"
    if run.quarantined_tests:
        parts.append(f"{len(run.quarantined_tests):,} of the failures in quarantine")
    leaks = [amount(len(run.leaks), "leak")] if run.leaks else []
    return ", ".join([*leaks, *(parts or ["no tests"])])


def _counted(number: int, status: Status) -> str:
    return amount(number, "error") if status is Status.ERROR else f"{number:,} {word(status)}"


def caused(cluster: Cluster) -> str:
    """`network/refused, database-team, 398 tests, new, also red on main`: what is known of a cause."""
    facts = (cluster.category, cluster.owner or "nobody named", amount(cluster.count, "test"), *seen(cluster))
    return ", ".join(map(one_line, facts))


def seen(cluster: Cluster) -> tuple[str, ...]:
    """Since when a cause is there (`new`, `in 4 runs since 2026-11-02, last 2026-11-20`), and whether on main, too."""
    if cluster.new or cluster.first_seen is None or cluster.last_seen is None:
        since = "new"
    else:
        since = f"in {amount(cluster.times, 'run')} since {day(cluster.first_seen)}, last {day(cluster.last_seen)}"
    on_main = {True: ("also red on main",), False: ("not red on main",), None: ()}
    return since, *on_main[cluster.also_red_on_main]


def day(moment: float) -> str:
    """A moment, in seconds since the epoch, as people write it: `2026-12-24`, in UTC."""
    return f"{datetime.fromtimestamp(moment, tz=UTC):%Y-%m-%d}"


def provided(run: Run) -> str:
    """Who brought up the environments, and how far they were kept apart; empty where there were none."""
    isolated = f"isolated by {run.isolation}" if run.isolation else ""
    return ", ".join(filter(None, (run.provisioner, isolated, run.origin)))


def total(run: Run) -> str:
    """How long all phases took."""
    return duration(sum(run.phases.values()))


def audited(run: Run) -> tuple[str, ...]:
    """What an audit found: of this run, then what all audited runs tell of each strategy."""
    if not run.audits:
        return ()
    left_out = len(run.audits) + sum(not choice.selected for choice in run.choices)
    missed = [labelled(each.test_id, each.variant) for each in run.audits if each.missed]
    found = f"{amount(len(missed), 'failure')} would have been missed" + (f": {', '.join(missed)}" if missed else "")
    audit = f"{len(run.audits):,} of {amount(left_out, 'test')} that nobody had chosen ran all the same: {found}"
    return audit, *map(str, run.miss_rates)


def untested(run: Run) -> tuple[str, ...]:
    """What of the changes no test is known to reach, and how much of them nobody can say that of."""
    known = [str(each) for each in run.uncovered if each.known]
    unknown = [each for each in run.uncovered if not each.known]
    if not unknown:
        return tuple(known)
    first = f"{unknown[0]}" + (f"; and {len(unknown) - 1} more" if len(unknown) > 1 else "")
    return (*known, first)


def delivered(run: Run) -> tuple[tuple[str, str], ...]:
    """What reporters have sent to people: `sent`, `not sent`, `dry run` or `left`, each with a sentence."""
    return tuple(pair for delivery in run.deliveries for pair in _delivered(delivery))


def _delivered(delivery: Delivery) -> Iterator[tuple[str, str]]:
    who = " to ".join(filter(None, (delivery.reporter, delivery.place)))
    if delivery.dry and delivery.messages:
        again = f"; with dry_run=False it does: {delivery.again}" if delivery.again else ""
        yield "dry run", f"{who} would {_messages(delivery.messages)}{again}"
    if delivery.sent:
        yield "sent", f"{who}: {_messages(delivery.sent)}"
    if delivery.unsent or delivery.trouble:
        later = f"; send it later by {delivery.again}" if delivery.again else ""
        yield "not sent", f"{who}: {_messages(delivery.unsent)}: {delivery.trouble}{later}"
    yield from (("left", f"{who}: {remark}") for remark in delivery.remarks)


def _messages(messages: Sequence[Message]) -> str:
    """`open 'no space left', update acme/shop#3 and 2 more`."""
    told = [
        f"{each.action} {each.subject}" + (f" ({one_line(each.title)})" if each.sent and each.action == "open" else "")
        if each.url or each.subject != each.title
        else f"{each.action} {one_line(each.title)!r}"
        for each in messages
    ]
    more = f" and {len(told) - _TOLD:,} more" if len(told) > _TOLD else ""
    return f"{', '.join(told[:_TOLD])}{more}"
