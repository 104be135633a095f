"""From the mappings that people write to the model, every mistake told at once with its path."""

from testflow_core.specs.data_flow import path_text
from testflow_core.specs.declarations import (
    DEPENDENCIES,
    application,
    application_file,
    circle_text,
    cross_app_test,
    dependency,
    entity,
    failure_analysis,
    resources,
    selection,
    service,
)
from testflow_core.specs.structure import key_path, structure, unknown_name

__all__ = [
    "DEPENDENCIES",
    "application",
    "application_file",
    "circle_text",
    "cross_app_test",
    "dependency",
    "entity",
    "failure_analysis",
    "key_path",
    "path_text",
    "resources",
    "selection",
    "service",
    "structure",
    "unknown_name",
]
