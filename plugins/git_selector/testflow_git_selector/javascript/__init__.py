"""What JavaScript and TypeScript files of a checkout import, read by tree-sitter."""

from testflow_git_selector.javascript.functions import changed_functions
from testflow_git_selector.javascript.graph import ScriptGraph
from testflow_git_selector.javascript.lock_files import is_script_lock
from testflow_git_selector.javascript.manifests import is_manifest
from testflow_git_selector.javascript.reading import survey
from testflow_git_selector.javascript.source import is_script
from testflow_git_selector.javascript.syntax import is_the_same

__all__ = ["ScriptGraph", "changed_functions", "is_manifest", "is_script", "is_script_lock", "is_the_same", "survey"]
