"""The whole plugins of `docs/plugins/`: one of every kind, each of which passes the contract test on its page."""

import os
import subprocess
import sys
import tomllib
from importlib import import_module

import pytest
from documentation import PAGES, ROOT, fences, write_files

from testflow_core.interfaces import KINDS
from testflow_core.registry import InstalledPlugins

LIMIT = 180
BY_TITLE = {kind.title.replace(" ", "-"): kind for kind in KINDS}


def page_of(kind):
    return PAGES[f"docs/plugins/{kind.title.replace(' ', '-')}.md"]


def entry_points(page):
    [project] = [fence.code for fence in fences(page) if fence.file == "pyproject.toml"]
    return tomllib.loads(project)["project"]["entry-points"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where modules of a page can be imported from, and are forgotten after the test."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.mark.parametrize("kind", KINDS, ids=BY_TITLE)
def test_the_page_of_a_kind_has_a_plugin_that_is_found_by_its_entry_point(kind, folder):
    write_files(page_of(kind), folder)
    [(name, target)] = entry_points(page_of(kind))[kind.group].items()
    module, _, cls = target.partition(":")
    assert name in InstalledPlugins().names(kind)
    assert issubclass(getattr(import_module(module), cls), kind.interface)


@pytest.mark.parametrize("kind", KINDS, ids=BY_TITLE)
def test_the_plugin_of_a_page_passes_the_contract_test_of_the_page(kind, tmp_path):
    write_files(page_of(kind), tmp_path)
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_contract.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_picture_of_the_way_has_every_interface():
    picture = (ROOT / "docs/one-way.svg").read_text(encoding="utf-8")
    assert [kind.interface.__name__ for kind in KINDS if f">{kind.interface.__name__}" not in picture] == []
