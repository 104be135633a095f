"""The selector `history`: what comes first, what fits into a time, and what a run so far makes of it."""

from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from testflow_core import specs
from testflow_core.builtin.selectors.history import Mode, OrderByHistory
from testflow_core.errors import SpecError
from testflow_core.model import Change, Choice, Context, Outcome, Past, Status, TestCase, Track
from testflow_core.model.causes import cause_of

FILE = "tests/test_cart.py"


def case(name=None, file=FILE):
    return TestCase(application="shop", file=file, name=name)


def track(name, verdicts="." * 10, *, seconds=0.1, file=FILE, failed_in=()):
    return Track(
        test=case(name, file),
        runs=len(verdicts),
        failures=len(verdicts) - verdicts.count("."),
        last_status=Status.PASSED if verdicts.startswith(".") else Status.FAILED,
        mean_duration=seconds,
        verdicts=verdicts,
        failed_in=failed_in,
    )


def past(*tracks):
    files = {}
    for each in tracks:
        files.setdefault(("shop", each.test.file), []).append(each)
    return Past(tracks={key: tuple(found) for key, found in files.items()})


def names(choices):
    return [choice.test.name for choice in sorted(choices, key=lambda choice: -choice.priority)]


def chosen(tests, *tracks, **options):
    return list(OrderByHistory(**options).select(tests, Context(past=past(*tracks))))


def test_what_failed_of_late_and_what_fails_often_comes_before_what_never_failed():
    tracks = {
        "always": track("always", "F" * 10),
        "broken now": track("broken now", "F........."),
        "repaired": track("repaired", "......FF"),
        "failed once": track("failed once", ".........F"),
        "steady": track("steady"),
    }
    found = chosen([case(name) for name in reversed([*tracks, "new"])], *tracks.values())
    assert all(choice.selected for choice in found)
    assert names(found) == ["always", "new", "broken now", "repaired", "failed once", "steady"]


@given(st.text(".F", min_size=1, max_size=70), st.integers(0, 69))
def test_one_more_failure_is_never_less_likely_to_fail_again(verdicts, place):
    place %= len(verdicts)
    worse = f"{verdicts[:place]}F{verdicts[place + 1 :]}"
    (before,), (after,) = (chosen([case("a")], track("a", each), track("b")) for each in (verdicts, worse))
    assert 0 < before.priority <= after.priority < 100


def test_a_track_without_verdicts_goes_by_its_last_status_and_its_rate():
    bare = [
        Track(test=case(name), runs=10, failures=failures, last_status=last, mean_duration=0.1)
        for name, failures, last in (
            ("shaky", 3, Status.PASSED),
            ("broken", 3, Status.ERROR),
            ("steady", 0, Status.PASSED),
        )
    ]
    assert names(chosen([each.test for each in bare], *bare)) == ["broken", "shaky", "steady"]


def test_history_gives_its_reasons():
    found = chosen(
        [case("broken"), case("new"), case("shaky"), case()], track("broken", "F...."), track("shaky", ".F..F")
    )
    assert [choice.reason for choice in found] == [
        "failed in its last run, and in 1 of 5 runs",
        "never ran",
        "failed in 2 of 5 runs",
        "its test broken failed in its last run, and in 1 of 5 runs",
    ]


def test_a_file_is_as_likely_to_fail_as_its_most_likely_test():
    tracks = track("steady"), track("shaky", "..F..")
    (whole,) = chosen([case()], *tracks)
    assert whole.priority == max(choice.priority for choice in chosen([case("steady"), case("shaky")], *tracks))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ("tests/test_cart.py", "its file changed"),
        ("shop/cart.py", "named like shop/cart.py, which changed"),
        ("tests/fixtures.json", "beside tests/fixtures.json, which changed"),
    ],
)
@pytest.mark.parametrize("field", ["change", "changes"])
def test_what_is_near_to_the_change_comes_first_and_says_so(changed, reason, field):
    change = Change(application="shop", files=(changed,), reason="declared")
    far = track("far", file="other/test_menu.py")
    context = Context(past=past(track("near"), far), **{field: {"shop": change} if field == "changes" else change})
    near, other = OrderByHistory().select([case("near"), far.test], context)
    assert near.priority > other.priority
    assert near.reason == f"{reason}; failed in 0 of 10 runs"
    assert other.reason == "failed in 0 of 10 runs"


@pytest.mark.parametrize("changed", ["shop/__init__.py", "README.md", "web/index.js"])
def test_what_is_named_after_nothing_is_near_to_nothing(changed):
    change = Change(application="shop", files=(changed,), reason="declared")
    context = Context(change=change)
    for file in ("tests/__init__.py", "tests/index.test.js", "tests/test_cart.py"):
        (choice,) = OrderByHistory().select([case(file=file)], context)
        assert choice.reason == "never ran"


