"""The contract of checkout sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from testflow_core.errors import ApplicationUnavailableError
from testflow_core.interfaces import NamesTrees
from testflow_core.model import Application
from testflow_core.testing.contracts.samples import to_be_answered

if TYPE_CHECKING:
    from testflow_core.interfaces import CheckoutSource

ODD_APPLICATIONS = {
    "no name": Application(name=""),
    "a name that leads outside": Application(name="../.."),
    "an absolute name": Application(name="/etc"),
    "a name with NUL": Application(name="a\0b"),
    "a name with a surrogate": Application(name="a\udcffb"),
    "a very long name": Application(name="x" * 10_000),
    "a path that is not there": Application(name="shop", path=Path("no/such/folder")),
    "a path with NUL": Application(name="shop", path=Path("a\0b")),
    "a repository that is not there": Application(name="shop", repository="no/such/repository"),
    "a repository with NUL": Application(name="shop", repository="a\0b"),
    "a repository that looks like an option": Application(name="shop", repository="--upload-pack=false"),
    "an empty repository": Application(name="shop", repository=""),
    "an address that is none": Application(name="shop", repository="https://[::1"),
}


class CheckoutSourceContract:
    """
    What holds of every CheckoutSource.

    `on_disk` is False for a fake only, whose checkouts are nowhere.
    """

    on_disk: ClassVar[bool] = True

    @pytest.fixture
    def source(self) -> CheckoutSource:
        """The plugin."""
        raise to_be_answered("source", "the CheckoutSource under test")

    @pytest.fixture
    def available(self) -> Application:
        """An application that it finds."""
        raise to_be_answered("available", "an Application whose checkout the source finds")

    @pytest.fixture
    def unavailable(self) -> Application:
        """An application that it does not find."""
        raise to_be_answered("unavailable", "an Application whose checkout the source cannot find")

    def test_a_checkout_is_an_absolute_directory(self, source: CheckoutSource, available: Application) -> None:
        found = source.checkout(available)
        assert found.is_absolute(), f"{found} depends on the current directory of whoever reads it"
        assert not self.on_disk or found.is_dir(), f"{found} is no directory: raise ApplicationUnavailableError"

    def test_a_checkout_is_found_at_the_same_place_again(self, source: CheckoutSource, available: Application) -> None:
        assert source.checkout(available) == source.checkout(available)

    def test_what_is_not_there_is_unavailable_with_its_reason(
        self, source: CheckoutSource, unavailable: Application
    ) -> None:
        with pytest.raises(ApplicationUnavailableError) as caught:
            source.checkout(unavailable)
        assert str(caught.value).strip(), "the message is the reason that the user reads: say why"

    @pytest.mark.parametrize("application", ODD_APPLICATIONS.values(), ids=ODD_APPLICATIONS)
    def test_an_odd_application_is_found_or_unavailable_and_nothing_else(
        self, source: CheckoutSource, application: Application
    ) -> None:
        try:
            found = source.checkout(application)
        except ApplicationUnavailableError as error:
            said = str(error)
        else:
            assert found.is_absolute()
            assert not self.on_disk or found.is_dir(), f"{found} is no directory: raise ApplicationUnavailableError"
            return
        assert said.strip(), "the message is the reason that the user reads: say why"


class CheckoutSourceThatNamesTrees:
    """
    What holds of a CheckoutSource that names trees by `tree`; beside CheckoutSourceContract.

    `tree` is a checkout that it can name, which the test may write to.
    """

    @pytest.fixture
    def tree(self) -> Path:
        """A checkout of which the source can say what it has."""
        raise to_be_answered("tree", "the Path of a checkout that the source can name, and that may be written to")

    def test_the_same_files_have_the_same_name(self, source: CheckoutSource, tree: Path) -> None:
        assert isinstance(source, NamesTrees)
        assert source.tree(tree), "the checkout is one that the source can name"
        assert source.tree(tree) == source.tree(tree)

    def test_what_is_added_or_changed_has_another_name_and_put_back_the_old_one(
        self, source: CheckoutSource, tree: Path
    ) -> None:
        assert isinstance(source, NamesTrees)
        before, new = source.tree(tree), tree / "added.py"
        new.write_text("a = 1\n", encoding="utf-8")
        added = source.tree(tree)
        # Of one length: neither the size nor the time of a file tells what is in it.
        new.write_text("a = 2\n", encoding="utf-8")
        changed = source.tree(tree)
        new.unlink()
        assert len({before, added, changed}) == 3, f"{before!r}, {added!r} and {changed!r} must differ"
        assert source.tree(tree) == before

    def test_naming_a_tree_leaves_it_as_it_is(self, source: CheckoutSource, tree: Path) -> None:
        assert isinstance(source, NamesTrees)
        (tree / "added.py").write_text("a = 1\n", encoding="utf-8")
        before = _content(tree)
        source.tree(tree)
        assert _content(tree) == before

    def test_a_tree_that_cannot_be_named_has_no_name(self, source: CheckoutSource, tmp_path: Path) -> None:
        assert isinstance(source, NamesTrees)
        assert source.tree(tmp_path / "is not there") == "", "raise nothing: runs do without"


def _content(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
