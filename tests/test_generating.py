"""`testflow.generate`: test data without a run."""

import pytest

import testflow


@pytest.fixture
def shop():
    data = testflow.TestData("shop")
    data.add_generator("users", {"count": 50, "schema": {"id": "uuid", "name": "name"}})
    return data.add_generator("orders", {"count": 3, "schema": {"buyer": "ref:users.id"}})


def test_a_data_set_is_a_mapping_of_each_entity_to_its_records(shop):
    made = testflow.generate(shop)
    assert {entity: len(records) for entity, records in made.items()} == {"users": 50, "orders": 3}
    assert {order["buyer"] for order in made["orders"]} <= {user["id"] for user in made["users"]}


def test_a_single_record_is_the_one_that_stands_among_all(shop):
    made = testflow.generate(shop)
    assert made.row("users", 41) == list(made["users"])[41]
    with pytest.raises(KeyError):
        made.row("user", 0)
    with pytest.raises(IndexError):
        made.row("users", 50)


def test_every_mistake_is_told_with_its_path(shop):
    shop.add_generator("more", {"count": 2, "schema": {"a": "uid", "c": "ref:user.id"}})
    with pytest.raises(testflow.SpecError) as caught:
        testflow.generate(shop)
    assert [problem.path[-8:] for problem in caught.value.problems] == ["schema.a", "schema.c"]
