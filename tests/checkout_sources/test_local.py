"""The checkout source `local`, on real directories."""

from pathlib import Path

import pytest

from testflow_core.builtin.checkout_sources.local import LocalCheckouts
from testflow_core.errors import ApplicationUnavailableError
from testflow_core.model import Application


@pytest.fixture
def local(workspace: Path, cache: Path) -> LocalCheckouts:
    return LocalCheckouts(workspace=workspace, cache=cache)


def test_a_path_is_relative_to_the_workspace(local: LocalCheckouts, workspace: Path):
    (workspace / "sources" / "pay").mkdir(parents=True)
    assert local.checkout(Application(name="pay", path=Path("sources/pay"))) == workspace / "sources" / "pay"


def test_an_absolute_path_is_taken_as_it_is(local: LocalCheckouts, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    assert local.checkout(Application(name="pay", path=tmp_path / "elsewhere")) == tmp_path / "elsewhere"


def test_without_a_path_the_folder_of_its_name_is_the_checkout(local: LocalCheckouts, workspace: Path):
    (workspace / "pay").mkdir()
    assert local.checkout(Application(name="pay")) == workspace / "pay"


def test_a_relative_workspace_gives_an_absolute_checkout(workspace: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    (workspace / "pay").mkdir()
    monkeypatch.chdir(workspace)
    checkouts = LocalCheckouts(workspace=Path(), cache=cache)
    assert checkouts.checkout(Application(name="pay")) == workspace / "pay"


@pytest.mark.parametrize("path", ["missing", "a_file", "x" * 5_000, "nul\0byte"])
def test_a_path_that_is_no_directory_is_named_and_nothing_else_is_tried(
    local: LocalCheckouts, workspace: Path, path: str
):
    (workspace / "pay").mkdir()
    (workspace / "a_file").write_text("")
    with pytest.raises(ApplicationUnavailableError, match=r"pay: path .* is no directory"):
        local.checkout(Application(name="pay", path=Path(path)))


def test_a_missing_folder_says_where_it_was_looked_for(local: LocalCheckouts, workspace: Path):
    with pytest.raises(ApplicationUnavailableError) as caught:
        local.checkout(Application(name="pay"))
    assert str(workspace / "pay") in str(caught.value)
    assert "give the application a path" in str(caught.value)


@pytest.mark.parametrize("name", ["..", ".", "", "../outside", "/tmp", "nul\0byte"])  # noqa: S108 (refused, not used)
def test_a_name_never_leads_out_of_the_workspace(local: LocalCheckouts, tmp_path: Path, name: str):
    (tmp_path / "outside").mkdir()
    with pytest.raises(ApplicationUnavailableError):
        local.checkout(Application(name=name))
