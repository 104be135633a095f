"""Issues of a Jira project."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from testflow_core.tracking import Issue, RequestFailedError, Tracker
from testflow_jira_issues.api import connected as connected_api
from testflow_jira_issues.markup import Documents, Wiki

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from testflow_core.tracking import Draft, Waiting
    from testflow_jira_issues.api import Api
    from testflow_jira_issues.reporter import Project

PAGE = 100
FIELDS = "description,status,resolution,resolutiondate,updated"
DECLINED = {"won't do", "won't fix", "duplicate", "cannot reproduce", "declined", "not a bug", "known error"}
UNFIT = 400


@contextmanager
def connected(project: Project, token: str, waiting: Waiting) -> Iterator[JiraTracker]:
    """The issues of a project, as long as they are needed; a cloud and a server have each their own ways."""
    with connected_api(project.url, project.user, token) as api:
        about = waiting.ask(lambda: api.ask("GET", "2", "serverInfo"))
        yield JiraTracker(api, project, waiting, cloud=about.get("deploymentType") == "Cloud")


class JiraTracker(Tracker):
    """The issues that have the first of the labels and testflow's memory in their description."""

    def __init__(self, api: Api, project: Project, waiting: Waiting, *, cloud: bool) -> None:
        self._api = api
        self._project = project
        self._waiting = waiting
        self._cloud = cloud
        self._markup = Documents() if cloud else Wiki()

    def issues(self, *, closed: bool) -> Iterator[Issue]:
        """Those that testflow has opened, the latest updated first, a page at a time."""
        project = self._project
        jql = (
            f'project = "{project.key}" AND labels = "{project.labels[0]}"'
            f" AND statusCategory {'=' if closed else '!='} Done ORDER BY updated DESC"
        )
        for page in self._pages({"jql": jql, "fields": FIELDS, "maxResults": PAGE}):
            yield from (known for each in page if (known := self._known(each)) is not None)

    def create(self, draft: Draft) -> Issue:
        """A new issue."""
        project = self._project
        fields = {
            "project": {"key": project.key},
            "issuetype": {"name": project.issue_type},
            "summary": draft.title,
            "description": self._markup.description(draft),
            "labels": list(project.labels),
        }
        key = str(self._ask("POST", "issue", {"fields": fields})["key"])
        return Issue(key=key, memory=draft.memory, url=self._address(key))

    def edit(self, issue: Issue, draft: Draft) -> None:
        """A description anew."""
        before = cast("dict[str, Any]", issue.handle).get("description")
        description = self._markup.description(draft, before)
        self._ask("PUT", f"issue/{issue.key}", {"fields": {"description": description}})

    def reopen(self, issue: Issue, draft: Draft) -> None:
        """To a status that is not done, and a description anew."""
        self._go(issue, done=False)
        self.edit(issue, draft)

    def close(self, issue: Issue) -> None:
        """To a status that is done."""
        self._go(issue, done=True)

    def comment(self, issue: Issue, text: str) -> None:
        """A comment."""
        self._ask("POST", f"issue/{issue.key}/comment", {"body": self._markup.comment(text)})

    def _go(self, issue: Issue, *, done: bool) -> None:
        ways: Sequence[dict[str, Any]] = self._ask("GET", f"issue/{issue.key}/transitions").get("transitions") or ()
        fits = [each for each in ways if (_category(each.get("to")) == "done") == done]
        if not fits:
            known = ", ".join(str(each.get("name")) for each in ways) or "none"
            wanted = "done" if done else "open"
            raise RequestFailedError(
                f"{issue.key}: no transition leads to a status that is {wanted} (there are: {known});"
                " let the workflow have one, for the account of testflow",
                status=UNFIT,
            )
        # Back to the beginning of the work rather than into the middle of it.
        fits.sort(key=lambda each: _category(each.get("to")) not in {"done", "new"})
        self._ask("POST", f"issue/{issue.key}/transitions", {"transition": {"id": str(fits[0]["id"])}})

    def _pages(self, query: dict[str, Any]) -> Iterator[Sequence[dict[str, Any]]]:
        path, more = ("search/jql", "nextPageToken") if self._cloud else ("search", "startAt")
        place: object = None
        while True:
            asked = {**query, **({} if place is None else {more: place})}
            told = self._waiting.ask(lambda asked=asked: self._ask("GET", path, **asked))
            page = cast("Sequence[dict[str, Any]]", told.get("issues") or ())
            yield page
            if self._cloud:
                place = told.get("nextPageToken")
                last = place is None or bool(told.get("isLast"))
            else:
                place = int(told.get("startAt", 0)) + len(page)
                last = not page or place >= int(told.get("total", 0))
            if last:
                return

    def _known(self, told: dict[str, Any]) -> Issue | None:
        fields = cast("dict[str, Any]", told.get("fields") or {})
        memory = self._markup.memory(fields.get("description"))
        if memory is None:
            return None
        done = _category(fields.get("status"), within="statusCategory") == "done"
        resolution = str((fields.get("resolution") or {}).get("name", ""))
        closed = _moment(fields.get("resolutiondate") or fields.get("updated")) if done else None
        key = str(told["key"])
        return Issue(
            key=key,
            memory=memory,
            url=self._address(key),
            closed=closed,
            declined=done and resolution.lower() in DECLINED,
            handle=fields,
        )

    def _ask(self, method: str, path: str, body: object = None, **query: object) -> dict[str, Any]:
        return self._api.ask(method, self._markup.version, path, body, **query)

    def _address(self, key: str) -> str:
        return f"{self._project.url.rstrip('/')}/browse/{key}"


def _category(status: object, within: str = "statusCategory") -> str:
    told = cast("dict[str, Any]", status) if isinstance(status, dict) else {}
    return str((told.get(within) or {}).get("key", ""))


def _moment(text: object) -> float:
    return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
