"""Several environments, and several variants of one: which tests run in which, and what is told apart."""

from contextlib import contextmanager
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve
from memory_runs import CART, ORDERS, TESTS, engine, flow

import testflow
from testflow_core.builtin.reporters.junit import JUnitReporter
from testflow_core.builtin.reporters.markdown import MarkdownReporter
from testflow_core.errors import ProvisionError, SpecError
from testflow_core.model import Endpoint, Status, TestCase
from testflow_core.testing import MemoryProvisioner, MemoryRunner, MemorySelector

ONE = {"api": ("tests/orders.py",), "web": ("src/Cart.test.js",)}
DB = {"type": "postgres", "version": "13", "config": {"user": "shop", "database": "shop"}}


def shop_db():
    return testflow.Environment("shop").add_service("db", DB)


def variants(**overrides):
    given = {
        name: {"db": {"version": version}} for name, version in (overrides or {"pg14": "14", "pg15": "15"}).items()
    }
    return shop_db().variants(given)


def api(**selection):
    return testflow.TestWorkflow("w").add_test_selection("api", {"strategy": "all", **selection})


class Versions(MemoryProvisioner):
    """Tells each service's version; those of `broken` do not come up. The password is another in each."""

    @contextmanager
    def provision(self, environment, site):
        version = environment.services["db"].version
        if version == "15-broken":
            raise ProvisionError("db did not come up", service="db", logs={"db": "FATAL: no fifteen"})
        with super().provision(environment, site) as there:
            self.events.append(("version", version))
            endpoints = {"db": Endpoint(host="h", password=f"s3cret-{version}")}
            yield evolve(there, endpoints=endpoints, variables={"VERSION": version}, warnings=(f"is {version}",))


class Telling(MemoryRunner):
    """Each test says which version it was given; what it prints is the password of all of them."""

    def session(self, bench):
        return _telling(super().session(bench))


@contextmanager
def _telling(inner):
    with inner as session:
        run = session.run

        def told(batch):
            for outcome in run(batch):
                version = batch.variables.get("VERSION", "none")
                yield evolve(outcome, stdout=f"{version} s3cret-14 s3cret-15")

        session.run = told
        yield session


def ran(run):
    return sorted((result.label, str(result.status)) for result in run.results)


def test_each_test_runs_once_in_each_variant_with_what_is_its_own_and_no_secret_of_either_is_told(shop):
    provisioner = Versions()
    run = engine(Telling(tests=ONE), provisioner, applications=shop).execute(api(), variants())
    assert ran(run) == [(f"{ORDERS} [pg14]", "passed"), (f"{ORDERS} [pg15]", "passed")]
    assert {each.test_id for each in run.results} == {ORDERS}
    assert {each.variant for each in run.results} == {"pg14", "pg15"}
    told = {each.test.variant: each.stdout for each in run.outcomes}
    assert told == {"pg14": "14 ******** ********", "pg15": "15 ******** ********"}
    assert provisioner.events == [
        ("up", "shop"), ("version", "14"), ("up", "shop"), ("version", "15"), ("down", "shop"), ("down", "shop")
    ]  # fmt: skip
    assert {"provision shop [pg14]", "provision shop [pg15]"} <= run.phases.keys()
    assert set(run.warnings) == {"shop [pg14]: is 14", "shop [pg15]: is 15"}
    assert run.provisioner.startswith("memory (")


def test_a_variant_that_does_not_come_up_costs_its_tests_alone(shop):
    run = engine(Telling(tests=ONE), Versions(), applications=shop).execute(
        api(), variants(pg14="14", pg15="15-broken")
    )
    assert ran(run) == [(f"{ORDERS} [pg14]", "passed"), (f"{ORDERS} [pg15]", "error")]
    (failure,) = run.failed_tests
    assert "the environment 'shop [pg15]' did not come up" in failure.reason
    assert "no fifteen" in failure.logs


def test_what_needs_no_environment_runs_once(shop):
    run = engine(Telling(tests=ONE), Versions(), applications=shop).execute(api(environment=False), variants())
    assert ran(run) == [(ORDERS, "passed")]
    assert run.phases.keys().isdisjoint({"provision", "provision shop [pg14]"})


def test_a_flow_runs_whole_in_each_variant(shop):
    run = engine(Telling(tests=TESTS), Versions(), applications=shop).execute(flow(), variants())
    assert all(result.status is Status.PASSED for result in run.results), ran(run)
    assert {each.test.variant for each in run.outcomes} == {"pg14", "pg15"}
    assert len(run.outcomes) == 2 * len({each.test.id for each in run.outcomes})


def test_a_failure_in_one_variant_is_its_own_and_stops_what_waits_for_it_there_alone(shop):
    class Breaking(Telling):
        def session(self, bench):
            return _breaking(super().session(bench))

    workflow = api().add_test_selection("web", {"strategy": "all"}).add_dependency(CART, ORDERS)
    run = engine(Breaking(tests=ONE), Versions(), applications=shop).execute(workflow, variants())
    found = dict(ran(run))
    assert (found[f"{ORDERS} [pg14]"], found[f"{ORDERS} [pg15]"]) == ("passed", "failed")
    assert (found[f"{CART} [pg14]"], found[f"{CART} [pg15]"]) == ("passed", "skipped")
    (skipped,) = [each for each in run.results if each.status is Status.SKIPPED]
    assert f"{ORDERS} [pg15] failed" in skipped.reason


@contextmanager
def _breaking(inner):
    with inner as session:
        run = session.run

        def told(batch):
            for outcome in run(batch):
                bad = outcome.test.id == ORDERS and batch.variables["VERSION"] == "15"
                yield evolve(outcome, status=Status.FAILED, message="x") if bad else outcome

        session.run = told
        yield session


