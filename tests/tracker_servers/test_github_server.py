"""The fake of GitHub answers as GitHub's documentation says."""

import http.client
import re
from urllib.error import URLError

import pytest

from testflow_core.testing.servers import (
    GitHubServer,
    Repository,
    broken_connection,
    too_many_requests,
    unavailable,
    used_up,
)

TOKEN = "ghp_of_the_test"  # noqa: S105
SHOP = "/repos/acme/shop/issues"


@pytest.fixture
def github():
    with GitHubServer("acme/shop", token=TOKEN) as server:
        yield server


@pytest.fixture
def call(github, ask):
    def called(method, path, body=None, **headers):
        return ask(f"{github.url}{path}", method, body, Authorization=f"Bearer {TOKEN}", **headers)

    return called


@pytest.fixture
def opened(call):
    def open_(number, **fields):
        return [call("POST", SHOP, {"title": f"issue {each}", **fields}).body["number"] for each in range(number)]

    return open_


def test_an_issue_is_created_read_edited_and_commented(call):
    made = call("POST", SHOP, {"title": " down ", "body": "why", "labels": ["testflow", "db", "db"]})
    assert (made.status, made.body["number"], made.body["state"], made.body["title"]) == (201, 1, "open", "down")
    assert [label["name"] for label in made.body["labels"]] == ["testflow", "db"]
    closed = call("PATCH", f"{SHOP}/1", {"state": "closed", "state_reason": "not_planned"})
    assert (closed.body["state"], closed.body["state_reason"]) == ("closed", "not_planned")
    assert closed.body["closed_at"] == "2026-11-22T20:34:46Z"
    again = call("PATCH", f"{SHOP}/1", {"state": "open", "body": "anew", "labels": []}).body
    assert (again["state_reason"], again["closed_at"], again["body"], again["labels"]) == ("reopened", None, "anew", [])
    assert call("POST", f"{SHOP}/1/comments", {"body": "seen"}).status == 201
    assert [each["body"] for each in call("GET", f"{SHOP}/1/comments").body] == ["seen"]
    assert call("GET", f"{SHOP}/1").body["comments"] == 1


def test_a_list_has_pages_that_link_to_each_other(call, opened, ask):
    opened(7)
    first = call("GET", f"{SHOP}?per_page=3")
    assert [each["number"] for each in first.body] == [7, 6, 5]
    links = dict(re.findall(r'<([^>]+)>; rel="(\w+)"', first.headers["Link"]))
    assert sorted(links.values()) == ["last", "next"]
    following = next(url for url, rel in links.items() if rel == "next")
    second = ask(following, Authorization=f"token {TOKEN}")
    assert [each["number"] for each in second.body] == [4, 3, 2]
    assert sorted(re.findall(r'rel="(\w+)"', second.headers["Link"])) == ["first", "last", "next", "prev"]
    third = call("GET", f"{SHOP}?per_page=3&page=3")
    assert sorted(re.findall(r'rel="(\w+)"', third.headers["Link"])) == ["first", "prev"]
    assert "Link" not in call("GET", f"{SHOP}?per_page=100").headers


def test_a_page_has_thirty_issues_and_no_more_than_a_hundred(call, opened):
    opened(102)
    assert len(call("GET", SHOP).body) == 30
    assert len(call("GET", f"{SHOP}?per_page=500").body) == 100


def test_a_list_goes_by_state_labels_time_and_order(call, opened, github):
    opened(2, labels=["testflow", "db"])
    opened(1, labels=["testflow"])
    github.advance(60)
    call("PATCH", f"{SHOP}/1", {"state": "closed"})

    def listed(query):
        return [each["number"] for each in call("GET", f"{SHOP}?{query}").body]

    assert listed("") == [3, 2]
    assert listed("state=closed") == [1]
    assert listed("state=all&labels=testflow,db") == [2, 1]
    assert listed("state=all&since=2026-11-22T20:35:00Z") == [1]
    assert listed("state=all&sort=updated&direction=asc") == [2, 3, 1]


