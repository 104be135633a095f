"""What a history is asked about causes of failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.history.access import HistoryFile
from testflow_core.history.causes import clusters_by_fingerprint, known_causes, sightings
from testflow_core.history.overrides import all_overrides, put_override

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from testflow_core.model import KnownCause, Override, Sightings, TestCase


class CauseFile(HistoryFile):
    """The file of a history that knows causes of failures; each answer is read whole."""

    def clusters_by_fingerprint(self, fingerprints: Collection[str]) -> Mapping[str, str]:
        """The clusters that earlier runs had failures with these fingerprints in."""
        return self._ask(lambda each: clusters_by_fingerprint(each, fingerprints), {})

    def known_causes(self, limit: int) -> tuple[KnownCause, ...]:
        """The causes of failures that runs had, those of the latest runs first; at most `limit` of them."""
        return self._ask(lambda each: known_causes(each, limit), ())

    def sightings(
        self, clusters: Mapping[str, Sequence[TestCase]], run_id: str, started: float
    ) -> Mapping[str, Sightings]:
        """What the runs before a run tell of its clusters, which are given by their ids with their tests."""
        return self._ask(lambda each: sightings(each, clusters, run_id, started), {})

    def override(self, override: Override) -> None:
        """Remember what people say of a cause; what they said of it before no longer holds."""
        with self._changing() as connection, self._writing(connection):
            put_override(connection, override)

    def overrides(self) -> tuple[Override, ...]:
        """What people have said of causes and not taken back."""
        return self._ask(all_overrides, ())
