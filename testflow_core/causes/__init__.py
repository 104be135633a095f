"""The causes of a run's failures: which failures have one in common, and what is known of it."""

from testflow_core.causes.explaining import causes_of
from testflow_core.causes.grouping import clusters
from testflow_core.causes.overriding import overridden
from testflow_core.causes.suspects import Suspects
from testflow_core.causes.verdicts import judged

__all__ = ["Suspects", "causes_of", "clusters", "judged", "overridden"]
