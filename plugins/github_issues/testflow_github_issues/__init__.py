"""One GitHub issue for each cause of failure."""

from testflow_github_issues.reporter import GitHubIssues

__all__ = ["GitHubIssues"]
