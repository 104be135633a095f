"""Why a failure has its category: which rules fired on what, which nearly did, which never do, which hit too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_regex_analyzer.account import Account, Log
from testflow_regex_analyzer.diagnosing import matching_lines
from testflow_regex_analyzer.reading import LOGGED, account_of, clean
from testflow_regex_analyzer.rulebook import Hit, NearMiss

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Failure
    from testflow_regex_analyzer.declared import Found
    from testflow_regex_analyzer.rulebook import Rulebook


@frozen(kw_only=True)
class Explanation:
    """
    What the rules say of one failure.

    `fired`: all rules that matched, the deciding one first. `nearly`: those that a class, a code or a pattern pointed
    to and that lacked something. `account`: the exceptions and logs that they were tried on. `remark`: patterns that
    were given up.
    """

    account: Account
    fired: tuple[Hit, ...]
    nearly: tuple[NearMiss, ...]
    remark: str = ""

    def __str__(self) -> str:
        """One line for each piece of evidence, each rule that fired and each that nearly did."""
        lines = [f"evidence: {each.kind}: {_line(each.raised.text)}" for each in self.account.exhibits]
        lines += [f"evidence: {log.kind}: {len(log.text):,} characters" for log in self.account.logs]
        lines += [
            f"{'decided' if at == 0 else 'fired'}: {hit.rule.id} ({hit.rule.category}, {hit.rule.strength}) by {hit.by}"
            f" on the {hit.kind}: {_line(matching_lines(hit))}"
            for at, hit in enumerate(self.fired)
        ]
        lines += [f"nearly: {miss.rule.id} ({miss.rule.category}): {miss.lacks}" for miss in self.nearly]
        return "\n".join([*lines, self.remark] if self.remark else lines)


def explanation(account: Account, rulebook: Rulebook, found: Found) -> Explanation:
    """The explanation of an account by the rules, and by what the declared patterns found."""
    fired = rulebook.hits(account)
    if found.hit is not None:
        fired = sorted([found.hit, *fired], key=lambda hit: hit.order)
    fired_ids = {hit.rule.id for hit in fired}
    nearly = {miss.rule.id: miss for miss in rulebook.near_misses(account) if miss.rule.id not in fired_ids}
    return Explanation(account=account, fired=tuple(fired), nearly=tuple(nearly.values()), remark=found.remark)


def never_fired(rulebook: Rulebook, failures: Sequence[Failure]) -> tuple[str, ...]:
    """The ids of the rules that match none of these failures, in their order."""
    fired = {hit.rule.id for failure in failures for hit in rulebook.hits(account_of(failure))}
    return tuple(rule.id for rule in rulebook.rules if rule.id not in fired)


def hits_in_passed(rulebook: Rulebook, outputs: Iterable[str]) -> tuple[Hit, ...]:
    """The rules that match what passed tests printed: each of them would blame a cause that was none."""
    logs = (Log(kind="stdout", rank=LOGGED, text=clean(output)) for output in outputs)
    return tuple(hit for log in logs for hit in rulebook.hits_in_log(log))


def _line(text: str, limit: int = 160) -> str:
    first = text.strip().partition("\n")[0]
    return first if len(first) <= limit else f"{first[: limit - 1]}…"
