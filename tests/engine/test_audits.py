"""A share of what nobody chose runs all the same, and what that tells is remembered."""

import pytest
from attrs import evolve
from memory_runs import CART, ORDERS, TESTS, both, failing
from remembered_runs import run

import testflow
from testflow_core.builtin.reporters.markdown import MarkdownReporter
from testflow_core.builtin.reporters.terminal import TerminalReporter
from testflow_core.errors import SpecError
from testflow_core.history import History
from testflow_core.model import Audit, MissRate, Status
from testflow_core.testing import MemoryPlugins, MemoryRunner, MemorySelector

LOGIN = "api::tests/login.py"
NOTHING = dict.fromkeys((CART, ORDERS, LOGIN), "no change concerns it")
MANY = {"api": tuple(f"tests/test_{number}.py" for number in range(400))}


def audited(shop, outcomes=None, **more):
    plugins = MemoryPlugins(MemoryRunner(tests=TESTS, outcomes=outcomes or {}), MemorySelector(skipped=NOTHING))
    return testflow.Engine(plugins=plugins, applications=shop, **more)


def test_nothing_that_nobody_chose_runs_where_nobody_asked_for_an_audit(shop):
    done = audited(shop).execute(both())
    assert (done.executed_tests, done.audits, done.miss_rates) == ((), (), ())


def test_in_a_shadow_run_all_run_and_what_would_have_been_missed_is_told(shop):
    done = audited(shop, failing(CART), shadow=True).execute(both())
    assert {result.test_id for result in done.executed_tests} == {CART, ORDERS, LOGIN}
    assert [result.test_id for result in done.failed_tests] == [CART]
    assert {audit.test_id: audit.missed for audit in done.audits} == {CART: True, ORDERS: False, LOGIN: False}
    assert not done.ok


def test_the_reason_of_an_audited_test_says_who_left_it_out_and_why(shop):
    plan = audited(shop, audit=1).plan(both())
    assert {choice.left_out_by for choice in plan.choices} == {"change-based"}
    assert {choice.reason for choice in plan.choices} == {
        "audit: change-based left it out: no change concerns it",
    }


def test_audited_tests_run_after_what_was_chosen(shop):
    selector = MemorySelector(skipped={ORDERS: "no change concerns it"})
    plan = testflow.Engine(
        plugins=MemoryPlugins(MemoryRunner(tests=TESTS), selector), applications=shop, shadow=True
    ).plan(both())
    assert [batch.tests[0].id for batch in plan.batches][-1] == ORDERS
    assert [choice.test.id for choice in plan.choices if choice.left_out_by] == [ORDERS]


def test_about_the_share_is_drawn_and_other_runs_draw_others():
    applications = testflow.Applications({"api": {"changed_files": []}})
    selector = MemorySelector(skipped={f"api::{file}": "no change concerns it" for file in MANY["api"]})
    plugins = MemoryPlugins(MemoryRunner(tests=MANY), selector)
    team = testflow.Engine(plugins=plugins, applications=applications, audit=0.1)
    workflow = testflow.TestWorkflow("w").add_test_selection("api", {})
    drawn = [{choice.test for choice in team.plan(workflow).choices if choice.selected} for _ in range(2)]
    assert all(10 < len(each) < 90 for each in drawn)
    assert drawn[0] != drawn[1]


def test_the_miss_rate_grows_over_runs(shop):
    team = audited(shop, failing(CART), shadow=True)
    first, second = team.execute(both()), team.execute(both())
    assert first.miss_rates == (MissRate(strategy="change-based", runs=1, audited=3, missed=1),)
    # What failed last is known to fail: it runs, and counts for nothing.
    assert second.miss_rates == (MissRate(strategy="change-based", runs=2, audited=5, missed=1),)
    assert CART in {result.test_id for result in second.failed_tests}


def test_what_failed_last_is_not_drawn(shop):
    almost_all = audited(shop, failing(CART), audit=1 - 1e-12)
    almost_all.execute(both())
    assert {choice.test.id for choice in almost_all.plan(both()).choices if choice.selected} == {ORDERS, LOGIN}


@pytest.mark.parametrize("audit", [-0.1, 1.1, float("nan"), True, "0.05"])
def test_a_share_that_is_none_is_refused(shop, audit):
    with pytest.raises(SpecError, match=r"Engine\(audit=\.\.\.\): expected a share from 0 to 1, such as 0\.05, got"):
        audited(shop, audit=audit)


