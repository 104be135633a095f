"""What people have said of a cause wins the next time, and says so."""

import pytest
from attrs import evolve
from caused_results import failed, told
from memory_runs import ORDERS, TESTS, both, engine, failing

import testflow
from testflow_core.causes import overridden
from testflow_core.errors import HistoryError, SpecError
from testflow_core.history import History
from testflow_core.model import FailureAnalysis, Override
from testflow_core.testing import MemoryRunner

ANALYSIS = FailureAnalysis(routing={"network": "net-team", "data": "data-team"})


def said(result, *overrides, **cluster):
    clusters = tuple(evolve(each, **cluster) for each in told([result]))
    (found,), (of_cluster,) = overridden([result], clusters, overrides, ANALYSIS)
    return found, of_cluster


@pytest.mark.parametrize("name", ["1:aa", "1:bb"], ids=["its id", "one of its fingerprints"])
def test_a_team_that_people_named_gets_the_failures_and_the_reason_says_so(name):
    override = Override(cluster=name, team="lea", reason="she wrote it", since=86_400.0)
    found, cluster = said(failed(assigned_to="data-team"), override, fingerprints=("1:aa", "1:bb"))
    assert (found.assigned_to, found.category, cluster.owner) == ("lea", "data", "lea")
    assert found.route.reason == "people said so on 1970-01-02: she wrote it"


def test_a_category_that_people_named_is_routed_by_the_table():
    found, cluster = said(failed(advice="Mend the data."), Override(cluster="1:aa", category="network/proxy"))
    assert (found.category, found.assigned_to) == ("network/proxy", "net-team")
    assert (cluster.category, cluster.owner) == ("network/proxy", "net-team")
    assert found.diagnosis.reason == "people said so on 1970-01-01; else data, for it said so"
    assert found.diagnosis.advice == ""
    assert found.route.reason == "the category network/proxy is routed to net-team"


def test_a_category_that_nobody_has_leaves_the_team():
    found, cluster = said(failed(assigned_to="data-team"), Override(cluster="1:aa", category="weather"))
    assert (found.category, found.assigned_to, cluster.owner) == ("weather", "data-team", "data-team")


def test_of_two_words_the_later_holds():
    both_said = Override(cluster="1:aa", team="old", since=1.0), Override(cluster="1:bb", team="new", since=2.0)
    found, _ = said(failed(), *both_said, fingerprints=("1:aa", "1:bb"))
    assert found.assigned_to == "new"


def test_other_causes_are_left_as_they_are():
    result = failed()
    found, _ = said(result, Override(cluster="1:zz", team="lea"))
    assert found is result


def test_it_wins_in_the_next_run_until_it_is_taken_back(shop):
    known = engine(MemoryRunner(tests=TESTS, outcomes=failing(ORDERS)), applications=shop)
    (cluster,) = known.execute(both()).clusters
    store = known._engine.history
    store.override(Override(cluster=cluster.id, team="lea", since=1.0))
    run = known.execute(both())
    assert [each.assigned_to for each in run.failed_tests] == [run.clusters[0].owner] == ["lea"]
    store.override(Override(cluster=cluster.id, since=2.0))
    assert known.execute(both()).failed_tests[0].assigned_to == "unassigned"


def test_people_set_list_and_remove_what_they_said(tmp_path):
    history = testflow.History(tmp_path / "history.db")
    assert history.overrides() == ()
    history.override("1:aa", team="lea", reason="she wrote it")
    made = history.override("1:aa", category="network")
    assert history.overrides() == (made,)
    assert (made.team, made.category) == ("", "network")
    history.remove_override("1:aa")
    assert history.overrides() == ()
    with pytest.raises(HistoryError, match=r"nothing was said of '1:aa' in .*history.db"):
        history.remove_override("1:aa")
    history.override("1:bb", team="lea")
    with pytest.raises(HistoryError, match=r"\(known: 1:bb\)"):
        history.remove_override("1:aa")


@pytest.mark.parametrize(
    ("cluster", "team", "said"), [("1:aa", " ", "a team or a category"), (" ", "lea", "the id of")]
)
def test_saying_nothing_is_a_mistake(tmp_path, cluster, team, said):
    with pytest.raises(SpecError, match=said):
        testflow.History(tmp_path / "history.db").override(cluster, team=team)


def test_of_two_histories_the_later_word_holds_also_that_it_was_taken_back():
    words = [
        Override(cluster="1:aa", team="old", since=1.0),
        Override(cluster="1:aa", team="new", since=2.0),
        Override(cluster="1:aa", since=3.0),
    ]
    histories = [History(None) for _ in words]
    for history, word in zip(histories, words, strict=True):
        history.override(word)
    merged = History(None)
    for at, expected in ((1, (words[1],)), (0, (words[1],)), (2, ()), (1, ())):
        merged.merge(histories[at])
        assert merged.overrides() == expected
