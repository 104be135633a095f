"""Declarations as JSON and back."""

from testflow_core.model import Entity, TestData
from testflow_core.specs.manifest import from_json, to_json


def test_declared_data_comes_back_with_types_in_both_forms():
    schema = {"id": "uuid", "sum": {"type": "decimal", "min": "0.00", "max": "9.99"}}
    destinations = {"postgres": {"url": "{db.url}", "schemas": ["shop.sql"]}}
    data = TestData(name="shop", entities={"users": Entity(count=3, schema=schema)}, destinations=destinations)
    assert from_json(to_json(data), TestData) == data
