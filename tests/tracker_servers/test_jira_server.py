"""The fake of Jira answers as the documentation of the cloud and of servers says."""

import base64
from urllib.parse import quote

import pytest

from testflow_core.testing.servers import JiraServer, too_many_requests

TOKEN = "token-of-the-test"  # noqa: S105
BASIC = "Basic " + base64.b64encode(f"bot@acme.test:{TOKEN}".encode()).decode()


@pytest.fixture(params=["cloud", "server"])
def jira(request):
    with JiraServer("PAY", "SHOP", deployment=request.param, user="bot@acme.test", token=TOKEN) as server:
        yield server


@pytest.fixture
def call(jira, ask):
    def called(method, path, body=None, version="2"):
        said = BASIC if jira.cloud else f"Bearer {TOKEN}"
        return ask(f"{jira.url}/rest/api/{version}/{path}", method, body, Authorization=said)

    return called


@pytest.fixture
def search(jira, call):
    def searched(jql, **more):
        query = "".join(f"&{name}={value}" for name, value in {"fields": "summary", **more}.items())
        return call("GET", f"search{'/jql' if jira.cloud else ''}?jql={quote(jql)}{query}")

    return searched


def fields(**more):
    return {"fields": {"project": {"key": "PAY"}, "issuetype": {"name": "Bug"}, "summary": "down", **more}}


def document(text):
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


def test_an_issue_is_created_read_edited_and_commented(call):
    made = call("POST", "issue", fields(description="why", labels=["testflow"]))
    assert (made.status, made.body["key"]) == (201, "PAY-1")
    assert call("PUT", "issue/PAY-1", {"fields": {"description": "anew"}}).status == 204
    assert call("POST", "issue/PAY-1/comment", {"body": "seen"}).status == 201
    assert [each["body"] for each in call("GET", "issue/PAY-1/comment").body["comments"]] == ["seen"]
    read = call("GET", "issue/PAY-1").body["fields"]
    assert (read["summary"], read["description"], read["labels"]) == ("down", "anew", ["testflow"])
    assert set(call("GET", "issue/PAY-1?fields=summary,status").body["fields"]) == {"summary", "status"}


def test_a_transition_leads_where_the_workflow_says_and_sets_a_resolution(call):
    call("POST", "issue", fields())
    ways = {each["to"]["name"]: each["id"] for each in call("GET", "issue/PAY-1/transitions").body["transitions"]}
    assert set(ways) == {"In Progress", "Done"}
    wanted = {"transition": {"id": ways["Done"]}, "fields": {"resolution": {"name": "Won't Do"}}}
    assert call("POST", "issue/PAY-1/transitions", wanted).status == 204
    read = call("GET", "issue/PAY-1").body["fields"]
    assert (read["status"]["statusCategory"]["key"], read["resolution"]["name"]) == ("done", "Won't Do")
    assert call("POST", "issue/PAY-1/transitions", {"transition": {"id": "11"}}).status == 400
    assert call("POST", "issue/PAY-1/transitions", {"transition": {"id": "41"}}).status == 204
    assert call("GET", "issue/PAY-1").body["fields"]["resolution"] is None


def test_a_search_goes_by_clauses_and_order(call, search, jira):
    for summary, labels in (("a", ["testflow"]), ("b c", ["testflow", "testflow-1"]), ("d", [])):
        call("POST", "issue", fields(summary=summary, labels=labels))
        jira.advance(86_400)
    call("POST", "issue/PAY-1/transitions", {"transition": {"id": "31"}})

    def found(jql):
        return [each["key"] for each in search(jql).body["issues"]]

    assert found("project = PAY ORDER BY created ASC") == ["PAY-1", "PAY-2", "PAY-3"]
    assert found('project = PAY AND labels = "testflow"') == ["PAY-2", "PAY-1"]
    assert found("project = pay and statusCategory != Done and labels in (testflow, x)") == ["PAY-2"]
    assert found("project = PAY AND labels not in (testflow)") == ["PAY-3"]
    assert found('project = PAY AND summary ~ "b c"') == ["PAY-2"]
    assert found("project = PAY AND updated >= -1d ORDER BY key") == ["PAY-1", "PAY-3"]
    assert found('project = PAY AND created < "2026-11-23 20:00"') == ["PAY-1"]