class TestSeveral:
    def test_each_selection_runs_in_the_one_it_names(self, shop):
        other = testflow.Environment("other").add_service("db", {"type": "postgres", "version": "9"})
        workflow = api(environment="other").add_test_selection("web", {"strategy": "all", "environment": "shop"})
        run = engine(Telling(tests=ONE), Versions(), applications=shop).execute(workflow, [shop_db(), other])
        versions = {each.test.application: each.stdout.split()[0] for each in run.outcomes}
        assert versions == {"api": "9", "web": "13"}
        assert {each.variant for each in run.results} == {""}

    def test_only_those_that_are_needed_go_up(self, shop):
        provisioner = Versions()
        other = testflow.Environment("other").add_service("db", {"type": "postgres", "version": "9"})
        engine(Telling(tests=ONE), provisioner, applications=shop).execute(api(environment="other"), [shop_db(), other])
        assert provisioner.events == [("up", "other"), ("version", "9"), ("down", "other")]

    @pytest.mark.parametrize(
        ("selection", "environments", "message"),
        [
            ({"environment": "shpo"}, [shop_db()], "selections.api.environment: unknown environment 'shpo'; did"),
            ({"environment": "shop"}, None, "unknown environment 'shop' (known: none)"),
            ({}, [shop_db(), testflow.Environment("b")], "say which of the environments it needs ('shop', 'b')"),
            ({}, [shop_db(), shop_db()], "$.environments[1]: a name that is given twice"),
            ({}, [shop_db(), variants()], "$.environments[1]: a name that is given twice"),
        ],
    )  # fmt: skip
    def test_a_name_that_is_unknown_missing_or_borne_twice_is_a_mistake(self, shop, selection, environments, message):
        with pytest.raises(SpecError) as raised:
            engine(applications=shop).plan(api(**selection), environments)
        assert message in str(raised.value)

    def test_neither_true_nor_false_nor_a_name_is_a_mistake(self):
        with pytest.raises(SpecError, match=r"environment: expected True, False or the name of an environment, got 3"):
            api(environment=3)


class TestDeclaring:
    def test_config_and_env_are_merged_entry_by_entry_and_the_rest_replaced(self):
        (value,) = (
            shop_db().variants({"v": {"db": {"version": "15", "config": {"user": "me"}, "env": {"A": "b"}}}}).values
        )
        db = value.services["db"]
        assert (db.version, db.config, db.env) == ("15", {"user": "me", "database": "shop"}, {"A": "b"})
        assert value.label == "shop [v]"

    def test_all_mistakes_are_told_at_once_with_their_paths(self):
        with pytest.raises(SpecError) as raised:
            shop_db().variants({"a": {"bd": {}}, "b": {"db": {"versoin": "1"}}, "c": {"db": 3}, "d": 4, "": {}})
        paths = [problem.path for problem in raised.value.problems]
        assert paths == ["$.variants.a.bd", "$.variants.b.db.versoin", "$.variants.c.db", "$.variants.d", "$.variants"]
        assert "unknown service 'bd' (known: db)" in str(raised.value)

    @pytest.mark.parametrize("given", [{}, [], "pg14"])
    def test_no_variant_is_a_mistake(self, given):
        with pytest.raises(SpecError, match=r"\$\.variants: "):
            shop_db().variants(given)


class TestHistory:
    def test_each_variant_has_a_past_of_its_own(self, shop):
        class Breaking(Telling):
            def session(self, bench):
                return _breaking(super().session(bench))

        runs = engine(Breaking(tests=ONE), Versions(), applications=shop)
        runs.execute(api(), variants())
        past = runs._engine.history.past(["api"])
        (tracks,) = past.tracks.values()
        assert {each.test.variant: each.last_status for each in tracks} == {
            "pg14": Status.PASSED,
            "pg15": Status.FAILED,
        }
        test = TestCase.from_id(ORDERS)
        assert len(past.of(test)) == 2
        assert [each.last_status for each in past.of(evolve(test, variant="pg15"))] == [Status.FAILED]

    def test_what_another_variant_did_is_no_reason_to_run_a_test(self, shop):
        seen = []

        class Watching(MemorySelector):
            def select(self, tests, context):
                seen.append({track.test.variant for test in tests for track in context.past.of(test)})
                return super().select(tests, context)

        runs = engine(Telling(tests=ONE), Versions(), Watching(), applications=shop)
        for environment in (variants(), variants(), variants(pg14="14"), shop_db()):
            runs.execute(api(), environment)
        # A selector is asked for each run, and once more for what is urgent in it.
        assert [each for each in seen if each] == [{"pg14", "pg15"}, {"pg14", "pg15"}, {"pg14"}, {"pg14"}]


def test_reports_tell_the_variants_apart(shop, tmp_path):
    class Breaking(Telling):
        def session(self, bench):
            return _breaking(super().session(bench))

    run = engine(Breaking(tests=ONE), Versions(), applications=shop).execute(api(), variants())
    run = evolve(run, reports=tmp_path)
    for reporter in (JUnitReporter(), MarkdownReporter()):
        reporter.report(run)
    cases = ET.parse(tmp_path / "junit.xml").iter("testcase")  # noqa: S314 - our own
    assert {(case.get("name"), case.find("failure") is not None) for case in cases} == {
        ("tests/orders.py [pg14]", False),
        ("tests/orders.py [pg15]", True),
    }
    assert f"{ORDERS} [pg15]" in "".join(file.read_text() for file in tmp_path.glob("*.md"))
