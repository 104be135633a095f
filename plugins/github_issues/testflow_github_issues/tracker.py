"""Issues of a GitHub repository, by PyGithub."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import requests
from github import Auth, Github, GithubException

from testflow_core.tracking import Issue, RequestFailedError, Tracker
from testflow_github_issues.body import body, memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from github.Issue import Issue as GitHubIssue
    from github.Repository import Repository

    from testflow_core.tracking import Draft, Waiting

PAGE = 100
TIMEOUT = 20
DECLINED = {"not_planned", "duplicate"}
FORBIDDEN = 403


@contextmanager
def connected(
    url: str, token: str, repository: str, labels: Sequence[str], waiting: Waiting
) -> Iterator[GitHubTracker]:
    """The issues of a repository, as long as they are needed."""
    # How often and how long is tried again is decided in one place for all trackers.
    with Github(
        auth=Auth.Token(token),
        base_url=url,
        timeout=TIMEOUT,
        per_page=PAGE,
        retry=None,
        lazy=True,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ) as client:
        yield GitHubTracker(client.get_repo(repository), repository, labels, waiting)


class GitHubTracker(Tracker):
    """The issues that have the first of the labels and testflow's comment in their body."""

    def __init__(self, repository: Repository, name: str, labels: Sequence[str], waiting: Waiting) -> None:
        self._repository = repository
        self._name = name
        self._labels = list(labels)
        self._waiting = waiting

    def issues(self, *, closed: bool) -> Iterator[Issue]:
        """Those that testflow has opened, the latest updated first, a page at a time."""
        state = "closed" if closed else "open"
        with answering(self._name):
            found = self._repository.get_issues(state=state, labels=self._labels[:1], sort="updated", direction="desc")
        number = 0
        while True:
            page = self._waiting.ask(lambda number=number: self._page(found, number))
            yield from (known for each in page if (known := self._known(each)) is not None)
            if len(page) < PAGE:
                return
            number += 1

    def create(self, draft: Draft) -> Issue:
        """A new issue with all labels; without the first it would not be found again, so it is closed at once."""
        with answering(self._name):
            made = self._repository.create_issue(draft.title, body=body(draft), labels=self._labels)
            if self._labels[0] in {label.name for label in made.labels}:
                return Issue(key=self._key(made), memory=draft.memory, url=made.html_url, handle=made)
            made.edit(state="closed", state_reason="not_planned")
        raise RequestFailedError(
            f"{self._key(made)} was made without its label {self._labels[0]!r} and closed: the token may not set"
            " labels; give it the role triage, or the permission to write issues",
            status=FORBIDDEN,
        )

    def edit(self, issue: Issue, draft: Draft) -> None:
        """A body anew, and no notification: bodies are edited silently."""
        handle = _handle(issue)
        with answering(issue.key):
            handle.edit(body=body(draft, handle.body or ""))

    def reopen(self, issue: Issue, draft: Draft) -> None:
        """State and body, in one request."""
        handle = _handle(issue)
        with answering(issue.key):
            handle.edit(state="open", body=body(draft, handle.body or ""))

    def close(self, issue: Issue) -> None:
        """Closed as completed."""
        with answering(issue.key):
            _handle(issue).edit(state="closed", state_reason="completed")

    def comment(self, issue: Issue, text: str) -> None:
        """A comment, of which those who follow the issue are notified."""
        with answering(issue.key):
            _handle(issue).create_comment(text)

    def _page(self, found: Any, number: int) -> list[GitHubIssue]:
        with answering(self._name):
            return found.get_page(number)

    def _known(self, issue: GitHubIssue) -> Issue | None:
        remembered = memory(issue.body or "")
        if remembered is None:
            return None
        closed = issue.closed_at.timestamp() if issue.state == "closed" and issue.closed_at else None
        return Issue(
            key=self._key(issue),
            memory=remembered,
            url=issue.html_url,
            closed=closed,
            declined=closed is not None and issue.state_reason in DECLINED,
            handle=issue,
        )

    def _key(self, issue: GitHubIssue) -> str:
        return f"{self._name}#{issue.number}"


@contextmanager
def answering(what: str) -> Iterator[None]:
    """RequestFailedError where GitHub refuses or does not answer; what it says has no secret of ours."""
    try:
        yield
    except GithubException as error:
        raise RequestFailedError(
            f"{what}: GitHub answered {error.status}: {_said(error)}", status=error.status, headers=error.headers
        ) from None
    except requests.RequestException as error:
        raise RequestFailedError(f"{what}: GitHub does not answer ({type(error).__name__})") from None


def _said(error: GithubException) -> str:
    data: object = error.data
    if not isinstance(data, dict):
        return "no reason"
    told = cast("dict[str, Any]", data)
    mistakes = [
        f"{each.get('field')} {each.get('code')}" for each in told.get("errors") or () if isinstance(each, dict)
    ]
    return ", ".join([str(told.get("message", "no reason")), *mistakes])


def _handle(issue: Issue) -> GitHubIssue:
    return cast("GitHubIssue", issue.handle)