def test_cost_aware_puts_what_shows_more_per_second_first():
    slow, quick = track("slow", "FF..", seconds=60.0), track("quick", "..F.", seconds=0.5)
    tests = [slow.test, quick.test]
    assert names(chosen(tests, slow, quick)) == ["slow", "quick"]
    assert names(chosen(tests, slow, quick, mode=Mode.COST_AWARE)) == ["quick", "slow"]


def budget(seconds, tests, *tracks, **fields):
    selector = OrderByHistory(mode=Mode.BUDGET, max_duration=timedelta(seconds=seconds))
    context = Context(past=past(*tracks), **fields)
    return {choice.test.name: choice for choice in selector.select(tests, context)}, list(
        selector.warnings(tests, context)
    )


def test_a_budget_is_filled_with_what_shows_most_per_second():
    tracks = track("slow", ".F..", seconds=60.0), track("shaky", ".F..", seconds=5.0), track("steady", seconds=4.0)
    found, warnings = budget(10, [each.test for each in tracks], *tracks)
    assert {name: choice.selected for name, choice in found.items()} == {"slow": False, "shaky": True, "steady": True}
    assert found["slow"].reason.startswith("left out of the budget of 10 s, of which 9 s are taken: a chance of ")
    assert found["slow"].reason.endswith("to fail for 60 s (failed in 1 of 4 runs)")
    assert warnings == []


def test_what_must_run_is_never_left_out_of_a_budget():
    tracks = track("broken", "F...", seconds=30.0), track("steady", seconds=4.0), track("changed", file="tests/new.py")
    change = Change(application="shop", files=("tests/new.py",), reason="declared")
    tests = [*(each.test for each in tracks), case("never seen", "tests/other.py")]
    found, (warning,) = budget(10, tests, *tracks, change=change)
    assert [name for name, choice in found.items() if not choice.selected] == ["steady"]
    assert warning.startswith("what failed last, never ran or was changed takes 41.5 s, more than the budget of 10 s")


@given(
    st.lists(st.tuples(st.sampled_from([".", "F"]), st.floats(0.01, 100)), min_size=1, max_size=20),
    st.floats(0.1, 300),
)
def test_a_budget_is_kept_by_all_that_need_not_run(drawn, seconds):
    tracks = [track(str(n), f"{last}...", seconds=taken) for n, (last, taken) in enumerate(drawn)]
    found, warnings = budget(seconds, [each.test for each in tracks], *tracks)
    must = sum(each.mean_duration for each in tracks if each.last_status.failing)
    used = sum(each.mean_duration for each in tracks if found[each.test.name].selected)
    assert all(found[each.test.name].selected for each in tracks if each.last_status.failing)
    assert used <= max(must, seconds) + 1e-6
    if abs(must - seconds) > 1e-6:
        assert bool(warnings) == (must > seconds)


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"mode": "budget"}, "$.max_duration"),
        ({"max_duration": "10m"}, "$.max_duration"),
        ({"mode": "fastest"}, "$.mode"),
        ({"mode": "budget", "max_duration": "soon"}, "$.max_duration"),
    ],
)
def test_options_that_do_not_fit_are_named(options, path):
    with pytest.raises(SpecError) as raised:
        specs.structure(options, OrderByHistory)
    assert [problem.path for problem in raised.value.problems] == [path]


def test_without_a_budget_there_is_nothing_to_warn_of():
    assert OrderByHistory().warnings([case("a")], Context(past=past(track("a", "F...")))) == ()


def test_a_test_is_as_likely_to_fail_as_in_the_variant_where_it_is_most_likely():
    shaky = track("login", "F.F.")
    firefox = evolve(shaky, test=evolve(shaky.test, variant="firefox"))
    found = chosen([case("login"), case("menu")], track("login"), firefox, track("menu", ".F.."))
    assert names(found) == ["login", "menu"]


def test_a_budget_is_declared_in_words():
    selector = specs.structure({"mode": "budget", "max_duration": "10m"}, OrderByHistory)
    assert selector == OrderByHistory(mode=Mode.BUDGET, max_duration=timedelta(minutes=10))


TOGETHER = (
    track("login", "F.F.", failed_in=(4, 2), file="a.py"),
    track("logout", "F.F.", failed_in=(4, 2), file="b.py"),
    track("menu", ".F..", failed_in=(3,), file="c.py"),
)


def adapting(*tracks, tests=None):
    context = Context(past=past(*tracks))
    selector = OrderByHistory()
    choices = list(selector.select(tests or [each.test for each in tracks], context))
    return {choice.test: choice for choice in choices}, selector.adaptation(choices, context)


