"""Fakes of the services that failures are sent to: HTTP servers on loopback that behave as the real ones do."""

from testflow_core.testing.servers.github import GitHubServer
from testflow_core.testing.servers.github_issues import Repository
from testflow_core.testing.servers.jira import JiraServer
from testflow_core.testing.servers.jira_issues import JiraIssue
from testflow_core.testing.servers.loopback import Answer, LoopbackServer, Request
from testflow_core.testing.servers.troubles import (
    Trouble,
    broken_connection,
    too_many_requests,
    unavailable,
    used_up,
)
from testflow_core.testing.servers.waiting import NoWaiting
from testflow_core.testing.servers.webhook import WebhookServer

__all__ = [
    "Answer",
    "GitHubServer",
    "JiraIssue",
    "JiraServer",
    "LoopbackServer",
    "NoWaiting",
    "Repository",
    "Request",
    "Trouble",
    "WebhookServer",
    "broken_connection",
    "too_many_requests",
    "unavailable",
    "used_up",
]
