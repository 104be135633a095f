"""What people have said of causes: kept until they take it back, the latest word of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.history.values import excerpt, storable
from testflow_core.model import Override

if TYPE_CHECKING:
    import sqlite3

_PUT = """
insert into overrides (cluster, since, team, category, reason) values (?, ?, ?, ?, ?)
on conflict do update set since = excluded.since, team = excluded.team, category = excluded.category,
    reason = excluded.reason
"""

# What was taken back stays as a row that says nothing, so that an older history does not bring it back.
_READ = (
    "select cluster, since, team, category, reason from overrides where team != '' or category != '' order by cluster"
)

MERGE_OVERRIDES = """
insert into main.overrides (cluster, since, team, category, reason)
select cluster, since, team, category, reason from other.overrides where true
on conflict do update set since = excluded.since, team = excluded.team, category = excluded.category,
    reason = excluded.reason
where (excluded.since, excluded.team, excluded.category, excluded.reason) > (since, team, category, reason)
"""
"""What a merge does: the later word holds."""


def put_override(connection: sqlite3.Connection, override: Override) -> None:
    """Remember what was said in the place of what was said of that cause before."""
    said = map(storable, (override.team, override.category))
    connection.execute(_PUT, (storable(override.cluster), override.since, *said, excerpt(override.reason)))


def all_overrides(connection: sqlite3.Connection) -> tuple[Override, ...]:
    """Those that were not taken back."""
    return tuple(
        Override(cluster=cluster, team=team, category=category, reason=reason, since=since)
        for cluster, since, team, category, reason in connection.execute(_READ)
    )