def ended(test, status=Status.FAILED, **fields):
    return Outcome(test=test, status=status, **fields)


def test_a_failure_raises_what_failed_together_with_it_before():
    before, adapted = adapting(*TOGETHER)
    (changed,) = adapted([ended(TOGETHER[0].test)])
    assert changed.test == TOGETHER[1].test
    assert changed.priority > before[changed.test].priority
    assert changed.reason.endswith("shop::a.py::login failed in this run, and both failed in 2 of 2 runs")


def test_a_pass_lowers_what_failed_together_with_it_before():
    before, adapted = adapting(*TOGETHER)
    (changed,) = adapted([ended(TOGETHER[0].test, Status.PASSED)])
    assert changed.priority < before[changed.test].priority


def test_a_failure_raises_the_rest_of_its_file_once():
    here = track("one"), track("two"), track("far", file="other.py")
    before, adapted = adapting(*here)
    (changed,) = adapted([ended(here[0].test)])
    assert changed.test == here[1].test
    assert changed.priority > before[changed.test].priority
    assert list(adapted([ended(here[0].test)])) == []


REFUSED = "ConnectionRefusedError: 127.0.0.1:5432"


def said(name, *messages):
    return evolve(track(name, "F.", failed_in=(), file=f"{name}.py"), causes=tuple(map(cause_of, messages)))


def test_a_failure_raises_what_failed_with_its_message_in_any_run_once():
    here = track("one"), said("always", REFUSED), said("once", REFUSED, "KeyError: 'id'"), said("never", "KeyError: 1")
    before, adapted = adapting(*here)
    failed = ended(here[0].test, message="ConnectionRefusedError: 127.0.0.1:40117")
    changed = {choice.test.name: choice for choice in adapted([failed])}
    assert changed.keys() == {"always", "once"}
    raised = {name: choice.priority - before[choice.test].priority for name, choice in changed.items()}
    assert raised["always"] > raised["once"] > 0
    assert changed["once"].reason.endswith("failed in this run, with the message of 1 of its 2 failures")
    assert list(adapted([failed])) == []


def test_a_message_with_which_everything_failed_says_nothing_of_any_two_tests():
    _, adapted = adapting(track("one"), *(said(f"t{number}", REFUSED) for number in range(250)))
    assert list(adapted([ended(track("one").test, message=REFUSED)])) == []


@pytest.mark.parametrize(
    "message", ["", "assert 1 == 2", "AssertionError: 500 != 200", "expect(received).toBe(expected)", "  \n"]
)
def test_what_an_assertion_says_is_no_cause_of_other_failures(message):
    here = track("one"), said("other", message)
    _, adapted = adapting(*here)
    assert list(adapted([ended(here[0].test, message=message)])) == []


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.UNAVAILABLE, Status.INTERRUPTED])
def test_what_came_to_no_verdict_says_nothing(status):
    _, adapted = adapting(*TOGETHER)
    assert list(adapted([ended(TOGETHER[0].test, status)])) == []


def test_a_run_in_which_everything_failed_says_nothing_of_any_two_tests():
    tracks = [track(str(n), "F...", failed_in=(1,), file=f"t{n}.py") for n in range(250)]
    _, adapted = adapting(*tracks)
    assert list(adapted([ended(tracks[0].test)])) == []


def test_a_failure_in_a_variant_is_heard_of_the_test():
    _, adapted = adapting(*TOGETHER)
    heard = TestCase(application="shop", file="a.py", name="login", variant="")
    in_variant = TestCase(application="shop", file="a.py", name="login", variant="v15")
    assert list(adapted([ended(in_variant)])) == list(adapting(*TOGETHER)[1]([ended(heard)]))


def test_files_are_raised_by_tests_of_other_files():
    tests = [case(file=each.test.file) for each in TOGETHER]
    before, adapted = adapting(*TOGETHER, tests=tests)
    (changed,) = adapted([ended(TOGETHER[0].test)])
    assert changed.test == case(file="b.py")
    assert isinstance(changed, Choice)
    assert changed.priority > before[changed.test].priority


def test_tests_of_a_file_need_not_stand_together():
    tests = [TestCase(application="shop", file=f"test_{number % 2}.py", name=f"t{number}") for number in range(6)]
    tracks = {}
    for test in tests:
        failures = int(test.name.removeprefix("t"))
        track = Track(test=test, runs=10, failures=failures, last_status=Status.PASSED, mean_duration=1.0)
        tracks.setdefault((test.application, test.file), []).append(track)
    past = Past(tracks={key: tuple(found) for key, found in tracks.items()})
    reasons = [choice.reason for choice in OrderByHistory().select(tests, Context(past=past))]
    assert reasons == [f"failed in {number} of 10 runs" for number in range(6)]
