"""Each failure has one verdict, by the first sign that decides."""

import pytest
from attrs import evolve
from caused_results import failed, told

from testflow_core.causes import Suspects, judged
from testflow_core.history import History
from testflow_core.model import Application, Blame, Change, Outcome, Past, Plan, Run, Status, TestCase, TestWorkflow
from testflow_core.plugin_calls import PluginCalls
from testflow_core.testing import MemoryPlugins

FRAMES = {"frames": ("src/pay.py",), "file": "src/pay.py"}


def verdicts(results, files=(), history=None, **cluster):
    """The verdicts on results after a change of these files, and that on each cluster."""
    history = history or History(None)
    changes = {"shop": Change(application="shop", files=files, reason="declared")}
    plan = Plan(workflow=TestWorkflow(name="w"), applications={"shop": Application(name="shop")}, changes=changes)
    suspects = Suspects(plan, Past(), MemoryPlugins(), PluginCalls())
    clusters = tuple(evolve(each, **cluster) for each in told(results, history))
    found, clusters = judged(results, clusters, changes, suspects, history)
    return [each.verdict for each in found], [each.verdict for each in clusters]


def verdict(result, *files, **more):
    ((found,), _) = verdicts([result], files or (), **more)
    return found


def _crash():
    return failed(category="crash/abort", verification=False)


SEEN = {"first_seen": 86_400.0, "last_seen": 172_800.0, "times": 3}


@pytest.mark.parametrize(
    ("result", "files", "cluster", "blame", "said"),
    [
        (failed(status=Status.PASSED, flaky=True), ("a.py",), {}, Blame.FLAKY, "passed in attempt"),
        (failed(), ("tests/test_cart.py",), {"also_red_on_main": True}, Blame.BEFORE, "main branch"),
        (failed(verification=False), ("a.py",), {}, Blame.ENVIRONMENT, "data is none of the application"),
        (failed(verification=False), ("a.py",), SEEN, Blame.ENVIRONMENT, "3 earlier runs had it"),
        (failed(), ("tests/test_cart.py",), {}, Blame.CHANGE, "tests/test_cart.py changed: it is the test's own file"),
        (failed(), ("tests/test_cart.py",), {"also_red_on_main": False}, Blame.CHANGE, "not red on main"),
        (failed(), ("a.py",), SEEN, Blame.BEFORE, "3 earlier runs had it, the first on 1970-01-02"),
        (failed(), ("a.py",), {"also_red_on_main": False}, Blame.CHANGE, "1 file changed"),
        (failed(regression="it passed in all 9 runs"), ("a.py",), {}, Blame.CHANGE, "it passed in all 9 runs"),
        (failed(), ("README.md",), {"also_red_on_main": False}, Blame.UNKNOWN, "only documents and comments changed"),
        (_crash(), ("a.py",), {"also_red_on_main": False}, Blame.CHANGE, "1 file changed"),
        (_crash(), ("README.md",), {"also_red_on_main": False}, Blame.ENVIRONMENT, "none of the application"),
        (_crash(), ("a.py",), {}, Blame.ENVIRONMENT, "none of the application"),
        (failed(), (), {}, Blame.UNKNOWN, "nothing changed"),
        (failed(), ("a.py",), {}, Blame.UNKNOWN, "nothing says"),
        (failed(), None, {}, Blame.UNKNOWN, "nothing says"),
    ],
)
def test_the_first_sign_that_decides_gives_the_verdict(result, files, cluster, blame, said):
    ((found,), (of_cluster,)) = verdicts([result], files, **cluster)
    assert found.blame is blame
    assert said in str(found)
    assert of_cluster == found


def test_what_is_proved_to_be_flaky_is_unless_its_cause_is_new_and_the_change_leads_to_it():
    history = History(None)
    test = TestCase.from_id(failed().test_id)
    for number, status in enumerate([Status.FAILED, Status.PASSED, Status.FAILED, Status.PASSED]):
        result = evolve(failed(), status=status)
        history.record(
            Run(
                run_id=f"r{number}",
                workflow="w",
                started=number,
                trees={"shop": "one"},
                results=(result,),
                outcomes=(Outcome(test=test, status=status, message="boom"),),
            )
        )
    found = verdict(failed(), "a.py", history=history)
    assert found.blame is Blame.FLAKY
    assert "% of the runs with sources with which it passes" in found.reasons[0]
    assert any("quarantine" in each for each in found.suggestions)


def test_suggestions_name_the_suspects_then_what_the_rule_advises():
    found = verdict(failed(advice="Check the amount."), "tests/test_cart.py")
    assert found.suggestions == ("look at tests/test_cart.py", "Check the amount.")
    assert [each.file for each in found.suspects] == ["tests/test_cart.py"]


@pytest.mark.parametrize(
    ("advice", "suggestions"),
    [
        ("Start it.", ("Start it.",)),
        ("", ("look at what the services said while it ran, and at their health",)),
    ],
)
def test_of_an_environment_the_advice_of_the_rule_is_told_else_where_to_look(advice, suggestions):
    assert verdict(failed(verification=False, advice=advice)).suggestions == suggestions


def test_a_failure_that_was_there_before_names_its_tracker_and_no_suspect():
    found = verdict(failed(tracker="CART-7"), "tests/test_cart.py", also_red_on_main=True, tracker="CART-7")
    assert found.suggestions == ("see CART-7",)
    assert found.suspects == ()


def test_a_cluster_has_the_verdict_of_most_of_its_tests():
    flaky = [failed(f"test_{at}", status=Status.PASSED, flaky=True) for at in range(2)]
    _, (found,) = verdicts([failed("test_9", verification=False), *flaky])
    assert found.blame is Blame.FLAKY


def test_what_passed_has_no_verdict():
    results, clusters = verdicts([evolve(failed(), diagnosis=None, status=Status.PASSED)])
    assert (results, clusters) == ([None], [])
