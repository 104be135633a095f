"""The reporter `github_issues`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import DeliveryError
from testflow_core.tracking import IssueReporter, token

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from testflow_core.tracking import Tracker, Waiting

API = "https://api.github.com"


@frozen(kw_only=True)
class GitHubIssues(IssueReporter):
    """
    Issues of `repository`, `owner/name` (else GITHUB_REPOSITORY, which Actions sets).

    `labels` are those of new issues; by the first they are found again. `url` is that of the API (else GITHUB_API_URL,
    else GitHub's). The token is in the variable `token_variable`, and must be allowed to write issues.
    """

    repository: str = ""
    labels: tuple[str, ...] = ("testflow",)
    url: str = ""
    token_variable: str = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable

    @property
    def service(self) -> str:
        """The plugin's name."""
        return "github_issues"

    @property
    def place(self) -> str:
        """The repository."""
        return self.repository or os.environ.get("GITHUB_REPOSITORY", "")

    def tracker(self, waiting: Waiting) -> AbstractContextManager[Tracker]:
        """The repository's issues."""
        if self.place.count("/") != 1 or not self.labels:
            raise DeliveryError(
                f"GitHubIssues needs repository='owner/name' (or GITHUB_REPOSITORY) and a label, got {self.place!r}"
                f" and {list(self.labels)}"
            )
        secret = token(self.token_variable, "a token that may write issues")
        # PyGithub takes half a second to import, which only who sends waits for.
        from testflow_github_issues.tracker import connected  # noqa: PLC0415

        url = self.url or os.environ.get("GITHUB_API_URL") or API
        return connected(url, secret, self.place, self.labels, waiting)
