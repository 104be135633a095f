"""The reporter `jira_issues`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import DeliveryError
from testflow_core.tracking import IssueReporter, token

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from testflow_core.tracking import Tracker, Waiting


@frozen(kw_only=True)
class Project:
    """Where issues go, and how: without a `user` the token is a personal access token of a server."""

    url: str
    key: str
    issue_type: str
    labels: tuple[str, ...]
    user: str


@frozen(kw_only=True)
class JiraIssues(IssueReporter):
    """
    Issues of a `project`, `PAY`, of the Jira at `url` (else JIRA_URL): cloud or server (Data Center).

    `issue_type` and `labels` are those of new issues; by the first label they are found again. The token is in the
    variable `token_variable`: for the cloud an API token, with the account's address in `user_variable`; for a server
    a personal access token alone.
    """

    project: str = ""
    url: str = ""
    issue_type: str = "Bug"
    labels: tuple[str, ...] = ("testflow",)
    token_variable: str = "JIRA_TOKEN"  # noqa: S105 - the name of a variable
    user_variable: str = "JIRA_USER"

    @property
    def service(self) -> str:
        """The plugin's name."""
        return "jira_issues"

    @property
    def place(self) -> str:
        """The project."""
        return self.project

    def tracker(self, waiting: Waiting) -> AbstractContextManager[Tracker]:
        """The project's issues."""
        url = self.url or os.environ.get("JIRA_URL", "")
        if not self.project.replace("_", "").isalnum() or not url or not self.labels:
            raise DeliveryError(
                f"JiraIssues needs project='KEY', url='https://...' (or JIRA_URL) and a label, got {self.project!r},"
                f" {url!r} and {list(self.labels)}"
            )
        project = Project(
            url=url,
            key=self.project,
            issue_type=self.issue_type,
            labels=self.labels,
            user=os.environ.get(self.user_variable, ""),
        )
        secret = token(self.token_variable, "a token of an account that may write issues")
        # The client takes a second to import, which only who sends waits for.
        from testflow_jira_issues.tracker import connected  # noqa: PLC0415

        return connected(project, secret, waiting)
