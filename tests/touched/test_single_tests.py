"""Where a record says which tests of a file a change concerns, the others do not run."""

from textwrap import dedent

import pytest

import testflow

FILES = {
    "shop/lib.py": "RATE = 1\n\ndef one(): return 1\n\ndef two(): return 2\n\ndef rate(): return RATE\n",
    "shop/base.py": "class Base:\n    def test_base(self): assert True\n",
    "shop/tests/test_shop.py": """
from textwrap import dedent

import pytest
import lib

def test_one(): assert lib.one()

@pytest.mark.parametrize("number", [1, 2])
def test_two(number): assert lib.two() * number

class TestRate:
    def test_rate(self): assert lib.rate()
""",
    "shop/tests/test_base.py": "from base import Base\nclass TestBase(Base):\n    pass\ndef test_own(): assert True\n",
    "shop/tests/test_odd.txt": ">>> import lib\n>>> lib.two()\n2\n",
    "shop/conftest.py": "",
    "shop/pytest.ini": "[pytest]\npythonpath = .\n",
}
NAME = "shop::tests/test_shop.py::"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "shop"


def change(shop, file, before, after):
    text = (shop / file).read_text()
    assert before in text
    (shop / file).write_text(text.replace(before, after))


def engine(shop, *changed, audit=0.0):
    applications = {"shop": {"changed_files": changed}}
    return testflow.Engine(workspace=shop.parent, applications=applications, reporters=[], audit=audit)


def ran(run):
    return {each.test.id for each in run.outcomes}


def workflow(**options):
    return testflow.TestWorkflow("all").add_test_selection("shop", {"record": True, **options})


def recorded(shop):
    run = engine(shop).execute(workflow(strategy="all"))
    assert run.ok, run.results
    return {each.test_id for each in run.passed_tests}


@pytest.mark.parametrize("strategy", ["recorded", "change-based"])
def test_of_a_file_those_tests_run_that_a_change_of_a_function_concerns(shop, strategy):
    everything = recorded(shop)
    change(shop, "lib.py", "return 2", "return 1 + 1")
    run = engine(shop, "lib.py").execute(workflow(strategy=strategy))
    example = "shop::tests/test_odd.txt::test_odd.txt"
    assert ran(run) == {f"{NAME}test_two[1]", f"{NAME}test_two[2]", example} < everything
    told = {
        choice.test.name: (choice.selected, choice.reason) for choice in run.choices if "shop.py" in choice.test.file
    }
    assert told["test_two"] == (True, "lib.py: function two changed → it was entered")
    assert told["test_one"] == (False, "nothing that it touched when it was recorded is another now")


def test_a_plan_explains_a_single_test_and_counts_those_that_run(shop):
    recorded(shop)
    change(shop, "lib.py", "return 1", "return 2 - 1")
    plan = engine(shop, "lib.py").plan(workflow())
    assert plan.expected_tests == 1
    assert "function one changed" in str(plan.explain(f"{NAME}test_one"))
    assert "nothing that it touched" in str(plan.explain(f"{NAME}TestRate::test_rate"))


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("base.py", "test_base", "test_other"),
        ("lib.py", "RATE = 1", "RATE = 1 + 1"),
        ("tests/test_shop.py", "lib.one()", "lib.one() + 1"),
    ],
    ids=["a class it inherits from", "a name that nobody in it uses", "itself"],
)
def test_all_of_a_file_run_where_it_may_have_other_tests_now(shop, file, before, after):
    everything = recorded(shop)
    change(shop, file, before, after)
    run = engine(shop, file).execute(workflow())
    found = ran(run)
    if file == "base.py":
        assert found == {
            "shop::tests/test_base.py::TestBase::test_other",
            "shop::tests/test_base.py::test_own",
        }
    elif file == "lib.py":
        assert found == {f"{NAME}TestRate::test_rate"}
    else:
        assert found == {each for each in everything if each.startswith(NAME)}


def test_all_of_a_file_run_where_another_part_of_the_workflow_may_choose_it(shop):
    everything = recorded(shop)
    change(shop, "lib.py", "return 1", "return 2 - 1")
    twice = workflow().add_test_selection("shop", {"strategy": "all", "test_paths": ["tests/test_shop.py"]})
    run = engine(shop, "lib.py").execute(twice)
    assert ran(run) == {each for each in everything if each.startswith(NAME)}


