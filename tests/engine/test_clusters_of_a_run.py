"""A run tells the causes of its failures, on the shipped fakes and with the rules that are shipped."""

from memory_runs import CART, ORDERS, TESTS, both, engine, failing
from testflow_regex_analyzer import RegexAnalyzer

from testflow_core.model import Outcome, Status, TestCase
from testflow_core.testing import MemoryRunner

REFUSED = "psycopg.OperationalError: connection to 127.0.0.1:{port} failed: Connection refused"


def told(test_id, message, **more):
    return {test_id: Outcome(test=TestCase.from_id(test_id), status=Status.FAILED, message=message, **more)}


def test_one_cause_in_two_applications_is_one_cluster_with_the_rules_evidence(shop):
    outcomes = told(ORDERS, REFUSED.format(port=5432)) | told(CART, REFUSED.format(port=40123))
    workflow = both().set_failure_analysis({"routing": {"network/refused": "database-team"}})
    run = engine(MemoryRunner(tests=TESTS, outcomes=outcomes), RegexAnalyzer(), applications=shop).execute(workflow)
    (cluster,) = run.clusters
    assert (cluster.category, cluster.owner, cluster.count) == ("network/refused", "database-team", 2)
    assert cluster.title == "psycopg.OperationalError: connection to <host> failed: Connection refused"
    assert set(cluster.tests) == {ORDERS, CART}


def test_a_run_in_which_nothing_failed_has_no_clusters(shop):
    assert engine(MemoryRunner(tests=TESTS), applications=shop).execute(both()).clusters == ()


def test_the_next_run_has_the_same_cluster(shop):
    workflow = both()
    runs = [
        engine(MemoryRunner(tests=TESTS, outcomes=failing(ORDERS)), applications=shop).execute(workflow)
        for _ in range(2)
    ]
    assert runs[0].clusters[0].id == runs[1].clusters[0].id


def refused(port, source):
    """What pytest tells of a refused connection, met in a line of a test."""
    said = REFUSED.format(port=port)
    return {"message": said, "text": f">       {source}\nE       {said}\n\ntests/test_a.py:3: OperationalError"}


def test_causes_that_the_analyzer_relates_are_one_in_a_run_and_in_the_next(shop):
    outcomes = told(ORDERS, **refused(1, "order(5)")) | told(CART, **refused(2, "add(7)"))
    known = engine(MemoryRunner(tests=TESTS, outcomes=outcomes), RegexAnalyzer(), applications=shop)
    (first,) = known.execute(both()).clusters
    assert (first.count, len(first.fingerprints), first.times) == (2, 2, 0)
    del outcomes[ORDERS]
    (again,) = known.execute(both()).clusters
    assert (again.id, again.count, again.times) == (first.id, 1, 1)
    outcomes |= told(CART, **refused(3, "remove(7)"))
    (third,) = known.execute(both()).clusters
    assert (third.id, third.times) == (first.id, 2)
    assert third.fingerprints[0] not in first.fingerprints
