"""One whole declaration of each kind: every key that an author may write, with a value that holds."""

import copy
from collections.abc import Callable, Mapping
from typing import TypeAlias

import pytest

from testflow_core import specs
from testflow_core.errors import SpecError

Declare: TypeAlias = Callable[[object], object]
Mistakes: TypeAlias = Callable[[Callable[[], object]], dict[str, str]]

READINESS = {"http": "/health", "log": "ready", "exec": ["true"], "timeout": "30s"}

TERMS = {
    "kind": "performance",
    "attempts": 1,
    "repeat": 3,
    "max_duration": "2s",
    "max_slowdown": 1.5,
    "resources": {"chrome": 1},
    "idempotent": False,
    "environment": True,
    "isolation": {"scope": "selection", "by": "schema"},
    "data": False,
    "owner": "shop-team",
}

WHOLE: Mapping[str, tuple[Declare, str, dict[str, object]]] = {
    "application": (
        lambda mapping: specs.application("shop", mapping),
        "$.applications.shop",
        {
            "repository": "github.com/example/shop",
            "path": "checkouts/shop",
            "test_command": "pytest {test_path}",
            "changed_files": ["src/cart.py"],
            "base": "main",
            "depends_on": ["users"],
            "python": "python3.12",
            "start": {"command": "python -m shop", "readiness": READINESS, "env": {"MODE": "test"}},
            "test_files": ["tests/*.py"],
            "interface": ["api/*.proto"],
            "artifacts": ["shots/*.png"],
        },
    ),
    "service": (
        lambda mapping: specs.service("db", mapping),
        "$.services.db",
        {
            "type": "postgres",
            "version": "16",
            "image": "postgres:16",
            "command": ["postgres", "-N", "20"],
            "ports": {"5432": 0},
            "env": {"LANG": "C"},
            "depends_on": ["cache"],
            "readiness": READINESS,
            "config": {"schemas": ["shop.sql"], "limits": {"connections": 20}},
        },
    ),
    "entity": (
        lambda mapping: specs.entity("users", mapping),
        "$.generators.users",
        {"count": 3, "schema": {"id": "uuid"}},
    ),
    "selection": (
        lambda mapping: specs.selection("shop", mapping),
        "$.test_selections.shop",
        {
            "strategy": "change-based",
            "test_paths": ["tests/"],
            "mapping_rules": [{"source_pattern": "src/(.*).py", "test_pattern": "tests/test_{1}.py"}],
            "options": {"depth": 2},
            "timeout": 60,
            "record": True,
            **TERMS,
        },
    ),
    "cross_app_test": (
        lambda mapping: specs.cross_app_test("checkout", mapping),
        "$.cross_app_tests.checkout",
        {
            "steps": [
                {"app": "users", "test": "tests/test_auth.py::test_login", "name": "login", "faults": []},
                {"app": "shop", "test": "tests/test_cart.py::test_pay", "name": "pay", "faults": []},
            ],
            "data_flow": {"token": {"from": "users.login.return.token", "to": "shop.pay.headers.Authorization"}},
            "timeout": "10m",
            **TERMS,
        },
    ),
    "failure_analysis": (
        specs.failure_analysis,
        "$.failure_analysis",
        {
            "categories": [{"name": "network", "patterns": ["timed? out", "refused"]}],
            "routing": {"network": "platform"},
            "default_team": "quality",
            "new_after": "5d",
            "analyzer": "regex",
            "router": "table",
            "options": {"limit": 3},
        },
    ),
}


@pytest.fixture(params=sorted(WHOLE))
def declaration(request: pytest.FixtureRequest) -> tuple[Declare, str, dict[str, object]]:
    """Each kind of declaration in turn: the function that reads it, the path of its root, a whole mapping."""
    return copy.deepcopy(WHOLE[request.param])


@pytest.fixture
def whole() -> Callable[[str], tuple[Declare, str, dict[str, object]]]:
    """A kind of declaration by its name."""
    return lambda kind: copy.deepcopy(WHOLE[kind])


@pytest.fixture
def mistakes() -> Mistakes:
    """The mistakes that a call tells, message by path; a path is told once."""

    def told(call: Callable[[], object]) -> dict[str, str]:
        with pytest.raises(SpecError) as raised:
            call()
        found = {problem.path: problem.message for problem in raised.value.problems}
        assert len(found) == len(raised.value.problems)
        return found

    return told
