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
    limits,
    resources,
    selection,
    service,
)
from testflow_core.specs.keeping import keeping
from testflow_core.specs.manifest import plan_from_json, plan_to_json
from testflow_core.specs.structure import key_path, structure, unknown_name
from testflow_core.specs.variants import variants

__all__ = [
    "DEPENDENCIES",
    "application",
    "application_file",
    "circle_text",
    "cross_app_test",
    "dependency",
    "entity",
    "failure_analysis",
    "keeping",
    "key_path",
    "limits",
    "path_text",
    "plan_from_json",
    "plan_to_json",
    "resources",
    "selection",
    "service",
    "structure",
    "unknown_name",
    "variants",
]