@pytest.mark.parametrize(
    ("missed", "audited_tests", "interval"),
    # Values of R's `prop.test(correct=FALSE)`, which is Wilson's interval.
    [(0, 10, (0.0, 0.2775328)), (1, 10, (0.0178762, 0.4041500)), (10, 10, (0.7224672, 1.0)), (0, 0, (0.0, 1.0))],
)
def test_the_interval_is_wilsons(missed, audited_tests, interval):
    rate = MissRate(strategy="rules", runs=1, audited=audited_tests, missed=missed)
    assert rate.interval == pytest.approx(interval, abs=1e-6)


def with_audits(run_id, started=0.0, **verdicts):
    done = run(run_id, started, **verdicts)
    audits = tuple(
        Audit(test_id=each.test_id, strategy="rules", missed=each.status is Status.FAILED) for each in done.results
    )
    choices = tuple(evolve(choice, left_out_by="rules") for choice in done.choices)
    return evolve(done, audits=audits, choices=choices)


@pytest.fixture
def histories(tmp_path):
    def of(name, *runs):
        history = History(tmp_path / f"{name}.db")
        for each in runs:
            history.record(each)
        return history

    return of


def test_a_remembered_run_knows_its_audits(histories, tmp_path):
    done = with_audits("r", a=".", b="F")
    histories("one", done)
    found = testflow.History(tmp_path / "one.db").run("r")
    assert found.audits == done.audits
    assert {choice.left_out_by for choice in found.choices} == {"rules"}


def test_audits_of_several_machines_add_up_however_they_are_merged(histories):
    shards = [histories("first", with_audits("r", a=".")), histories("second", with_audits("r", b="F"))]
    merged = histories("all", with_audits("other", 1.0, a="F"))
    for each in (*shards, *shards):
        merged.merge(each)
    assert merged.miss_rates() == (MissRate(strategy="rules", runs=2, audited=3, missed=2),)


def test_a_run_that_is_dropped_still_counts_and_once_only(histories):
    runs = [with_audits(f"r{number}", float(number), a=".", b="F") for number in range(3)]
    history, other = histories("one", *runs), histories("other", *runs)
    history.compact(max_bytes=1)
    assert len(history.runs()) == 1
    rates = (MissRate(strategy="rules", runs=3, audited=6, missed=3),)
    assert history.miss_rates() == rates
    other.merge(history)
    assert other.miss_rates() == rates
    empty = histories("empty", run("x", 9.0, c="."))
    empty.merge(history)
    assert empty.miss_rates() == rates


def test_a_test_that_one_shard_chose_and_another_audited_was_chosen(histories):
    shards = [histories("first", with_audits("r", a=".")), histories("second", run("r", a="."))]
    for name, order in (("one", shards), ("other", shards[::-1])):
        merged = histories(name, run("x", 9.0, c="."))
        for each in order:
            merged.merge(each)
        assert [choice.left_out_by for choice in merged.run("r").choices] == [""]


def test_reports_say_what_would_have_been_missed_and_how_often_that_is(shop, tmp_path, capsys):
    done = audited(shop, failing(CART), shadow=True).execute(both())
    reported = evolve(done, reports=tmp_path)
    TerminalReporter().report(reported)
    MarkdownReporter().report(reported)
    for text in (capsys.readouterr().out, (tmp_path / "summary.md").read_text(encoding="utf-8")):
        assert "3 of 3 tests that nobody had chosen ran all the same: 1 failure would have been missed" in text
        assert "1 of 3 tests that change-based left out failed, in 1 audited run: 33.33%" in text


def test_shards_of_one_run_draw_the_same_tests():
    applications = testflow.Applications({"api": {"changed_files": []}})
    selector = MemorySelector(skipped={f"api::{file}": "no change concerns it" for file in MANY["api"]})
    workflow = testflow.TestWorkflow("w").add_test_selection("api", {})
    runs = []
    for shard in ("1/2", "2/2"):
        plugins = MemoryPlugins(MemoryRunner(tests=MANY), selector)
        machine = testflow.Engine(plugins=plugins, applications=applications, audit=0.1)
        runs.append(machine.execute(workflow, shard=shard, run_id="build-41"))
    audited_tests = [{audit.test_id for audit in each.audits} for each in runs]
    assert all(audited_tests)
    assert not audited_tests[0] & audited_tests[1]
    whole = testflow.Engine(plugins=plugins, applications=applications, audit=0.1).execute(workflow, run_id="build-41")
    assert audited_tests[0] | audited_tests[1] == {audit.test_id for audit in whole.audits}


def test_what_was_left_out_for_lack_of_time_is_no_claim_to_audit(shop):
    workflow = testflow.TestWorkflow("quick").add_test_selection("api", {"strategy": "history"})
    done = audited(shop, shadow=True).execute(workflow)
    assert (done.executed_tests, done.audits) == ((), ())
