"""The contract of destinations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import pytest

from testflow_core.errors import DataError
from testflow_core.model import Bench, DataSet, Loaded, Record
from testflow_core.testing.contracts.samples import to_be_answered

if TYPE_CHECKING:
    from pathlib import Path

    from testflow_core.interfaces import Destination

Read: TypeAlias = Callable[[Loaded, DataSet], "Mapping[str, Sequence[Record]] | None"]
"""Reads a data set as a test would: its records, or None where it is not in place (any more)."""

RECORDS: Mapping[str, tuple[Record, ...]] = {
    "users": ({"id": 1, "name": "Zoë O'Hara 🚀"}, {"id": 2, "name": 'two\nlines and "quotes"; DROP TABLE users; --'}),
    "orders": ({"id": "a", "user": 1, "total": 9.5, "paid": True, "note": None},),
}
OTHER_RECORDS: Mapping[str, tuple[Record, ...]] = {"users": ({"id": 7, "name": "somebody else"},)}
SHOP = DataSet(name="shop", records=RECORDS)


class DestinationContract:
    """
    What holds of every Destination.

    `apart` says whether two data sets can be in place at once; where they would share a place, it is False.
    """

    apart: ClassVar[bool] = True

    @pytest.fixture
    def destination(self) -> Destination:
        """The plugin."""
        raise to_be_answered("destination", "the Destination under test")

    @pytest.fixture
    def read(self) -> Read:
        """How a test reads what was loaded."""
        raise to_be_answered(
            "read", "a function of (Loaded, DataSet): the records in place, or None where they are not"
        )

    @pytest.fixture
    def impossible(self) -> tuple[Destination, DataSet, Bench]:
        """The plugin, with a data set that it cannot put in place."""
        raise to_be_answered("impossible", "a Destination, a DataSet and a Bench that it cannot be loaded on")

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Bench:
        """Where data is loaded; its directory does not exist yet."""
        return Bench(directory=tmp_path / "bench", checkout=tmp_path)

    def test_records_are_in_place_on_entry_as_they_were_made(
        self, destination: Destination, read: Read, bench: Bench
    ) -> None:
        with destination.load(SHOP, bench) as loaded:
            found = read(loaded, SHOP)
            assert found is not None, "nothing is in place"
            assert {entity: tuple(records) for entity, records in found.items()} == RECORDS

    def test_records_are_gone_on_exit(self, destination: Destination, read: Read, bench: Bench) -> None:
        with destination.load(SHOP, bench) as loaded:
            pass
        assert read(loaded, SHOP) is None, "what was loaded must not outlive the run"

    @pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, SystemExit])
    def test_records_are_gone_after_an_exception_which_goes_on(
        self, destination: Destination, read: Read, bench: Bench, error: type[BaseException]
    ) -> None:
        seen: list[Loaded] = []

        def fail() -> None:
            with destination.load(SHOP, bench) as loaded:
                seen.append(loaded)
                raise error

        with pytest.raises(error):
            fail()
        assert read(seen[0], SHOP) is None, f"what was loaded outlives a {error.__name__}"

    def test_two_of_one_name_at_once_do_not_see_each_other(
        self, destination: Destination, read: Read, bench: Bench, tmp_path: Path
    ) -> None:
        if not self.apart:
            pytest.skip("they share a place, and it says so: `apart` is False")
        other = DataSet(name=SHOP.name, records=OTHER_RECORDS)
        elsewhere = Bench(directory=tmp_path / "another bench", checkout=tmp_path)
        with destination.load(SHOP, bench) as loaded:
            with destination.load(other, elsewhere) as besides:
                assert {key: tuple(rows) for key, rows in (read(loaded, SHOP) or {}).items()} == RECORDS
                assert {key: tuple(rows) for key, rows in (read(besides, other) or {}).items()} == OTHER_RECORDS
            assert read(besides, other) is None
            assert read(loaded, SHOP) is not None, "the end of one data set took another with it"
        assert read(loaded, SHOP) is None

    def test_the_same_can_be_loaded_again(self, destination: Destination, read: Read, bench: Bench) -> None:
        for _ in range(2):
            with destination.load(SHOP, bench) as loaded:
                assert read(loaded, SHOP) is not None

    def test_a_data_set_without_records_is_loaded_too(self, destination: Destination, read: Read, bench: Bench) -> None:
        nothing = DataSet(name="nothing", records={})
        with destination.load(nothing, bench) as loaded:
            assert read(loaded, nothing) == {}

    def test_variables_are_texts(self, destination: Destination, bench: Bench) -> None:
        with destination.load(SHOP, bench) as loaded:
            for name, value in loaded.variables.items():
                assert name.isidentifier(), f"{name!r} cannot be the name of an environment variable"
                assert type(value) is str, f"{name} is {value!r}: the environment of a process is texts"

    def test_what_cannot_be_loaded_is_a_data_error(self, impossible: tuple[Destination, DataSet, Bench]) -> None:
        destination, data, bench = impossible
        with pytest.raises(DataError) as caught, destination.load(data, bench):
            pass
        assert str(caught.value).strip(), "say which data set could not be loaded, and why"


class DestinationWithCopies:
    """What holds of a Destination whose data can be copied; inherited beside DestinationContract."""

    def test_a_copy_has_the_records_as_they_were_made_at_another_place(
        self, destination: Destination, read: Read, bench: Bench
    ) -> None:
        with destination.load(SHOP, bench) as loaded:
            assert loaded.clone is not None, "the core asks `Loaded.clone`"
            with loaded.clone() as copy:
                assert copy.variables != loaded.variables, "tests find by its variables what is theirs alone"
                assert {key: tuple(rows) for key, rows in (read(copy, SHOP) or {}).items()} == RECORDS

    def test_a_copy_goes_on_exit_and_takes_nothing_along(
        self, destination: Destination, read: Read, bench: Bench
    ) -> None:
        with destination.load(SHOP, bench) as loaded:
            assert loaded.clone is not None, "the core asks `Loaded.clone`"
            with loaded.clone() as copy:
                pass
            assert read(copy, SHOP) is None, "a copy must not outlive its test"
            assert read(loaded, SHOP) is not None, "the end of a copy took the data with it"
