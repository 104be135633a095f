"""From a declaration to a plan; nothing is started."""

from testflow_core.planning.declaration import Declaration
from testflow_core.planning.plan import make_plan

__all__ = ["Declaration", "make_plan"]
