"""Versions of data sets: what counts, what differs between two, and the lock that a team commits."""

import json
from pathlib import Path

import pytest
from attrs import evolve

import testflow
from testflow_core import data_lock
from testflow_core.model import ChangeKind, DataIdentity, DataSet, Entity, TestData

USERS = {"id": "sequence", "name": "name", "email": "email"}


def shop(count=3, schema=USERS, orders=True, **given):
    data = testflow.TestData("shop", **given).add_generator("users", {"count": count, "schema": schema})
    return data.add_generator("orders", {"count": 2, "schema": {"id": "uuid"}}) if orders else data


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TESTFLOW_WORKSPACE", raising=False)
    return tmp_path


def version(**given):
    return testflow.generate(shop(**given)).version


@pytest.mark.parametrize(
    "given",
    [
        {"count": 4},
        {"seed": 7},
        {"options": {"locale": "de_DE"}},
        {"schema": {**USERS, "name": "first_name"}},
        {"schema": {**USERS, "phone": "pattern:\\d{4}"}},
        {"schema": {"id": {"type": "sequence", "first": 2}}},
        {"orders": False},
    ],
)
def test_schema_seed_counts_and_options_are_part_of_a_version(given):
    assert version(**given) != version()


def test_where_records_are_put_and_in_which_order_fields_are_named_are_no_part_of_it():
    assert len(version()) == 16
    assert version(destinations={"files": {}}) == version()
    assert version(schema=dict(reversed(USERS.items()))) == version()


def test_what_values_are_drawn_from_is_part_of_a_version():
    identity = testflow.generate(shop()).identity
    assert set(identity.corpus) == {"algorithm", "word lists of en_US"}
    assert evolve(identity, corpus={**identity.corpus, "algorithm": "0"}).version != identity.version
    by_faker = testflow.generate(shop(schema={"iban": "faker:iban"})).identity
    assert by_faker.corpus["Faker"], "another Faker makes other values"


def test_a_secret_of_an_option_is_neither_part_of_a_version_nor_shown():
    one, other = (
        DataIdentity(declared=TestData(name="d", options={"api_key": key, "size": 3})) for key in ("hunter2", "hunter3")
    )
    assert one.version == other.version
    assert "hunter" not in json.dumps(one.form)


def test_a_data_set_that_nobody_has_identified_has_no_version():
    made = DataSet(name="d", records={"users": ({"id": 1},)})
    assert made.version == ""
    assert str(made.diff(made)) == "no version: nothing differs"


def test_a_difference_is_a_value_and_a_text():
    before = testflow.generate(shop())
    after = testflow.generate(
        shop(count=5, seed=7, orders=False, schema={"id": "sequence", "name": "city", "born": "date"})
    )
    found = before.diff(after)
    assert found
    assert found.counts == {"users": (3, 5), "orders": (2, None)}
    assert [(each.path, each.kind) for each in found.changes] == [
        ("$.seed", ChangeKind.CHANGED),
        ("$.generators.users.count", ChangeKind.CHANGED),
        ("$.generators.users.schema.name", ChangeKind.CHANGED),
        ("$.generators.users.schema.email", ChangeKind.REMOVED),
        ("$.generators.users.schema.born", ChangeKind.ADDED),
        ("$.generators.orders", ChangeKind.REMOVED),
    ]
    assert (found.changes[2].entity, found.changes[2].field) == ("users", "name")
    users = found.records["users"]
    assert (users.compared, users.differing, users.fields) == (3, 3, {"name": 3})
    name, city = before.row("users", 0)["name"], after.row("users", 0)["name"]
    assert users.first == (0, "name", name, city)
    assert str(found).splitlines() == [
        f"{before.version} → {after.version}",
        "  $.seed: 20260101 → 7",
        "  $.generators.users.count: 3 → 5",
        '  $.generators.users.schema.name: "name" → "city"',
        '  $.generators.users.schema.email: removed, it was "email"',
        '  $.generators.users.schema.born: added, "date"',
        '  $.generators.orders: removed, it was {"count": 2}',
        f'  users: 3 of 3 records differ (name in 3); the first is users[0].name: "{name}" → "{city}"',
    ]


