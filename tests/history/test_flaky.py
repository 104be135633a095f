"""Which tests a history calls flaky, and which not."""

import math
import runpy
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from remembered_runs import case, run

import testflow
from testflow_core.history import History
from testflow_core.model import FlakyState, Quarantine, Status
from testflow_core.model.intervals import wilson

BENCHMARK = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks/flaky.py"))


def remembering(*runs):
    history = History(None)
    for each in runs:
        history.record(each)
    return history


def on(tree, name, started, **verdicts):
    return evolve(run(name, started, **verdicts), trees={"shop": tree})


def states(history):
    return {each.test.name: each.state.value for each in history.flaky()}


def test_both_outcomes_on_one_tree_are_proof_with_a_probability_and_its_interval():
    history = remembering(*(on("t1", f"r{place}", float(place), a=letter) for place, letter in enumerate(".F..")))
    (found,) = history.flaky()
    assert (found.test, found.state, found.proofs) == (case("a"), FlakyState.FLAKY, 1)
    assert (found.failures, found.trials, found.probability, found.passed_since) == (1, 4, 0.25, 2)
    assert (found.low, found.high) == wilson(1, 4)
    assert "with sources with which it passes" in found.reason


def test_an_attempt_that_passes_after_one_that_failed_is_proof_whatever_the_sources():
    assert states(remembering(run("r1", a="F."))) == {"a": "flaky"}


@pytest.mark.parametrize("verdicts", ["...FFF", ".F.", "FFF", "..F"])
def test_a_test_that_fails_with_some_sources_and_passes_with_others_is_not_flaky(verdicts):
    runs = [on(f"t{place}", f"r{place}", float(place), a=letter) for place, letter in enumerate(verdicts)]
    assert states(remembering(*runs)) == {}


def test_a_test_that_fails_and_passes_by_turns_without_proof_is_a_suspect():
    runs = [on(f"t{place}", f"r{place}", float(place), a=letter) for place, letter in enumerate(".F.F.")]
    assert states(remembering(*runs)) == {"a": "suspect"}
    assert states(remembering(*(evolve(each, trees={}) for each in runs))) == {"a": "suspect"}


@pytest.mark.parametrize(
    "difference",
    [
        {"workflow": "other"},
        {"provisioner": "docker"},
        {"data": {"shop": "v2"}},
        {"conditions": ("Linux x86_64", "shop: python3.13 with 2 packages (abc)")},
    ],
)
def test_runs_for_another_purpose_with_another_provisioner_other_data_or_under_other_conditions_prove_nothing(
    difference,
):
    assert states(remembering(on("t", "r1", 1.0, a="."), evolve(on("t", "r2", 2.0, a="F"), **difference))) == {}


def test_a_flaky_test_recovers_by_passing_and_is_flaky_again_once_it_fails():
    def after(passes, last="."):
        letters = f".F.F{'.' * passes}{last}"
        runs = [on(f"t{place // 2}", f"r{place}", float(place), a=letter) for place, letter in enumerate(letters)]
        return states(remembering(*runs))

    assert after(0) == {"a": "flaky"}
    assert after(14) == {"a": "recovering"}
    assert after(60) == {}
    assert after(60, last="F") == {"a": "flaky"}


NAMES = [f"t{number}" for number in range(40)]


def whole(tree, name, started, failing=(), message="boom"):
    made = on(tree, name, started, **{each: "F" if each in failing else "." for each in NAMES})
    said = [evolve(each, message=message if each.status.failing else "") for each in made.outcomes]
    return evolve(made, outcomes=tuple(said))


@pytest.mark.parametrize("struck", [NAMES, NAMES[:21], NAMES[:6]], ids=["all", "most", "some"])
def test_tests_that_failed_together_in_an_outage_are_not_called_flaky_and_one_that_failed_otherwise_is(struck):
    runs = [whole(f"t{place // 2}", f"r{place}", float(place)) for place in range(8)]
    runs[2] = whole("t1", "r2", 2.0, struck, "connection refused")
    runs[5] = whole("t2", "r5", 5.0, ["t39"])
    assert states(remembering(*runs)) == {"t39": "flaky"}


