"""While a plan is made no garbage is collected, and afterwards it is as before."""

import gc

import pytest

import testflow


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(enabled, request, tmp_path):
    request.addfinalizer(gc.enable)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/test_a.py").write_text("def test_a(): pass")
    (gc.enable if enabled else gc.disable)()
    begun = gc.get_stats()[0]["collections"]
    engine = testflow.Engine(applications={"shop": {}}, workspace=tmp_path, history=None, reporters=[])
    plan = engine.plan(testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"}))
    assert gc.isenabled() == enabled
    assert len(plan.choices) == 1
    assert enabled or gc.get_stats()[0]["collections"] == begun
