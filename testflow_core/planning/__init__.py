"""From a declaration to a plan; nothing is started."""

from testflow_core.planning.adapting import adaptation
from testflow_core.planning.applications import name_trees, runner_name
from testflow_core.planning.auditing import Auditing
from testflow_core.planning.choices import certain
from testflow_core.planning.conditions import name_conditions
from testflow_core.planning.declaration import Declaration
from testflow_core.planning.plan import make_plan
from testflow_core.planning.repeating import repeated
from testflow_core.planning.replaying import declared, missing, replaying

__all__ = [
    "Auditing",
    "Declaration",
    "adaptation",
    "certain",
    "declared",
    "make_plan",
    "missing",
    "name_conditions",
    "name_trees",
    "repeated",
    "replaying",
    "runner_name",
]
