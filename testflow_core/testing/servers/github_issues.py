"""The issues of one repository of the fake of GitHub: what may be said of them, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from testflow_core.testing.servers.loopback import Answer, as_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.model import Json

TITLE_LIMIT, BODY_LIMIT = 256, 65_536
REASONS = ("completed", "not_planned", "duplicate", "reopened")
SORTS = {"created": "created_at", "updated": "updated_at", "comments": "comments"}


class Refused(Exception):  # noqa: N818 - what it is answered, not what went wrong
    """Something that the API does not do, with its answer."""

    def __init__(self, status: int, message: str, *errors: Mapping[str, Json]) -> None:
        super().__init__(message)
        body: dict[str, Json] = {"message": message, "documentation_url": "https://docs.github.com/rest"}
        self.answer = Answer(status=status, body={**body, "errors": list(errors)} if errors else body)


def moment(seconds: float) -> str:
    """A moment as the API tells it, `2026-11-22T20:34:46Z`."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"


class Repository:
    """
    One repository. `issues` and `comments` are by number, as the API tells them; pull requests are among the issues.

    Without `push` the token may not set labels, which are left out without a word, as GitHub does.
    """

    def __init__(self, name: str, *, push: bool = True, has_issues: bool = True) -> None:
        self.name = name
        self.push = push
        self.has_issues = has_issues
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}

    def add(self, said: Json, now: float, url: str) -> dict[str, Any]:
        """A new issue; Refused where it is none."""
        given = _mapping(said)
        self._enabled()
        _checked(given, required=True)
        number = len(self.issues) + 1
        self.issues[number] = {
            "id": number + 1_000_000,
            "number": number,
            "url": f"{url}/repos/{self.name}/issues/{number}",
            "html_url": f"https://github.com/{self.name}/issues/{number}",
            "title": given["title"].strip(),
            "body": given.get("body"),
            "state": "open",
            "state_reason": None,
            "labels": self._labels(given.get("labels") or ()),
            "comments": 0,
            "created_at": moment(now),
            "updated_at": moment(now),
            "closed_at": None,
            "user": {"login": "testflow-bot", "id": 1},
        }
        self.comments[number] = []
        return self.issues[number]

    def edit(self, number: int, said: Json, now: float) -> dict[str, Any]:
        """The issue as it is then; Refused where that cannot be."""
        given = _mapping(said)
        issue = self.issue(number)
        _checked(given, required=False)
        state = given.get("state", issue["state"])
        if state != issue["state"]:
            closed = state == "closed"
            issue["closed_at"] = moment(now) if closed else None
            issue["state_reason"] = given.get("state_reason") or ("completed" if closed else "reopened")
        issue |= {key: given[key] for key in ("title", "body", "state") if key in given}
        if "labels" in given:
            issue["labels"] = self._labels(given["labels"]) if self.push else issue["labels"]
        issue["updated_at"] = moment(now)
        return issue

    def comment(self, number: int, said: Json, now: float) -> dict[str, Any]:
        """A new comment; Refused where it says nothing."""
        issue, body = self.issue(number), _mapping(said).get("body")
        if not isinstance(body, str) or not body.strip():
            raise _invalid("IssueComment", "body", "missing_field")
        if len(body) > BODY_LIMIT:
            raise _invalid("IssueComment", "body", f"is too long (maximum is {BODY_LIMIT} characters)")
        told = {"id": len(self.comments[number]) + 1, "body": body, "created_at": moment(now)}
        self.comments[number].append(told)
        issue |= {"comments": len(self.comments[number]), "updated_at": moment(now)}
        return told

    def issue(self, number: int) -> dict[str, Any]:
        """The issue of this number; Refused where there is none."""
        self._enabled()
        if number not in self.issues:
            raise Refused(404, "Not Found")
        return self.issues[number]

    def listed(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The issues that a list asks for, by state, labels, time and order."""
        self._enabled()
        state, labels = query.get("state", "open"), [each for each in query.get("labels", "").split(",") if each]
        if state not in {"open", "closed", "all"}:
            raise _invalid("Issue", "state", "invalid")
        found = [
            each
            for each in self.issues.values()
            if state in {"all", each["state"]}
            and each["updated_at"] >= query.get("since", "")
            and {label["name"] for label in each["labels"]}.issuperset(labels)
        ]
        field = SORTS.get(query.get("sort", "created"), "created_at")
        down = query.get("direction", "desc") == "desc"
        return sorted(found, key=lambda each: (each[field], each["number"]), reverse=down)

    def _enabled(self) -> None:
        if not self.has_issues:
            raise Refused(410, "Issues has been disabled in this repository.")

    def _labels(self, names: Any) -> list[dict[str, Any]]:
        told = [str(as_object(each).get("name", each)) for each in names]
        return [{"name": name, "color": "ededed"} for name in dict.fromkeys(told)] if self.push else []


def _mapping(said: Json) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise Refused(400, "Problems parsing JSON" if said is None else "Body should be a JSON object")
    return as_object(said)


def _checked(given: dict[str, Any], *, required: bool) -> None:
    title, body = given.get("title"), given.get("body")
    if required and title is None:
        raise _invalid("Issue", "title", "missing_field")
    if title is not None and (not isinstance(title, str) or not title.strip()):
        raise _invalid("Issue", "title", "can't be blank")
    if title is not None and len(title) > TITLE_LIMIT:
        raise _invalid("Issue", "title", f"is too long (maximum is {TITLE_LIMIT} characters)")
    if body is not None and (not isinstance(body, str) or len(body) > BODY_LIMIT):
        raise _invalid("Issue", "body", f"is too long (maximum is {BODY_LIMIT} characters)")
    if given.get("state", "open") not in {"open", "closed"}:
        raise _invalid("Issue", "state", "invalid")
    if given.get("state_reason") not in {None, *REASONS}:
        raise _invalid("Issue", "state_reason", "invalid")


def _invalid(resource: str, field: str, code: str) -> Refused:
    return Refused(422, "Validation Failed", {"resource": resource, "field": field, "code": code})
