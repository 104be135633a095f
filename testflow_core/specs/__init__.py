"""From the mappings that people write to the model, every mistake told at once with its path."""

from testflow_core.specs.data_flow import path_text
from testflow_core.specs.declarations import (
    application,
    application_file,
    cross_app_test,
    entity,
    failure_analysis,
    selection,
    service,
)
from testflow_core.specs.structure import key_path, structure, unknown_name

__all__ = [
    "application",
    "application_file",
    "cross_app_test",
    "entity",
    "failure_analysis",
    "key_path",
    "path_text",
    "selection",
    "service",
    "structure",
    "unknown_name",
]
