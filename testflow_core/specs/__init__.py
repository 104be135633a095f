"""From the mappings that people write to the model, every mistake told at once with its path."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

# At once: each bears the name of its module, which would stand here in its place.
from testflow_core.specs.keeping import keeping
from testflow_core.specs.structure import key_path, structure, unknown_name
from testflow_core.specs.variants import variants

if TYPE_CHECKING:
    from testflow_core.specs.data_flow import path_text
    from testflow_core.specs.declarations import (
        DEPENDENCIES,
        application,
        application_file,
        circle_text,
        cross_app_test,
        dependency,
        duration,
        entity,
        failure_analysis,
        limits,
        resources,
        selection,
        service,
    )
    from testflow_core.specs.manifest import plan_from_json, plan_to_json, version_of_environment
    from testflow_core.specs.runs import quarantine, run_id, shard

__all__ = [
    "DEPENDENCIES",
    "application",
    "application_file",
    "circle_text",
    "cross_app_test",
    "dependency",
    "duration",
    "entity",
    "failure_analysis",
    "keeping",
    "key_path",
    "limits",
    "path_text",
    "plan_from_json",
    "plan_to_json",
    "quarantine",
    "resources",
    "run_id",
    "selection",
    "service",
    "shard",
    "structure",
    "unknown_name",
    "variants",
    "version_of_environment",
]

_HOMES = {
    "data_flow": "path_text",
    "declarations": "DEPENDENCIES application application_file circle_text cross_app_test dependency"
    " duration entity failure_analysis limits resources selection service",
    "manifest": "plan_from_json plan_to_json version_of_environment",
    "runs": "quarantine run_id shard",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """
    A name, from its home, imported when it is asked for.

    Whoever declares test data alone does not wait for what reads workflows.
    """
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