def test_two_outages_make_no_suspects():
    runs = [whole(f"t{place}", f"r{place}", float(place), NAMES if place in {1, 4} else ()) for place in range(7)]
    assert states(remembering(*runs)) == {}


def test_an_outage_that_lasts_for_two_runs_of_one_tree_is_one_all_the_same():
    runs = [whole(f"t{place // 3}", f"r{place}", float(place)) for place in range(12)]
    for place in (3, 4):
        runs[place] = whole("t1", f"r{place}", float(place), NAMES[:12])
    assert states(remembering(*runs)) == {}


def test_a_step_that_fails_in_a_flow_is_not_flaky_for_passing_outside_of_it():
    outside = on("t", "r1", 1.0, a=".")
    inside = on("t", "r2", 2.0, a="F")
    inside = evolve(inside, outcomes=tuple(evolve(each, flow="f") for each in inside.outcomes))
    assert states(remembering(outside, inside)) == {}
    again = evolve(outside, run_id="r3", outcomes=tuple(evolve(each, flow="f") for each in outside.outcomes))
    assert states(remembering(outside, inside, again)) == {"a": "flaky"}


def test_variants_are_tests_of_their_own():
    def varied(name, started, variant, letter):
        made = on("t", name, started, a=letter)
        outcomes = tuple(evolve(each, test=evolve(each.test, variant=variant)) for each in made.outcomes)
        return evolve(
            made, choices=(), outcomes=outcomes, results=tuple(evolve(r, variant=variant) for r in made.results)
        )

    assert states(remembering(varied("r1", 1.0, "old", "."), varied("r2", 2.0, "new", "F"))) == {}
    assert states(remembering(varied("r1", 1.0, "old", "."), varied("r2", 2.0, "old", "F"))) == {"a": "flaky"}


@pytest.mark.parametrize("merged", [False, True])
def test_jobs_of_a_matrix_are_proof_of_nothing_for_each_other_but_each_for_itself(merged):
    def job(name, started, python, letter):
        return evolve(on("t", name, started, a=letter), conditions=("Linux x86_64", f"shop: python{python}"))

    matrix = [job("r1", 1.0, "3.11", "."), job("r2", 2.0, "3.13", "F"), job("r3", 3.0, "3.13", "F")]
    if merged:
        history = History(None)
        for each in matrix:
            history.merge(remembering(each))
    else:
        history = remembering(*matrix)
    assert states(history) == {}
    history.record(job("r4", 4.0, "3.13", "."))
    assert states(history) == {"a": "flaky"}


def test_compacting_keeps_the_proofs(tmp_path):
    history = History(tmp_path / "history.db")
    for place, letter in enumerate(".F.."):
        history.record(on("t", f"r{place}", float(place), a=letter, b="F." if place == 1 else "."))
    before = history.flaky()
    history.compact()
    assert history.flaky() == before
    assert len(before) == 2


