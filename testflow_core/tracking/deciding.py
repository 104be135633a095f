"""What is to be done about the causes of a run: pure, of what the tracker has and what the run says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.tracking.issue import Draft, Issue, Memory, known_as
from testflow_core.tracking.texts import body, closing, duplicate, reopened, title
from testflow_core.wording import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from testflow_core.model import Cluster, Run


@frozen(kw_only=True)
class Rules:
    """
    At most `new_issues` are opened in one run, for causes that `occurrences` runs have seen, this one included.

    An issue is closed when its cause was not seen for `quiet`, and one of its tests passes.
    """

    new_issues: int = 5
    occurrences: int = 1
    quiet: timedelta = timedelta(days=14)


@frozen(kw_only=True)
class Step:
    """One thing to do: `action` is `open`, `update`, `reopen` or `close`; `said` is what people are told of it."""

    action: str
    draft: Draft
    issue: Issue | None = None
    said: str = ""

    @property
    def subject(self) -> str:
        """The issue where there is one, else what it will be called."""
        return self.issue.key if self.issue else self.draft.title


@frozen(kw_only=True)
class Decision:
    """The steps in their order, and sentences on what is left."""

    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = ()


def decide(run: Run, clusters: Sequence[Cluster], issues: Iterable[Issue], rules: Rules) -> Decision:
    """The steps that bring the tracker up to date; none for what was told of this run before."""
    known, twice = _by_fingerprint(issues)
    assigned = _assigned(clusters, known)
    steps: list[Step] = []
    wanted: list[Step] = []
    rare = 0
    for cluster in clusters:
        issue = assigned.get(cluster.id)
        if issue is not None:
            steps += _seen_again(run, cluster, issue, rules)
        elif cluster.blocking and cluster.times + 1 >= rules.occurrences:
            wanted.append(Step(action="open", draft=_draft(run, cluster, _first(run, cluster), rules)))
        elif cluster.blocking:
            rare += 1
    held = wanted[rules.new_issues :]
    present = {issue.key for issue in assigned.values()}
    quiet = [each for each in known.values() if each.key not in present]
    steps += [*wanted[: rules.new_issues], *_quiet(run, quiet, rules), *_duplicates(known, twice)]
    return Decision(steps=tuple(steps), remarks=tuple(_left(held, rare, rules)))


def _by_fingerprint(issues: Iterable[Issue]) -> tuple[dict[str, Issue], list[Issue]]:
    """The issue of each cause, an open one before closed ones, and open ones that are one too many."""
    known: dict[str, Issue] = {}
    twice: list[Issue] = []
    for issue in issues:
        first = known.setdefault(issue.memory.fingerprint, issue)
        if first is issue:
            continue
        if issue.closed is None and first.closed is None:
            # Two machines have opened one at the same time: the one that was there first stays.
            kept, other = sorted((first, issue), key=lambda each: (len(each.key), each.key))
            known[issue.memory.fingerprint] = kept
            twice.append(other)
        elif first.closed is not None and (issue.closed is None or issue.closed > first.closed):
            known[issue.memory.fingerprint] = issue
    return known, twice


def names_of(cluster: Cluster) -> tuple[str, ...]:
    """What a cause may be called, its own name first."""
    return cluster.id, *cluster.fingerprints


def _assigned(clusters: Sequence[Cluster], known: Mapping[str, Issue]) -> dict[str, Issue]:
    """The issue of each cluster that has one, by the cluster's id: its own name first, each issue once."""
    aliases = {name: issue for issue in known.values() for name in issue.memory.aliases} | dict(known)
    found = {cluster.id: known[cluster.id] for cluster in clusters if cluster.id in known}
    taken = {issue.key for issue in found.values()}
    for cluster in clusters:
        called = (aliases[name] for name in names_of(cluster) if name in aliases)
        issue = next((each for each in called if each.key not in taken), None)
        if cluster.id not in found and issue is not None:
            found[cluster.id] = issue
            taken.add(issue.key)
    return found


def _first(run: Run, cluster: Cluster) -> Memory:
    memory = _with_run(Memory(fingerprint=cluster.id), run, cluster)
    if cluster.first_seen is None:
        return memory
    return evolve(memory, first=min(cluster.first_seen, run.started), runs=cluster.times + 1)


def _with_run(memory: Memory, run: Run, cluster: Cluster) -> Memory:
    return memory.with_run(run.run_id, run.started, cluster.count, cluster.tests, names_of(cluster))


def _draft(run: Run, cluster: Cluster, memory: Memory, rules: Rules) -> Draft:
    return Draft(title=title(cluster), document=body(run, cluster, memory, rules.quiet), memory=memory)


def _seen_again(run: Run, cluster: Cluster, issue: Issue, rules: Rules) -> Iterator[Step]:
    memory = _with_run(issue.memory, run, cluster)
    if memory is issue.memory:
        return
    draft = _draft(run, cluster, memory, rules)
    after = issue.closed is not None and run.started > issue.closed
    if after and cluster.blocking and not issue.declined:
        yield Step(action="reopen", issue=issue, draft=draft, said=reopened(run, cluster))
    else:
        yield Step(action="update", issue=issue, draft=draft)


def _quiet(run: Run, issues: Iterable[Issue], rules: Rules) -> Iterator[Step]:
    passed = {known_as(result.label) for result in run.passed_tests if not result.flaky}
    for issue in issues:
        memory = issue.memory
        witnesses = [test for test in memory.tests if test in passed]
        silent = run.started - memory.last >= rules.quiet.total_seconds()
        # That it was not seen says nothing where none of its tests ran.
        if issue.closed is None and silent and witnesses:
            draft = Draft(title=issue.key, document=(), memory=memory)
            yield Step(action="close", issue=issue, draft=draft, said=closing(run, memory, witnesses))


def _duplicates(known: Mapping[str, Issue], twice: Iterable[Issue]) -> Iterator[Step]:
    for issue in twice:
        draft = Draft(title=issue.key, document=(), memory=issue.memory)
        first = known[issue.memory.fingerprint]
        yield Step(action="close", issue=issue, draft=draft, said=duplicate(first))


def _left(held: Sequence[Step], rare: int, rules: Rules) -> Iterator[str]:
    if held:
        yield (
            f"{amount(len(held), 'more cause')} without an issue: one run opens {rules.new_issues} at most"
            f" (new_issues); next are {', '.join(repr(step.draft.title) for step in held[:3])}"
        )
    if rare:
        yield f"{amount(rare, 'cause')} without an issue: seen in fewer than {rules.occurrences} runs (occurrences)"
