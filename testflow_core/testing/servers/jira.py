"""A fake of Jira's REST API as far as issues go: search, create, edit, transitions, comments, limits and refusals."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any, Literal

from testflow_core.testing.servers.jira_issues import CATEGORIES, WORKFLOW, JiraIssue, Refused, moment, wrong_text
from testflow_core.testing.servers.jql import JqlError, Query
from testflow_core.testing.servers.loopback import Answer, LoopbackServer, as_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from testflow_core.testing.servers.loopback import Request

PAGE, MOST = 50, 100
REMOVED = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


class JiraServer(LoopbackServer):
    """
    Jira with these projects, and one account: `user` and `token` for the cloud, a `token` alone for a server.

    `deployment` is `cloud` or `server` (Data Center). The cloud searches with page tokens at `search/jql`, and answers
    410 at `search`; a server searches with offsets at `search` alone, and has no API 3. `issues` are by key. Source:
    https://developer.atlassian.com/cloud/jira/platform/rest/v3, and the reference of Data Center 9.12.
    """

    def __init__(
        self, *projects: str, deployment: Literal["cloud", "server"] = "cloud", user: str = "", token: str = ""
    ) -> None:
        super().__init__()
        self.projects = projects
        self.cloud = deployment == "cloud"
        self.issues: dict[str, JiraIssue] = {}
        plain = f"{user}:{token}".encode()
        self._expected = f"Basic {base64.b64encode(plain).decode()}" if self.cloud else f"Bearer {token}"

    def answer(self, request: Request) -> Answer:
        """What Jira answers."""
        try:
            return self._routed(request)
        except JqlError as error:
            return Refused(400, str(error)).answer
        except Refused as refused:
            return refused.answer

    def _routed(self, request: Request) -> Answer:
        if request.headers.get("authorization") != self._expected:
            raise Refused(401, "Client must be authenticated to access this resource.")
        for method, pattern, route in self._routes():
            found = re.fullmatch(rf"/rest/api/(latest|2|3)/{pattern}", request.path)
            if found and method == request.method and (self.cloud or found[1] != "3"):
                version = "3" if found[1] == "3" else "2"
                return route(request, version, *found.groups()[1:])
        raise Refused(404, "null for uri: " + request.path)

    def _routes(self) -> Sequence[tuple[str, str, Callable[..., Answer]]]:
        return (
            ("GET", "serverInfo", self._about),
            ("POST", "issue", self._create),
            ("GET", r"issue/([\w-]+)", self._read),
            ("PUT", r"issue/([\w-]+)", self._edit),
            ("GET", r"issue/([\w-]+)/transitions", self._transitions),
            ("POST", r"issue/([\w-]+)/transitions", self._transit),
            ("GET", r"issue/([\w-]+)/comment", self._comments),
            ("POST", r"issue/([\w-]+)/comment", self._comment),
            ("GET", "search", self._search),
            ("POST", "search", self._search),
            ("GET", "search/jql", self._search_by_token),
            ("POST", "search/jql", self._search_by_token),
        )

    def _about(self, _: Request, __: str) -> Answer:
        kind = "Cloud" if self.cloud else "Server"
        return Answer(
            body={"baseUrl": self.url, "deploymentType": kind, "version": "1001.0.0" if self.cloud else "9.12.0"}
        )

    def _create(self, request: Request, version: str) -> Answer:
        given = _fields(request)
        errors: dict[str, str] = {}
        project = _named(given.get("project"), "key")
        if project not in self.projects:
            errors["project"] = "valid project is required"
        if not _named(given.get("issuetype"), "name"):
            errors["issuetype"] = "Specify an issue type"
        if "summary" not in given:
            errors["summary"] = "You must specify a summary of the issue."
        if errors:
            raise Refused(400, **errors)
        number = 1 + sum(each.project == project for each in self.issues.values())
        made = JiraIssue(
            id=10_000 + len(self.issues),
            key=f"{project}-{number}",
            project=project,
            issuetype=_named(given["issuetype"], "name"),
            summary=given["summary"],
            created=self.now,
            updated=self.now,
        )
        made.edit(given, version, self.now)
        self.issues[made.key] = made
        return Answer(
            status=201, body={"id": f"{made.id}", "key": made.key, "self": f"{self.url}/rest/api/2/issue/{made.id}"}
        )

    def _at(self, key: str) -> JiraIssue:
        if key not in self.issues:
            raise Refused(404, "Issue does not exist or you do not have permission to see it.")
        return self.issues[key]

    def _read(self, request: Request, version: str, key: str) -> Answer:
        return Answer(body=self._at(key).told(version, self.url, _wanted(request.query.get("fields", "*all"))))

    def _edit(self, request: Request, version: str, key: str) -> Answer:
        self._at(key).edit(_fields(request), version, self.now)
        return Answer(status=204)

    def _transitions(self, _: Request, __: str, key: str) -> Answer:
        ways = WORKFLOW[self._at(key).status]
        told = [
            {"id": number, "name": target, "to": {"name": target, **_category(target)}}
            for number, target in ways.items()
        ]
        return Answer(body={"transitions": told})

    def _transit(self, request: Request, _: str, key: str) -> Answer:
        number = _named(request.said.get("transition"), "id")
        resolution = _named(as_object(request.said.get("fields")).get("resolution"), "name") or None
        self._at(key).transit(number, resolution, self.now)
        return Answer(status=204)

    def _comments(self, _: Request, __: str, key: str) -> Answer:
        told = self._at(key).comments
        return Answer(body={"comments": told, "total": len(told), "startAt": 0, "maxResults": len(told)})

    def _comment(self, request: Request, version: str, key: str) -> Answer:
        issue, text = self._at(key), request.said.get("body")
        wrong = wrong_text(text, version) or ("" if text else "Comment body can not be empty!")
        if wrong:
            raise Refused(400, comment=wrong)
        issue.comments.append({"id": f"{len(issue.comments)}", "body": text, "created": moment(self.now)})
        issue.updated = self.now
        return Answer(status=201, body=issue.comments[-1])

    def _search(self, request: Request, version: str) -> Answer:
        if self.cloud:
            raise Refused(410, REMOVED)
        asked = _asked(request)
        found = self._found(str(asked.get("jql", "")))
        start, size = int(asked.get("startAt", 0)), min(MOST, int(asked.get("maxResults", PAGE)))
        shown = self._shown(found[start : start + size], version, asked, "*navigable")
        return Answer(body={"startAt": start, "maxResults": size, "total": len(found), "issues": shown})

    def _search_by_token(self, request: Request, version: str) -> Answer:
        if not self.cloud:
            raise Refused(404, "null for uri: " + request.path)
        asked = _asked(request)
        query = str(asked.get("jql", ""))
        if not Query(query).clauses:
            raise Refused(400, UNBOUNDED)
        found = self._found(query)
        start, size = int(asked.get("nextPageToken") or 0), min(MOST, int(asked.get("maxResults", PAGE)))
        end = start + size
        # Who names no fields is told ids alone.
        told: dict[str, Any] = {
            "issues": self._shown(found[start:end], version, asked, "id"),
            "isLast": end >= len(found),
        }
        return Answer(body=told if end >= len(found) else {**told, "nextPageToken": f"{end}"})

    def _found(self, jql: str) -> list[JiraIssue]:
        query = Query(jql)
        for field, _, values in query.clauses:
            unknown = [each for each in values if field == "project" and each.upper() not in self.projects]
            if unknown:
                raise Refused(400, f"The value '{unknown[0]}' does not exist for the field 'project'.")
        field, down = query.order
        found = [each for each in self.issues.values() if query.fits(each.values(), self.now)]
        return sorted(found, key=lambda each: (each.values()[field], each.id), reverse=down)

    def _shown(self, found: Sequence[JiraIssue], version: str, asked: Mapping[str, Any], otherwise: str) -> list[Any]:
        wanted = asked.get("fields") or otherwise
        names = _wanted(wanted if isinstance(wanted, str) else ",".join(wanted))
        return [each.told(version, self.url, names) for each in found]


def _asked(request: Request) -> Mapping[str, Any]:
    return request.said or request.query


def _fields(request: Request) -> dict[str, Any]:
    fields = as_object(request.said.get("fields"))
    if not fields:
        raise Refused(400, "one of 'fields' or 'update' required")
    return fields


def _named(value: object, key: str) -> str:
    return str(as_object(value).get(key, ""))


def _wanted(names: str) -> frozenset[str]:
    return frozenset(each.strip() for each in names.split(","))


def _category(status: str) -> dict[str, Any]:
    return {"statusCategory": {"key": CATEGORIES[status], "name": status}}
