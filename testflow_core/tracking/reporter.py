"""The reporter that keeps one issue for each cause: what plugins for trackers extend."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.errors import DeliveryError
from testflow_core.model import Delivery, Message
from testflow_core.tracking.deciding import Decision, Rules, Step, decide, names_of
from testflow_core.tracking.document import as_markdown
from testflow_core.tracking.masking import masked
from testflow_core.tracking.patience import RequestFailedError, Waiting
from testflow_core.tracking.sender import Sender
from testflow_core.tracking.texts import title
from testflow_core.wording import amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from testflow_core.model import Cluster, Run
    from testflow_core.tracking.issue import Issue
    from testflow_core.tracking.tracker import Tracker

CLOSED = 1_000
"""Of closed issues so many are looked at, the latest first, for causes that have no open one."""


@frozen(kw_only=True)
class IssueReporter(Sender):
    """
    One issue for each cause of failure, found again by a fingerprint that is hidden in its text.

    An issue is updated when its cause is seen again, opened again where it had been closed as done, and closed once it
    was not seen for `quiet` and one of its tests passes. One run opens `new_issues` at most, those of most failures
    first, and only for causes that `occurrences` runs have seen. What a rule sends to another tracker is left to that.
    """

    new_issues: int = 5
    occurrences: int = 1
    quiet: timedelta = timedelta(days=14)

    @property
    @abstractmethod
    def service(self) -> str:
        """The plugin's name."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where its issues are: a repository, a project."""

    @abstractmethod
    def tracker(self, waiting: Waiting) -> AbstractContextManager[Tracker]:
        """The tracker, with the token; DeliveryError where there is none. Pages are asked for by `waiting`."""

    def deliver(self, run: Run) -> Delivery:
        """Bring the tracker up to date, once however often it is asked; what could not be told is in the answer."""
        mine, others = self._mine(run)
        made = Delivery(reporter=self.service, run_id=run.run_id, place=self.place, dry=self.dry_run, remarks=others)
        waiting = Waiting(self.patience)
        try:
            with self.tracker(waiting) as tracker:
                decision = self._decided(run, mine, list(_known(tracker, mine)))
                made = evolve(made, remarks=(*decision.remarks, *others))
                if self.dry_run:
                    return evolve(made, messages=tuple(map(_message, decision.steps)))
                return self._carried_out(made, tracker, decision.steps, waiting)
        except DeliveryError as failed:
            return self._unread(made, run, mine, str(failed))

    def _mine(self, run: Run) -> tuple[list[Cluster], tuple[str, ...]]:
        mine = [each for each in run.clusters if each.tracker in {None, "", self.place}]
        others = {each.tracker: title(each) for each in run.clusters if each not in mine}
        return mine, tuple(f"left to the tracker {name}: {said!r}" for name, said in others.items())

    def _decided(self, run: Run, mine: Sequence[Cluster], issues: Sequence[Issue]) -> Decision:
        rules = Rules(new_issues=self.new_issues, occurrences=self.occurrences, quiet=self.quiet)
        return decide(run, mine, issues, rules)

    def _unread(self, made: Delivery, run: Run, mine: Sequence[Cluster], trouble: str) -> Delivery:
        """What is known without the tracker: which of the causes have an issue is not."""
        decision = self._decided(run, mine, ())
        messages = [evolve(_message(step), action="open or update") for step in decision.steps]
        told = f"the issues of {self.place} cannot be read: {masked(trouble)}"
        if self.dry_run:
            remark = f"{told}; so nobody knows which of these there are already"
            return evolve(made, messages=tuple(messages), remarks=(*made.remarks, *decision.remarks, remark))
        # Closing what is quiet is up to any later run.
        return evolve(made, messages=tuple(messages), trouble=told if messages else "")

    def _carried_out(self, made: Delivery, tracker: Tracker, steps: Sequence[Step], waiting: Waiting) -> Delivery:
        messages = [_message(step) for step in steps]
        troubles: list[str] = []
        for number, step in enumerate(steps):
            if number:
                waiting.pace()
            try:
                issue = _carry_out(tracker, step, waiting)
            except RequestFailedError as failed:
                troubles.append(f"{step.action} {step.subject}: {masked(str(failed))}")
                if failed.hopeless:
                    break
            else:
                messages[number] = evolve(messages[number], subject=issue.key, url=issue.url, sent=True)
        more = f" (and {amount(len(troubles) - 1, 'more refusal')})" if len(troubles) > 1 else ""
        return evolve(made, messages=tuple(messages), trouble=f"{troubles[0]}{more}" if troubles else "")


def _known(tracker: Tracker, wanted: Sequence[Cluster]) -> Iterator[Issue]:
    """All open issues, and of the closed ones as many as it takes to find every cause that has no open one."""
    seen: set[str] = set()
    for issue in tracker.issues(closed=False):
        seen |= {issue.memory.fingerprint, *issue.memory.aliases}
        yield issue
    missing = [each for each in wanted if seen.isdisjoint(names_of(each))]
    if not missing:
        return
    for _, issue in zip(range(CLOSED), tracker.issues(closed=True), strict=False):
        yield issue
        seen |= {issue.memory.fingerprint, *issue.memory.aliases}
        missing = [each for each in missing if seen.isdisjoint(names_of(each))]
        if not missing:
            return


def _message(step: Step) -> Message:
    text = step.said or as_markdown(step.draft.document)
    return Message(action=step.action, subject=step.subject, title=step.draft.title, body=text)


def _carry_out(tracker: Tracker, step: Step, waiting: Waiting) -> Issue:
    draft, issue = step.draft, step.issue
    if issue is None:
        return waiting.ask(lambda: tracker.create(draft), repeatable=False, done=lambda: _created(tracker, step))
    match step.action:
        case "reopen":
            waiting.ask(lambda: tracker.reopen(issue, draft))
        case "close":
            waiting.ask(lambda: tracker.close(issue))
        case _:
            waiting.ask(lambda: tracker.edit(issue, draft))
    if step.action in {"reopen", "close"}:
        _remark(tracker, issue, step.said, waiting)
    return issue


def _created(tracker: Tracker, step: Step) -> Issue | None:
    """The issue that a request without an answer has made all the same."""
    wanted = step.draft.memory.fingerprint
    return next((each for each in tracker.issues(closed=False) if each.memory.fingerprint == wanted), None)


def _remark(tracker: Tracker, issue: Issue, text: str, waiting: Waiting) -> None:
    """A comment, which only repeats what the issue says: a lost one is better than two, or than no more issues."""
    with suppress(RequestFailedError):
        waiting.ask(lambda: tracker.comment(issue, text), repeatable=False)