def test_what_is_added_and_another_name_differ():
    found = testflow.generate(shop(orders=False)).diff(testflow.generate(shop()))
    assert str(found).splitlines()[1:] == ['  $.generators.orders: added, {"count": 2}']
    renamed = testflow.TestData("market").add_generator("orders", {"count": 2, "schema": {"id": "uuid"}})
    found = testflow.generate(shop()).diff(testflow.generate(renamed))
    assert found.changes[0].path == "$.name"
    assert found.records["orders"].differing == 2, "the name is part of what values are drawn from"


def test_nothing_differs_from_the_same_declaration():
    found = testflow.generate(shop()).diff(testflow.generate(shop()))
    assert not found
    assert str(found) == f"{version()}: nothing differs"


def test_records_are_compared_where_no_generator_vouches_for_them():
    one = DataSet(name="d", records={"users": ({"id": 1, "a": 1}, {"id": 2}), "gone": ()})
    other = DataSet(name="d", records={"users": ({"id": 1, "b": 1}, {"id": 3}, {"id": 4})})
    found = one.diff(other)
    assert str(found).splitlines() == [
        "no version → no version",
        "  users: 2 records → 3 records",
        "  gone: 0 records → none",
        "  users: 1 of 2 records differ (id in 1); the first is users[1].id: 2 → 3",
    ]
    same = DataIdentity(declared=TestData(name="d"))
    assert evolve(one, identity=same).diff(evolve(other, identity=same)), "the same declaration, and other records"


def test_a_changed_schema_under_a_pinned_version_is_an_error_that_says_what_changed(workspace):
    pinned = testflow.lock(shop())
    assert pinned == {"shop": version()}
    testflow.check_lock(shop())
    changed = shop(count=4, schema={**USERS, "email": "word"})
    now = testflow.generate(changed, locked=False).version
    with pytest.raises(testflow.SpecError) as caught:
        testflow.generate(changed)
    lock = workspace / "testflow-data.lock"
    told = (
        f"the data set 'shop' is pinned in {lock} at the version {pinned['shop']}, and is {now} now;"
        " to accept what changed, call `testflow.lock(test_data)` and commit the file"
    )
    assert [str(problem) for problem in caught.value.problems] == [
        f"$: {told}",
        "$.generators.users.count: 3 → 4",
        '$.generators.users.schema.email: "email" → "word"',
    ]
    assert testflow.lock(changed) == {"shop": now}
    assert testflow.generate(changed).version == now


def test_what_is_unpinned_is_free_and_the_others_stay(workspace):
    lock = workspace / "testflow-data.lock"
    testflow.lock(shop(), testflow.TestData("other"))
    testflow.unlock("shop")
    testflow.generate(shop(count=4))
    assert list(json.loads(lock.read_text("utf-8"))["data_sets"]) == ["other"]
    testflow.lock(shop(), path=workspace / "second.lock")
    testflow.unlock("shop", path=workspace / "second.lock")
    testflow.unlock("other")
    assert list(workspace.iterdir()) == [], "with nothing in it, there is no lock"


def test_what_is_not_pinned_cannot_be_unpinned_and_nothing_is(workspace):
    testflow.lock(shop())
    with pytest.raises(testflow.SpecError) as caught:
        testflow.unlock("shop", "shpo", "x")
    assert "unknown pinned data set 'shpo'; did you mean 'shop'? (known: shop)" in str(caught.value)
    assert len(caught.value.problems) == 2
    testflow.check_lock(shop())
    with pytest.raises(testflow.SpecError, match="known: none"):
        testflow.unlock("shop", path=workspace / "none.lock")


def test_a_lock_that_cannot_be_removed_is_told(workspace, monkeypatch):
    testflow.lock(shop())

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", forbidden)
    with pytest.raises(testflow.SpecError, match="the lock cannot be removed: Permission denied"):
        testflow.unlock("shop")


