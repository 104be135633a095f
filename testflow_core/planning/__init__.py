"""From a declaration to a plan; nothing is started."""

from testflow_core.planning.declaration import Declaration
from testflow_core.planning.plan import make_plan
from testflow_core.planning.provisioners import ChosenProvisioner, choose_provisioner

__all__ = ["ChosenProvisioner", "Declaration", "choose_provisioner", "make_plan"]