@given(st.integers(1, 2000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_the_interval_has_the_shares_whose_score_test_does_not_refuse_what_was_counted(counted):
    hits, trials = counted
    low, high = wilson(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1
    # Wilson's bounds are the shares p at which (share - p)^2 = z^2 p (1 - p) / n.
    for bound in {low, high} - {0.0, 1.0}:
        deviation = abs(hits / trials - bound) / math.sqrt(bound * (1 - bound) / trials)
        assert deviation == pytest.approx(1.959963985, rel=1e-6)


def test_nothing_counted_may_be_anything():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("seed", [11, 12])
def test_on_simulated_histories_flaky_tests_are_told_from_broken_ones_and_outages(seed):
    simulation = BENCHMARK["simulate"](seed, 400, 40, 16, outages=0.05)
    score = BENCHMARK["score"](simulation, BENCHMARK["called"](remembering(*simulation.runs)))
    assert score.precision >= 0.99
    assert score.recall >= 0.9
    assert score.regressions_called <= 0.01
    # Without knowing of outages it would not be so.
    assert BENCHMARK["score"](simulation, simulation.contradicted).precision < 0.5


def test_the_facade_answers_what_is_flaky_with_quarantines(tmp_path):
    history = testflow.History(tmp_path / "history.db")
    assert history.flaky() == ()
    History(history.path).record(run("r1", a="F.", b="F."))
    made = history.quarantine(case("a").id, expires="2d", reason="the queue is slow")
    history.quarantine("shop::tests/test_other.py", reason="new")
    assert made in history.quarantines()
    found = {each.test.id: each for each in history.flaky()}
    assert {name: each.state.value for name, each in found.items()} == {
        case("a").id: "quarantined",
        case("b").id: "flaky",
        "shop::tests/test_other.py": "quarantined",
    }
    assert found[case("a").id].until == made.until
    assert found[case("a").id].reason.startswith("the queue is slow; it failed once")
    history.release(case("a").id)
    assert states(history)["a"] == "flaky"
    with pytest.raises(testflow.HistoryError, match=r"is not in .*in quarantine: shop::tests/test_other\.py"):
        history.release(case("a").id)


def test_a_test_in_quarantine_may_recover_there():
    letters = f".F.F{'.' * 14}"
    history = remembering(*(on(f"t{n // 2}", f"r{n}", float(n), a=letter) for n, letter in enumerate(letters)))
    history.quarantine(Quarantine(test=case("a").id, until=1e12))
    (found,) = history.flaky()
    assert (found.state, found.until) == (FlakyState.RECOVERING, 1e12)


@pytest.mark.parametrize("released_here", [True, False])
def test_of_two_histories_the_later_word_on_a_quarantine_holds(tmp_path, released_here):
    one, other = (testflow.History(tmp_path / name) for name in ("a.db", "b.db"))
    for each in (one, other):
        History(each.path).record(run("r1", a="."))
        each.quarantine(case("a").id)
    (one if released_here else other).release(case("a").id)
    one.merge(other)
    assert one.quarantines() == ()


@pytest.mark.parametrize(
    ("test", "expires", "said"),
    [
        ("shop", "1d", "$.test: expected"),
        ("shop::t.py", 0, "$.expires: expected a duration longer"),
        ("shop::t.py", None, "$.expires: expected seconds"),
        ("shop::t.py", "9999999d", "$.expires"),
    ],
)
def test_a_quarantine_of_nothing_or_for_no_time_is_refused(tmp_path, test, expires, said):
    with pytest.raises(testflow.SpecError) as refused:
        testflow.History(tmp_path / "history.db").quarantine(test, expires=expires)
    assert said in str(refused.value)


def test_a_failure_of_a_test_that_only_passed_for_long_is_new():
    day = 86_400.0
    letters = {"fresh": "......", "often": "F.....", "young": "S..S..", "flaky": "......"}
    made = [
        on("t", f"r{place}", (10 + place) * day, **{name: told[place] for name, told in letters.items()}, old=letter)
        for place, letter in enumerate("......")
    ]
    made[5] = evolve(made[5], run_id="r5", outcomes=made[5].outcomes)
    history = remembering(on("t0", "r-1", 0.0, old="F"), *made, on("t", "r9", 15.5 * day, flaky="F."))
    window = testflow.TestWorkflow("w").value.analysis.new_after
    asked = [case(name) for name in (*letters, "old", "unknown")]
    found = history.new_failures(asked, 30 * day, window)
    assert {test.name for test in found} == {"fresh", "old"}
    assert found[case("fresh")] == "it passed in all 6 runs of the last 21 days"
    assert history.new_failures(asked, 10_000 * day, window) == {}
    assert history.new_failures([case("unknown")], 30 * day, window) == {}


def test_statuses_of_results_are_as_they_were_after_a_quarantine_is_remembered():
    failing = run("r1", a="F")
    held = evolve(failing, results=(evolve(failing.results[0], quarantined="until 2030-01-01", regression="new"),))
    history = remembering(held)
    found = history.run("r1")
    assert (found.ok, found.failed_tests, len(found.quarantined_tests)) == (True, (), 1)
    assert found.results[0].status is Status.FAILED
    assert found.results[0].regression == "new"