def test_a_search_finds_by_repository_state_label_and_words(call, opened):
    opened(1, labels=["testflow"], body="<!-- testflow f1:abc -->")
    opened(1, body="another f1:abc")
    found = call("GET", "/search/issues?q=repo:acme/shop+is:issue+state:open+label:testflow+%22f1:abc%22").body
    assert (found["total_count"], [each["number"] for each in found["items"]]) == (1, [1])
    assert call("GET", "/search/issues?q=repo:acme/shop+f1:abc").body["total_count"] == 2
    assert call("GET", "/search/issues?q=").status == 422


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "title", "missing_field"),
        ({"title": " "}, "title", "can't be blank"),
        ({"title": "t" * 257}, "title", "is too long (maximum is 256 characters)"),
        ({"title": "t", "body": "b" * 65_537}, "body", "is too long (maximum is 65536 characters)"),
    ],
)
def test_what_is_no_issue_is_told_field_by_field(call, body, field, code):
    refused = call("POST", SHOP, body)
    assert (refused.status, refused.body["message"]) == (422, "Validation Failed")
    assert refused.body["errors"] == [{"resource": "Issue", "field": field, "code": code}]


def test_what_is_no_json_is_refused(call):
    assert call("POST", SHOP, "{").body["message"] == "Problems parsing JSON"


def test_who_has_another_token_none_or_one_that_only_reads_is_refused(ask):
    with GitHubServer("acme/shop", token=TOKEN, read_only=True) as github:
        url = f"{github.url}{SHOP}"
        assert ask(url, Authorization="Bearer other").body["message"] == "Bad credentials"
        assert ask(url).status == 200
        assert ask(url, "POST", {"title": "t"}).status == 401
        assert ask(url, "POST", {"title": "t"}, Authorization=f"Bearer {TOKEN}").status == 403


def test_without_push_labels_are_left_out_without_a_word(ask):
    with GitHubServer(Repository("acme/shop", push=False), token=TOKEN) as github:
        made = ask(f"{github.url}{SHOP}", "POST", {"title": "t", "labels": ["x"]}, Authorization=f"Bearer {TOKEN}")
        assert (made.status, made.body["labels"]) == (201, [])


def test_what_is_not_there_is_404_and_issues_that_are_switched_off_are_410(ask):
    with GitHubServer(Repository("acme/shop", has_issues=False), token=TOKEN) as github:
        assert ask(f"{github.url}{SHOP}").status == 410
        assert ask(f"{github.url}/repos/acme/none/issues").status == 404
        assert ask(f"{github.url}/nothing").status == 404


def test_each_answer_tells_what_is_left_of_the_hour(ask):
    with GitHubServer("acme/shop", token=TOKEN, limit=2) as github:
        url = f"{github.url}{SHOP}"
        assert [ask(url).headers["X-RateLimit-Remaining"] for _ in range(2)] == ["1", "0"]
        refused = ask(url)
        assert (refused.status, refused.headers["X-RateLimit-Remaining"]) == (403, "0")
        assert refused.body["message"].startswith("API rate limit exceeded")
        assert int(refused.headers["X-RateLimit-Reset"]) == int(github.now + 3600)
        github.advance(3600)
        assert ask(url).headers["X-RateLimit-Remaining"] == "1"


def test_troubles_are_played_once_each_where_they_fit(call, github):
    github.play(unavailable(), too_many_requests(retry_after=7, method="POST", status=403), used_up(seconds=90))
    assert call("GET", SHOP).status == 503
    limited = call("POST", SHOP, {"title": "t"})
    assert (limited.status, limited.headers["Retry-After"]) == (403, "7")
    assert "secondary rate limit" in limited.body["message"]
    assert call("GET", SHOP).headers["X-RateLimit-Reset"] == str(int(github.now + 90))
    assert call("GET", SHOP).body == []


def test_a_connection_that_breaks_late_has_done_what_was_asked(call, github):
    github.play(broken_connection(method="POST", late=True))
    with pytest.raises((http.client.RemoteDisconnected, URLError, ConnectionError)):
        call("POST", SHOP, {"title": "t"})
    assert [each["title"] for each in call("GET", SHOP).body] == ["t"]


def test_the_limits_and_the_repository_can_be_asked_for(call):
    assert call("GET", "/rate_limit").body["rate"]["limit"] == 5_000
    assert call("GET", "/repos/acme/shop").body["has_issues"] is True