def test_a_run_keeps_to_the_lock_of_its_workspace(tmp_path, monkeypatch):
    place = tmp_path / "elsewhere"
    (place / "shop").mkdir(parents=True)
    (place / "shop/test_a.py").write_text("def test_a(): pass\n")
    monkeypatch.setenv("TESTFLOW_WORKSPACE", str(place))
    pinned = testflow.lock(shop())
    engine = testflow.Engine(applications={"shop": {}}, reporters=())
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
    run = engine.execute(workflow, test_data=shop())
    assert run.data == pinned
    for act in (engine.plan, engine.execute):
        with pytest.raises(testflow.SpecError, match="pinned"):
            act(workflow, test_data=shop(seed=7))
    fakes = testflow.Engine(applications={"shop": {}}, plugins="memory")
    fakes.plan(workflow, test_data=shop(seed=7))


def test_data_sets_that_the_lock_does_not_hold_are_free_unless_they_are_asked_for(workspace):
    testflow.lock(testflow.TestData("other"))
    testflow.generate(shop())
    with pytest.raises(testflow.SpecError, match="'shop' is not pinned in"):
        testflow.check_lock(shop())
    with pytest.raises(testflow.SpecError) as caught:
        testflow.check_lock(testflow.TestData("other"), shop(), path=workspace / "third.lock")
    assert [problem.path for problem in caught.value.problems] == ["other: $", "shop: $"]


def test_the_lock_is_a_file_to_read_and_to_merge(workspace):
    testflow.lock(shop(schema={"state": "enum:öffen,zu"}))
    testflow.lock(testflow.TestData("other"))
    text = (workspace / "testflow-data.lock").read_text("utf-8")
    assert "enum:öffen,zu" in text
    assert list(json.loads(text)["data_sets"]) == ["other", "shop"]
    assert [each.name for each in workspace.iterdir()] == ["testflow-data.lock"], "nothing else is left"


def test_types_that_are_mappings_are_pinned_too():
    given = {"id": {"type": "enum", "values": [1, None, {"a": []}]}}
    testflow.lock(shop(schema=given))
    testflow.check_lock(shop(schema=given))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "this is no lock of data sets"),
        ("[]", "this is no lock of data sets"),
        ('{"format": 1, "data_sets": {"shop": {}}}', "this is no lock of data sets"),
        ('{"format": 2}', "the lock has the format 2, not 1"),
        (b"\xff", "the lock cannot be read"),
    ],
)
def test_a_damaged_lock_is_told(workspace, text, told):
    lock = workspace / "testflow-data.lock"
    lock.write_bytes(text if isinstance(text, bytes) else text.encode())
    for act in (testflow.generate, testflow.check_lock, testflow.lock):
        with pytest.raises(testflow.SpecError, match=told) as caught:
            act(shop())
        assert str(lock) in str(caught.value)


def test_a_lock_that_was_edited_is_told_and_is_written_anew_for_what_is_named(workspace):
    testflow.lock(shop(), testflow.TestData("other"))
    lock = workspace / "testflow-data.lock"
    lock.write_text(lock.read_text().replace('"count": 3', '"count": 4'))
    with pytest.raises(testflow.SpecError, match=r"shop: edited by hand, or merged"):
        testflow.generate(shop())
    with pytest.raises(testflow.SpecError, match="edited by hand"):
        testflow.lock(testflow.TestData("third"))
    testflow.lock(shop())
    testflow.check_lock(shop(), testflow.TestData("other"))


def test_a_lock_that_cannot_be_written_is_told(workspace):
    (workspace / "file").touch()
    with pytest.raises(testflow.SpecError, match="the lock cannot be"):
        testflow.lock(shop(), path=workspace / "file/testflow-data.lock")


def test_a_generator_that_names_no_corpus_is_identified_by_what_is_declared():
    identity = data_lock.identity(TestData(name="d", entities={"a": Entity(count=1, schema={})}), object())
    assert identity.corpus == {}
    assert identity.version
