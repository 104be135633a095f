"""Schemas that are read from elsewhere: JSON Schemas, classes, and the tables of databases."""

from testflow_faker_data.schemas.classes import from_class
from testflow_faker_data.schemas.json_schema import from_json_schema
from testflow_faker_data.schemas.postgres import from_postgres
from testflow_faker_data.schemas.sqlite import from_sqlite

__all__ = ["from_class", "from_json_schema", "from_postgres", "from_sqlite"]
