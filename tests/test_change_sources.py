"""The change sources that come with the core."""

import pytest

from testflow_core.builtin.change_sources.declared import DeclaredChanges
from testflow_core.model import Application, Change


def changes(files: tuple[str, ...] | None) -> Change:
    return DeclaredChanges().changes(Application(name="payment-service", changed_files=files))


def test_declared_files_are_the_change():
    change = changes(("src/a.py", "tests/test_a.py"))
    assert change == Change(application="payment-service", files=("src/a.py", "tests/test_a.py"), reason="declared")


def test_declared_as_unchanged_is_a_change_without_files():
    assert changes(()).files == ()
    assert changes(()).reason == "declared"


def test_undeclared_says_that_it_does_not_know():
    change = changes(None)
    assert change.files is None
    assert "no changed_files" in change.reason


@pytest.mark.parametrize("written", ["./src/a.py", "src//a.py", "src/./a.py"])
def test_a_path_is_told_as_git_would(written: str):
    assert changes((written, "src/a.py")).files == ("src/a.py",)
