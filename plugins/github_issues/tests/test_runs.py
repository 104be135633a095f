"""Whole runs whose causes become GitHub issues; and what a run tells while GitHub is down."""

import pytest
from testflow_github_issues import GitHubIssues

import testflow
from testflow_core.builtin.reporters.markdown import MarkdownReporter
from testflow_core.builtin.reporters.terminal import TerminalReporter
from testflow_core.model import Outcome, Status, TestCase
from testflow_core.testing import MemoryPlugins, MemoryRunner
from testflow_core.testing.servers import GitHubServer, NoWaiting, too_many_requests, unavailable

TOKEN = "ghp_0123456789abcdefghijklmnop"  # noqa: S105
TEST = "api::tests/test_login.py"


class RealPlugins(MemoryPlugins):
    """The fakes, in runs that are remembered."""

    outside = True


@pytest.fixture
def github(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    with GitHubServer("acme/shop", token=TOKEN) as server:
        yield server


@pytest.fixture
def issues(github):
    def make(**options):
        patience = NoWaiting(attempts=2)
        return GitHubIssues(repository="acme/shop", url=github.url, patience=patience, **options)

    return make


@pytest.fixture
def execute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api").mkdir()
    failed = Outcome(test=TestCase.from_id(TEST), status=Status.FAILED, message="ConnectionRefusedError: db:5432")
    plugins = RealPlugins(MemoryRunner(tests={"api": (TestCase.from_id(TEST).file,)}, outcomes={TEST: failed}))

    def run(*reporters, **options):
        workflow = testflow.TestWorkflow("logins").add_test_selection("api", {})
        applications = {"api": {"path": str(tmp_path / "api")}}
        engine = testflow.Engine(plugins=plugins, applications=applications, reporters=reporters, **options)
        return engine.execute(workflow)

    return run


def test_by_default_a_run_tells_what_it_would_open(execute, issues, github, capsys):
    run = execute(issues(), TerminalReporter())
    assert github.repositories["acme/shop"].issues == {}
    assert [message.action for message in run.deliveries[0].messages] == ["open"]
    assert "github_issues to acme/shop would open 'ConnectionRefusedError: db:5432'" in capsys.readouterr().out


def test_a_cause_has_one_issue_over_several_runs(execute, issues, github):
    for _ in range(3):
        run = execute(issues(dry_run=False), MarkdownReporter())
        assert run.plugin_failures == ()
    [issue] = github.repositories["acme/shop"].issues.values()
    assert "3 failures in 3 runs" in issue["body"]
    assert "update acme/shop#1" in (run.reports / "summary.md").read_text().replace("\\#", "#")


def test_a_run_is_what_it_is_while_github_is_down_and_says_how_to_send_it_later(execute, issues, github, capsys):
    github.play(*[unavailable()] * 2)
    run = execute(issues(dry_run=False), TerminalReporter())
    assert (len(run.failed_tests), run.plugin_failures, run.warnings) == (1, (), ())
    said = capsys.readouterr().out
    assert "GitHub answered 503" in said
    history = testflow.History()
    [missed] = history.undelivered()
    assert (missed.run_id, missed.place, missed.reporter) == (run.run_id, "acme/shop", "github_issues")
    assert missed.again in said
    assert TOKEN not in f"{said}{missed}"
    # The line that the report shows, in a script that has imported what it names.
    again = eval(missed.again, {"testflow": testflow, "GitHubIssues": GitHubIssues})  # noqa: S307
    assert [message.subject for message in again.deliveries[0].sent] == ["acme/shop#1"]
    [issue] = github.repositories["acme/shop"].issues.values()
    assert (issue["title"], "1 failure in 1 run" in issue["body"]) == ("ConnectionRefusedError: db:5432", True)
    assert history.undelivered() == ()
    assert history.run(run.run_id).deliveries[0].sent[0].subject == "acme/shop#1"


def test_what_was_sent_later_is_not_sent_twice(execute, issues, github):
    run = execute(issues(dry_run=False))
    again = testflow.History().report(run.run_id, issues(dry_run=False))
    assert again.deliveries[0].messages == ()
    assert len(github.repositories["acme/shop"].issues) == 1


def test_a_run_that_nobody_knows_cannot_be_reported(execute, issues):
    execute()
    with pytest.raises(testflow.HistoryError, match="no run 'other'"):
        testflow.History().report("other", issues())


def test_no_token_is_in_the_history_or_in_what_is_reported(execute, issues, github, tmp_path):
    github.play(too_many_requests(retry_after=9999, status=403))
    run = execute(issues(dry_run=False), MarkdownReporter())
    assert "2h 46m" in run.deliveries[0].trouble
    assert TOKEN.encode() not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
