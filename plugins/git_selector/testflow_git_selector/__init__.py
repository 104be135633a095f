"""Selection from changes: git as a source of changes, mapping rules, components."""

from testflow_git_selector.changes import GitChanges
from testflow_git_selector.recorded_selector import SelectByRecord
from testflow_git_selector.selectors import SelectByChange, SelectByComponent, SelectByRules

__all__ = ["GitChanges", "SelectByChange", "SelectByComponent", "SelectByRecord", "SelectByRules"]
