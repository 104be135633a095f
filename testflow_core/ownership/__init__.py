"""Whom the files of an application belong to, and in which of them a test failed."""

from testflow_core.ownership.code_owners import LIMIT, PLACES, code_owners
from testflow_core.ownership.failing_file import failing_file, file_within
from testflow_core.ownership.parsing import parsed
from testflow_core.ownership.patterns import compiled

__all__ = ["LIMIT", "PLACES", "code_owners", "compiled", "failing_file", "file_within", "parsed"]
