"""What each test touches: read from what workers noted, kept in a map, asked when tests are chosen."""

from testflow_core.touched.bits import numbers_of
from testflow_core.touched.map import RecordedMap
from testflow_core.touched.store import MapStore, Recorded

__all__ = ["MapStore", "Recorded", "RecordedMap", "numbers_of"]
