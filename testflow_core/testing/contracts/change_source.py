"""The contract of change sources."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from testflow_core.interfaces import TellsLines
from testflow_core.model import Application
from testflow_core.testing.contracts.samples import to_be_answered

if TYPE_CHECKING:
    from testflow_core.interfaces import ChangeSource

ODD_APPLICATIONS = {
    "nothing but a name": Application(name="shop"),
    "no name": Application(name=""),
    "a checkout that is not there": Application(name="shop", path=Path("/no/such/checkout")),
    "a checkout that is a file": Application(name="shop", path=Path(__file__)),
    "a checkout with NUL": Application(name="shop", path=Path("/a\0b")),
    "a base without a checkout": Application(name="shop", base="main"),
}
ODD_BASES = ("", "no-such-branch", "--output=x", "a\0b", "a\udcffb", "HEAD^{/x", "..", "x" * 10_000)


class ChangeSourceContract:
    """What holds of every ChangeSource."""

    @pytest.fixture
    def source(self) -> ChangeSource:
        """The plugin."""
        raise to_be_answered("source", "the ChangeSource under test")

    @pytest.fixture
    def changed(self) -> Application:
        """An application of which it says what changed."""
        raise to_be_answered("changed", "an Application in which the source finds at least one changed file")

    @pytest.fixture
    def unknown(self) -> Application:
        """An application of which it cannot say."""
        raise to_be_answered("unknown", "an Application of which the source cannot say what changed")

    def test_files_are_relative_with_slashes_and_each_once(self, source: ChangeSource, changed: Application) -> None:
        files = source.changes(changed).files
        assert files, "the application of `changed` has at least one changed file"
        assert len(files) == len(set(files)), f"a file stands twice in {files}"
        for file in files:
            path = PurePosixPath(file)
            assert not path.is_absolute(), f"{file} is not relative to the checkout"
            assert ".." not in path.parts, f"{file} leads out of the checkout"
            assert path.as_posix() == file, f"{file!r} is written {path.as_posix()!r}, as tests' files are"

    def test_a_change_names_its_application_and_how_it_is_known(
        self, source: ChangeSource, changed: Application
    ) -> None:
        change = source.changes(changed)
        assert change.application == changed.name
        assert change.reason.strip(), "the reason tells how the change is known"

    def test_the_same_checkout_has_the_same_change(self, source: ChangeSource, changed: Application) -> None:
        assert source.changes(changed) == source.changes(changed)

    def test_what_it_cannot_say_is_none_with_the_reason(self, source: ChangeSource, unknown: Application) -> None:
        change = source.changes(unknown)
        assert change.files is None, "an empty change selects no test: answer None where nobody can say"
        assert change.application == unknown.name
        assert change.reason.strip(), "the reason tells why the change is not known"

    @pytest.mark.parametrize("application", ODD_APPLICATIONS.values(), ids=ODD_APPLICATIONS)
    def test_an_application_it_cannot_look_at_is_no_exception(
        self, source: ChangeSource, application: Application
    ) -> None:
        change = source.changes(application)
        assert change.files is None, "where there is nothing to look at nobody can say what changed"
        assert change.reason.strip(), "the reason tells why the change is not known"

    @pytest.mark.parametrize("base", ODD_BASES, ids=lambda base: ascii(base[:20]))
    def test_an_odd_base_is_no_exception(self, source: ChangeSource, changed: Application, base: str) -> None:
        application = Application(name=changed.name, path=changed.path, changed_files=changed.changed_files, base=base)
        assert source.changes(application).reason.strip()


class ChangeSourceThatTellsLines:
    """What holds of a ChangeSource that `TellsLines`; inherited beside ChangeSourceContract."""

    @pytest.fixture
    def telling(self, source: ChangeSource) -> TellsLines:
        """The plugin, asked for lines."""
        assert isinstance(source, TellsLines), "a change source that tells lines has the method `changed_lines`"
        return source

    def test_lines_are_in_order_and_name_their_file(
        self, source: ChangeSource, telling: TellsLines, changed: Application
    ) -> None:
        change = source.changes(changed)
        told = {file: [*telling.changed_lines(changed, change, file)] for file in change.files or ()}
        assert any(told.values()), "the application of `changed` has a file of whose lines something is known"
        for file, lines in told.items():
            assert {line.file for line in lines} <= {file}, f"{file} has lines of another file"
            assert [line.first for line in lines] == sorted({line.first for line in lines}), "lines are in order"
            assert all(line.first >= 1 and line.last >= line.first - 1 for line in lines), "lines are counted from 1"

    @pytest.mark.parametrize("file", [*ODD_BASES, "no/such/file.py", "/etc/passwd", "../outside"], ids=ascii)
    def test_of_a_file_that_did_not_change_nothing_is_told(
        self, source: ChangeSource, telling: TellsLines, changed: Application, file: str
    ) -> None:
        assert [*telling.changed_lines(changed, source.changes(changed), file)] == []