def test_all_of_a_file_run_that_a_rule_chooses(shop):
    everything = recorded(shop)
    change(shop, "lib.py", "return 1", "return 2 - 1")
    rules = [{"source_pattern": "lib.py", "test_pattern": "tests/test_shop.py"}]
    run = engine(shop, "lib.py").execute(workflow(mapping_rules=rules))
    assert ran(run) == {each for each in everything if each.startswith(NAME)}


def test_all_of_a_file_run_of_which_one_failed_last(shop):
    recorded(shop)
    change(shop, "lib.py", "return 1", "return 0 + 0")
    assert not engine(shop, "lib.py").execute(workflow()).ok
    change(shop, "lib.py", "return 0 + 0", "return 1")
    run = engine(shop, "lib.py").execute(workflow())
    assert run.ok
    assert f"{NAME}TestRate::test_rate" in ran(run)


def test_a_run_of_single_tests_is_done_again_as_it_was(shop):
    recorded(shop)
    change(shop, "lib.py", "return 1", "return 2 - 1")
    run = engine(shop, "lib.py").execute(workflow())
    again = engine(shop).execute(replay=run.run_id)
    assert ran(again) == ran(run) == {f"{NAME}test_one"}


def test_an_audit_runs_single_tests_that_were_left_out(shop):
    everything = recorded(shop)
    change(shop, "lib.py", "return 1", "return 2 - 1")
    run = engine(shop, "lib.py", audit=1.0).execute(workflow())
    assert ran(run) == everything
    assert run.ok


def test_all_of_a_file_run_on_demand(shop):
    everything = recorded(shop)
    change(shop, "lib.py", "return 1", "return 2 - 1")
    run = engine(shop, "lib.py").execute(workflow(options={"whole_files": True}))
    assert ran(run) == {each for each in everything if each.startswith(NAME)}


LAZY = """
from functools import cached_property

class Order:
    @cached_property
    def total(self):
        return added()

def added():
    return 3
"""
HOLDING = {
    "a fixture of a module": """
        import pytest
        @pytest.fixture(scope="module")
        def order(): return Order()
        def test_first(order): assert order.total
        def test_second(order): assert order.total
    """,
    "the set-up of a class": """
        import unittest
        class TestOrder(unittest.TestCase):
            @classmethod
            def setUpClass(cls): cls.order = Order()
            def test_first(self): assert self.order.total
            def test_second(self): assert self.order.total
    """,
    "the file": """
        ORDER = Order()
        def test_first(): assert ORDER.total
        def test_second(): assert ORDER.total
    """,
    "a class of the file": """
        class TestOrder:
            order = Order()
            def test_first(self): assert self.order.total
            def test_second(self): assert self.order.total
    """,
}
APART = {
    "a fixture for each test": """
        import pytest
        @pytest.fixture
        def order(): return Order()
        def test_first(order): assert order.total
        def test_second(): pass
    """,
    "a fixture that holds nothing that changes": """
        import pytest
        @pytest.fixture(scope="module", autouse=True)
        def name(tmp_path_factory): return "order"
        def test_first(tmp_path): assert Order().total
        def test_second(tmp_path): pass
    """,
}


WHOLE = {"the file", "a class of the file"}


@pytest.mark.parametrize("holder", HOLDING)
def test_tests_that_share_what_may_keep_something_run_together(shop, holder):
    found = concerned(shop, HOLDING[holder])
    assert found == {"first", "second"} | ({"none"} if holder in WHOLE else set())


@pytest.mark.parametrize("text", APART.values(), ids=list(APART))
def test_tests_that_share_nothing_run_alone(shop, text):
    assert concerned(shop, text) == {"first"}


def concerned(shop, text):
    (shop / "orders.py").write_text(LAZY)
    (shop / "tests" / "test_orders.py").write_text(f"from orders import Order\n{dedent(text)}\ndef test_none(): pass\n")
    recorded(shop)
    change(shop, "orders.py", "return 3", "return 2 + 1")
    run = engine(shop, "orders.py").execute(workflow())
    return {each.rpartition("_")[2] for each in ran(run)}


def test_all_of_a_file_run_that_uses_a_name_which_changed(shop):
    text = "import lib\ndef test_uses(): assert lib.RATE\ndef test_none(): pass\n"
    (shop / "tests" / "test_rates.py").write_text(text)
    recorded(shop)
    change(shop, "lib.py", "RATE = 1", "RATE = 1 + 1")
    found = ran(engine(shop, "lib.py").execute(workflow()))
    assert found >= {"shop::tests/test_rates.py::test_uses", "shop::tests/test_rates.py::test_none"}
