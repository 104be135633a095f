"""What is to be done, of a run and the issues there are; the contract of trackers has most of it."""

from attrs import evolve

from testflow_core.testing.contracts.tracker_samples import DAY, STARTED, cluster, run_with
from testflow_core.tracking import Issue, Memory
from testflow_core.tracking.deciding import Rules, decide

RULES = Rules()


def issue(key, name="1:db", **facts):
    memory = Memory(fingerprint=name).with_run("run-0", STARTED - DAY, 1, cluster(name).tests)
    return Issue(key=key, memory=memory, **facts)


def named(key, *names):
    memory = Memory(fingerprint=names[0]).with_run("run-0", STARTED - DAY, 1, (), names)
    return Issue(key=key, memory=memory)


def done(run, *issues, rules=RULES):
    decision = decide(run, run.clusters, issues, rules)
    return [(step.action, step.subject) for step in decision.steps]


def test_an_open_issue_goes_before_a_closed_one_whichever_is_listed_first():
    one, other = issue("a#1", closed=STARTED - 5), issue("a#2")
    assert done(run_with(cluster()), one, other) == done(run_with(cluster()), other, one) == [("update", "a#2")]


def test_of_closed_issues_the_one_that_was_closed_last_is_opened_again():
    one, other = issue("a#1", closed=STARTED - 5), issue("a#2", closed=STARTED - 3)
    assert done(run_with(cluster()), one, other) == done(run_with(cluster()), other, one) == [("reopen", "a#2")]


def test_of_two_open_issues_the_older_stays():
    one, other = issue("a#9"), issue("a#10")
    wanted = [("update", "a#9"), ("close", "a#10")]
    assert done(run_with(cluster()), one, other) == done(run_with(cluster()), other, one) == wanted


def test_what_is_only_flaky_opens_no_closed_issue_again():
    assert done(run_with(cluster(blocking=False)), issue("a#1", closed=STARTED - 5)) == [("update", "a#1")]


def test_a_test_that_passed_only_after_it_had_failed_closes_nothing():
    run = run_with(run_id="late", days=30, passed=cluster().tests)
    flaky = evolve(run, results=tuple(evolve(each, flaky=True) for each in run.results))
    assert done(run, issue("a#1")) == [("close", "a#1")]
    assert done(flaky, issue("a#1")) == []


def test_a_cap_of_none_opens_nothing():
    assert done(run_with(cluster()), rules=Rules(new_issues=0)) == []


def test_a_cause_that_another_machine_calls_otherwise_has_the_same_issue():
    issue = named("a#1", "1:aa", "1:bb")
    assert done(run_with(cluster("1:bb")), issue) == [("update", "a#1")]
    assert done(run_with(cluster("1:cc", fingerprints=("1:cc", "1:aa"))), issue) == [("update", "a#1")]


def test_an_issue_goes_to_the_cause_of_its_own_name_and_to_no_second():
    causes = [cluster("1:bb", fingerprints=("1:aa",)), cluster("1:aa")]
    assert done(run_with(*causes), named("a#1", "1:aa", "1:bb")) == [
        ("update", "a#1"),
        ("open", "connection to bb refused"),
    ]
