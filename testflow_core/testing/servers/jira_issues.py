"""The issues of the fake of Jira: what may be said of them, and their way through a workflow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import define, field

from testflow_core.testing.servers.loopback import Answer, as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testflow_core.model import Json

SUMMARY_LIMIT, TEXT_LIMIT = 255, 32_767
CATEGORIES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
WORKFLOW = {
    "To Do": {"11": "In Progress", "31": "Done"},
    "In Progress": {"21": "To Do", "31": "Done"},
    "Done": {"41": "To Do"},
}
"""By status, the transitions that leave it, by id, and where each leads."""

RESOLUTIONS = ("Done", "Won't Do", "Duplicate", "Cannot Reproduce")


class Refused(Exception):  # noqa: N818 - what it is answered, not what went wrong
    """Something that the API does not do, with its answer."""

    def __init__(self, status: int, *messages: str, **errors: str) -> None:
        super().__init__(*messages)
        body: dict[str, Json] = {"errorMessages": list(messages), "errors": dict(errors)}
        self.answer = Answer(status=status, body=body)


@define(kw_only=True)
class JiraIssue:
    """One issue. `description` and `comments` are texts (API 2) or documents (API 3), as they were sent."""

    id: int
    key: str
    project: str
    issuetype: str
    summary: str
    created: float
    updated: float
    description: Any = None
    labels: list[str] = field(factory=list[str])
    status: str = "To Do"
    resolution: str | None = None
    resolved: float | None = None
    comments: list[Any] = field(factory=list[Any])

    def edit(self, given: Mapping[str, Any], version: str, now: float) -> None:
        """Take over what may be edited; Refused where that cannot be."""
        checked(given, version)
        self.summary = given.get("summary", self.summary)
        self.description = given.get("description", self.description)
        self.labels = list(given.get("labels", self.labels))
        self.updated = now

    def transit(self, number: str, resolution: str | None, now: float) -> None:
        """Go where a transition leads; Refused where it does not leave the status."""
        target = WORKFLOW[self.status].get(number)
        if target is None:
            raise Refused(400, f"It seems that you have tried to perform an illegal workflow operation: '{number}'.")
        if resolution is not None and resolution not in RESOLUTIONS:
            raise Refused(400, resolution="Could not find valid 'id' or 'name' for resolution.")
        self.status = target
        done = CATEGORIES[target] == "done"
        self.resolution, self.resolved = (resolution or "Done", now) if done else (None, None)
        self.updated = now

    def values(self) -> dict[str, Any]:
        """What queries compare, by field."""
        return {
            "project": self.project,
            "labels": self.labels,
            "status": self.status,
            "statusCategory": [self.status, CATEGORIES[self.status]],
            "issuetype": self.issuetype,
            "summary": self.summary,
            "created": self.created,
            "updated": self.updated,
            "key": self.key,
        }

    def told(self, version: str, url: str, wanted: frozenset[str]) -> Json:
        """The issue as the API tells it, with these of its fields, or all of them."""
        category = CATEGORIES[self.status]
        fields: dict[str, Json] = {
            "summary": self.summary,
            "description": rendered(self.description, version),
            "labels": list(self.labels),
            "status": {"name": self.status, "statusCategory": {"key": category, "name": self.status}},
            "resolution": {"name": self.resolution} if self.resolution else None,
            "resolutiondate": moment(self.resolved) if self.resolved is not None else None,
            "issuetype": {"name": self.issuetype},
            "project": {"key": self.project},
            "created": moment(self.created),
            "updated": moment(self.updated),
        }
        everything = wanted & {"*all", "*navigable"}
        shown = fields if everything else {name: value for name, value in fields.items() if name in wanted}
        address = f"{url}/rest/api/{version}/issue/{self.id}"
        return {"id": f"{self.id}", "key": self.key, "self": address, "fields": shown}


def moment(seconds: float) -> str:
    """A moment as the API tells it, `2026-11-22T20:34:46.000+0000`."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%dT%H:%M:%S.000+0000}"


def checked(given: Mapping[str, Any], version: str) -> None:
    """Refused, with each mistake, where a field is not what it must be."""
    errors: dict[str, str] = {}
    summary, labels = given.get("summary", "-"), given.get("labels", [])
    if not isinstance(summary, str) or not summary.strip():
        errors["summary"] = "You must specify a summary of the issue."
    elif len(summary) > SUMMARY_LIMIT:
        errors["summary"] = f"Summary can't exceed {SUMMARY_LIMIT} characters."
    elif "\n" in summary or "\r" in summary:
        errors["summary"] = "The summary is invalid because it contains newline characters."
    spaced = next((each for each in labels if not isinstance(each, str) or any(map(str.isspace, each))), None)
    if spaced is not None:
        errors["labels"] = f"The label '{spaced}' contains spaces which is invalid."
    wrong = wrong_text(given.get("description"), version)
    if wrong:
        errors["description"] = wrong
    if errors:
        raise Refused(400, **errors)


def wrong_text(text: Any, version: str) -> str:
    """What is wrong with a description or a comment; empty where nothing is."""
    if text is None:
        return ""
    is_document = as_object(text).get("type") == "doc" and as_object(text).get("version") == 1
    if version == "3" and not is_document:
        return "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
    if version == "2" and not isinstance(text, str):
        return "Operation value must be a string"
    if len("".join(texts(text))) > TEXT_LIMIT:
        return f"The entered text is too long. It exceeds the allowed limit of {TEXT_LIMIT:,} characters."
    return ""


def rendered(text: Any, version: str) -> Json:
    """A text or document as the other version of the API tells it."""
    if version == "2" and isinstance(text, dict):
        return "\n".join(texts(text))
    if version == "3" and isinstance(text, str):
        return {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
        }
    return text


def texts(document: Any) -> Iterator[str]:
    """The texts of a document in their order; a text has itself."""
    if isinstance(document, str):
        yield document
        return
    node = as_object(document)
    if isinstance(node.get("text"), str):
        yield node["text"]
    for each in node.get("content") or ():
        yield from texts(each)
