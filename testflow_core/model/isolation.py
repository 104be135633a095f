"""What tests have of an environment for themselves."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class Scope(StrEnum):
    """Whose it is: all tests' of a workflow, those of one selection, or each test's own."""

    WORKFLOW = "workflow"
    SELECTION = "selection"
    TEST = "test"


class By(StrEnum):
    """How it is kept apart from the rest: an environment of its own, or a database or a schema of a shared one."""

    SERVER = "server"
    DATABASE = "database"
    SCHEMA = "schema"


@frozen(kw_only=True)
class Isolation:
    """What tests have for themselves, and with whom they share it."""

    scope: Scope
    by: By = By.DATABASE
