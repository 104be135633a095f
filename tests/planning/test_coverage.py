"""A plan lists what of the changes no test that runs is known to reach: by its selectors, else by the record."""

import pytest
from attrs import evolve
from recorded_tests import until_recorded
from remembered_runs import run

import testflow
from testflow_core.builtin.reporters.markdown import MarkdownReporter
from testflow_core.model import Status, Uncovered
from testflow_core.wording import untested


@pytest.fixture
def shop(tmp_path):
    for name, text in {
        "shop/lib.py": "def charge():\n    return 1\n\ndef refund():\n    return 2\n",
        "shop/lone.py": "VALUE = 1\n",
        "shop/test_lib.py": "import lib\n\ndef test_charge():\n    assert lib.charge()\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def engine(shop, *changed, **more):
    applications = {"shop": {"changed_files": list(changed)}}
    return testflow.Engine(applications=applications, workspace=shop, history=shop / "history.db", **more)


def workflow(**keys):
    return testflow.TestWorkflow("w").add_test_selection("shop", keys)


def told(plan):
    return [str(each) for each in plan.uncovered]


def test_a_file_that_no_test_imports_is_listed_and_one_that_some_do_is_unknown(shop):
    assert told(engine(shop, "lib.py", "lone.py").plan(workflow())) == [
        "shop: lib.py: unknown: tests that run import it, and which of its functions they enter was never recorded",
        "shop: lone.py: no test that runs imports it",
    ]


def test_nothing_is_listed_where_nothing_changed(shop):
    assert told(engine(shop).plan(workflow())) == []


def test_of_strategies_that_cannot_tell_it_is_unknown_once_where_nothing_was_recorded(shop):
    found = engine(shop, "lib.py", "lone.py").plan(workflow(strategy="all"))
    assert told(found) == ["shop: unknown: what its tests touch was never recorded"]


def test_of_several_selections_and_strategies_the_one_that_can_tell_is_asked(shop):
    both = workflow(strategy="all").add_test_selection("shop", {"strategy": ["failed", "change-based"]})
    assert len(told(engine(shop, "lone.py").plan(both))) == 1
    assert "no test that runs imports it" in told(engine(shop, "lone.py").plan(both))[0]


@pytest.mark.parametrize("strategy", ["all", "change-based"])
def test_what_was_recorded_tells_for_every_strategy(shop, strategy):
    recording = engine(shop, reporters=())
    until_recorded(lambda: recording.execute(workflow(strategy="all", record=True)), shop / "history.db", number=1)
    (shop / "shop/lone.py").write_text("VALUE = 2\n")
    (shop / "shop/lib.py").write_text("def charge():\n    return 11\n\ndef refund():\n    return 2\n")
    done = engine(shop, "lib.py", "lone.py", reporters=("markdown",)).execute(workflow(strategy=strategy))
    assert [each.file for each in done.uncovered] == ["lone.py"]
    assert testflow.History(shop / "history.db").run(done.run_id).uncovered == done.uncovered
    assert all(result.status is Status.PASSED for result in done.results)


def test_reports_tell_what_is_untested_and_how_much_is_unknown(tmp_path):
    parts = (
        Uncovered(application="shop", file="a.py", unit="f", reason="nobody enters it"),
        *(Uncovered(application="shop", file=f, reason="nobody looked", known=False) for f in ("b.js", "c.js")),
    )
    done = evolve(run("r1", a="."), uncovered=parts, reports=tmp_path)
    assert untested(done) == (
        "shop: a.py: f: nobody enters it",
        "shop: b.js: unknown: nobody looked; and 1 more",
    )
    assert untested(evolve(done, uncovered=parts[:1])) == ("shop: a.py: f: nobody enters it",)
    MarkdownReporter().report(done)
    text = (tmp_path / "summary.md").read_text()
    assert "## Changed, and not known to be tested" in text
    assert "nobody enters it" in text
