"""One Jira issue for each cause of failure."""

from testflow_jira_issues.reporter import JiraIssues

__all__ = ["JiraIssues"]
