"""The reporter `github_issues` keeps the contract of trackers."""

import pytest
from testflow_github_issues import GitHubIssues

from testflow_core.testing.contracts import ToldIssue, TrackerContract
from testflow_core.testing.servers import GitHubServer, Trouble

TOKEN = "gho_0123456789abcdefghijklmnopqrstuvwxyz"  # noqa: S105


class TestGitHubIssues(TrackerContract):
    @pytest.fixture
    def server(self, monkeypatch):
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        with GitHubServer("acme/shop", token=TOKEN) as github:
            github.repositories["acme/shop"].add({"title": "of a person", "labels": ["testflow"]}, 0, github.url)
            yield github

    @pytest.fixture
    def reporter(self, server, patience):
        def make(**options):
            return GitHubIssues(repository="acme/shop", url=server.url, patience=patience, **options)

        return make

    @pytest.fixture
    def told(self, server):
        shop = server.repositories["acme/shop"]

        def tell():
            return [
                ToldIssue(
                    key=f"acme/shop#{number}",
                    title=issue["title"],
                    text=issue["body"],
                    is_open=issue["state"] == "open",
                    comments=tuple(each["body"] for each in shop.comments[number]),
                )
                for number, issue in shop.issues.items()
                if number > 1
            ]

        return tell

    @pytest.fixture
    def add_below(self, server):
        def add(text):
            server.repositories["acme/shop"].issues[2]["body"] += f"\n\n{text}"

        return add

    @pytest.fixture
    def close_declined(self, server):
        said = {"state": "closed", "state_reason": "not_planned"}
        return lambda: server.repositories["acme/shop"].edit(2, said, server.now)

    @pytest.fixture
    def nothing_listed(self):
        return Trouble(status=200, body=[], method="GET", part="/issues")

    @pytest.fixture
    def without_token(self, monkeypatch):
        return lambda: monkeypatch.delenv("GITHUB_TOKEN")

    @pytest.fixture
    def secret_token(self):
        return TOKEN