@pytest.mark.parametrize(
    ("jql", "said"),
    [
        ("project = NONE", "The value 'NONE' does not exist for the field 'project'."),
        ("colour = red", "Field 'colour' does not exist"),
        ("project = PAY OR labels = x", "Expecting either 'OR' or 'AND'"),
        ("project", "ends unexpectedly"),
        ("project PAY x", "Expecting operator"),
        ("labels in x", "Expecting '('"),
        ("updated > soon", "Date value 'soon' is invalid"),
        ('labels = "x', "reserved JQL character"),
    ],
)
def test_a_query_that_means_nothing_is_400_and_says_why(search, call, jql, said):
    call("POST", "issue", fields())
    refused = search(jql)
    assert refused.status == 400
    assert said in refused.body["errorMessages"][0]


def test_the_cloud_searches_by_page_tokens_and_a_server_by_offsets(call, search, jira):
    for _ in range(5):
        call("POST", "issue", fields())
    if jira.cloud:
        first = search("project = PAY", maxResults=2).body
        last = search("project = PAY", maxResults=10, nextPageToken=first["nextPageToken"]).body
        assert (first["isLast"], last["isLast"], "nextPageToken" in last) == (False, True, False)
        assert search("").body["errorMessages"][0].startswith("Unbounded JQL")
        assert call("GET", "search?jql=project=PAY").status == 410
    else:
        first = search("project = PAY", maxResults=2).body
        last = search("project = PAY", maxResults=10, startAt=2).body
        assert (first["total"], last["startAt"]) == (5, 2)
        assert call("GET", "search/jql?jql=project=PAY").status == 404
    assert [each["key"] for each in first["issues"] + last["issues"]] == ["PAY-5", "PAY-4", "PAY-3", "PAY-2", "PAY-1"]


def test_the_cloud_tells_ids_alone_to_who_names_no_fields(call, ask, jira):
    call("POST", "issue", fields())
    body = {"jql": "project = PAY"}
    [issue] = call("POST", "search/jql" if jira.cloud else "search", body).body["issues"]
    assert issue["fields"].get("summary") == (None if jira.cloud else "down")


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"summary": ""}, "summary", "You must specify a summary"),
        ({"summary": "s" * 256}, "summary", "can't exceed 255 characters"),
        ({"summary": "a\nb"}, "summary", "newline"),
        ({"labels": ["a b"]}, "labels", "contains spaces"),
        ({"description": "d" * 32_768}, "description", "32,767 characters"),
        ({"description": document("d")}, "description", "must be a string"),
        ({"project": {"key": "NONE"}}, "project", "valid project is required"),
        ({"issuetype": {}}, "issuetype", "Specify an issue type"),
    ],
)
def test_what_is_no_issue_is_told_field_by_field(call, wrong, field, said):
    refused = call("POST", "issue", fields(**wrong))
    assert refused.status == 400
    assert said in refused.body["errors"][field]


def test_a_request_without_fields_is_refused(call):
    assert call("POST", "issue", {}).status == 400
    assert call("POST", "issue", fields()).status == 201
    assert "empty" in call("POST", "issue/PAY-1/comment", {}).body["errors"]["comment"]


def test_the_third_version_takes_documents_and_tells_texts_as_documents(call, jira):
    if not jira.cloud:
        assert call("GET", "serverInfo", version="3").status == 404
        return
    assert call("POST", "issue", fields(description="d"), version="3").status == 400
    assert call("POST", "issue", fields(description=document("deep")), version="3").status == 201
    assert call("GET", "issue/PAY-1").body["fields"]["description"] == "deep"
    call("POST", "issue", fields(description="plain"))
    assert call("GET", "issue/PAY-2", version="3").body["fields"]["description"] == document("plain")


def test_who_has_another_token_is_refused(ask, jira):
    assert ask(f"{jira.url}/rest/api/2/serverInfo", Authorization="Bearer other").status == 401
    assert ask(f"{jira.url}/rest/api/2/serverInfo").status == 401


def test_it_says_what_it_is_and_what_it_has_not(call, jira):
    assert call("GET", "serverInfo").body["deploymentType"] == ("Cloud" if jira.cloud else "Server")
    assert call("GET", "issue/PAY-9").status == 404
    assert call("GET", "nothing").status == 404


def test_a_rate_limit_says_when_to_come_again(call, jira):
    jira.play(too_many_requests(retry_after=3))
    limited = call("GET", "serverInfo")
    assert (limited.status, limited.headers["Retry-After"]) == (429, "3")
    assert call("GET", "serverInfo").status == 200
