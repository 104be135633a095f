"""Which changes of applications that one uses select its tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from changed_projects import commit, put
from testflow_git_selector import GitChanges, SelectByChange

from testflow_core.model import Application, Change, Context, Provider, TestCase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

API = {
    "shop/prices.py": "from shop import ab_test\n",
    "shop/ab_test.py": "SHARE = 1\n",
    "shop/test_prices.py": "from shop import prices\n",
    "src/api.js": "require('./openapi.spec')\n",
    "src/openapi.spec.js": "exports.version = 1\n",
    "src/api.test.js": "require('./api')\n",
    "src/__tests__/data.json": "1\n",
    "run.py": "import shop\n",
    "openapi.spec.json": "{}\n",
    "docs/api.md": "one\n",
}


def concerned(checkout: Path, change: Mapping[str, str | None], interface: tuple[str, ...] | None = None) -> bool:
    """Whether the test of a user of the application runs."""
    put(checkout, {file: text for file, text in change.items() if text is not None})
    api = Application(name="api", path=checkout, interface=interface)
    return selected(Provider(application=api, change=GitChanges().changes(api), chain=("web", "api")))


def selected(provider: Provider) -> bool:
    change = Change(application="web", files=(), reason="declared")
    context = Context(application=Application(name="web"), change=change, providers=(provider,))
    context = evolve(context, evidence=SelectByChange().gather(context))
    (choice,) = SelectByChange().select([TestCase(application="web", file="test_web.py")], context)
    return choice.selected


@pytest.fixture
def api(tmp_path: Path) -> Path:
    put(tmp_path / "api", API)
    commit(tmp_path / "api")
    return tmp_path / "api"


@pytest.mark.parametrize("file", ["docs/api.md", "shop/test_prices.py", "src/api.test.js", "src/__tests__/data.json"])
def test_prose_and_what_belongs_to_tests_concern_nobody_else_unless_they_are_the_interface(api: Path, file: str):
    assert not concerned(api, {file: "2\n"})
    assert concerned(api, {file: "2\n"}, interface=("**",))


@pytest.mark.parametrize("file", ["shop/ab_test.py", "src/openapi.spec.js", "openapi.spec.json"])
def test_what_is_called_as_tests_are_and_used_by_the_application_is_no_test(api: Path, file: str):
    assert concerned(api, {file: "2\n"})


def test_comments_concern_nobody_and_a_mode_does(api: Path):
    assert not concerned(api, {"run.py": f"# Starts it.\n{API['run.py']}"})
    put(api, {"run.py": API["run.py"]})
    (api / "run.py").chmod(0o755)
    assert concerned(api, {})


def test_where_nobody_can_list_the_files_all_that_changed_concerns(api: Path):
    (api / "again").symlink_to("shop", target_is_directory=True)
    commit(api)
    assert concerned(api, {"shop/test_prices.py": "2\n"})


def test_of_a_provider_without_a_checkout_the_names_tell():
    api = Application(name="api")
    for file, told in (("shop/prices.py", True), ("test_prices.py", False)):
        change = Change(application="api", files=(file,), reason="declared")
        assert selected(Provider(application=api, change=change, chain=("web", "api"))) is told


def test_a_change_that_nobody_knows_concerns():
    change = Change(application="api", files=None, reason="nobody was asked")
    assert selected(Provider(application=Application(name="api"), change=change, chain=("web", "api")))
