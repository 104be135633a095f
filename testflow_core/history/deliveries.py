"""What was sent of runs to where people work, and what waits to be sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from testflow_core.history.access import HistoryFile
from testflow_core.history.values import excerpt, storable
from testflow_core.model import Delivery, Message

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_COLUMNS = "dry, trouble, again, remarks, messages"

_PUT = f"""
insert into deliveries (run, reporter, place, {_COLUMNS})
select id, ?, ?, ?, ?, ?, ?, ? from runs where run_id = ?
on conflict do update set ({_COLUMNS}) = (excluded.{_COLUMNS.replace(", ", ", excluded.")})
"""  # noqa: S608 - names of ours

_ALL = f"""
select runs.run_id, reporter, place, {_COLUMNS} from deliveries join runs on runs.id = deliveries.run {{where}}
order by runs.started, runs.run_id, reporter, place
"""  # noqa: S608 - names of ours

# What has arrived stands, whichever history says so.
MERGE = f"""
insert into main.deliveries (run, reporter, place, {_COLUMNS})
select ours, reporter, place, {_COLUMNS} from other.deliveries join temp.run_keys on theirs = run where true
on conflict do update set ({_COLUMNS}) = (excluded.{_COLUMNS.replace(", ", ", excluded.")})
where (excluded.dry = 0, excluded.trouble = '', excluded.messages) > (dry = 0, trouble = '', messages)
"""  # noqa: S608 - names of ours


class DeliveryFile(HistoryFile):
    """The file of a history that knows what was sent; each answer is read whole."""

    def put_deliveries(self, run_id: str, deliveries: Iterable[Delivery]) -> None:
        """Remember what was sent of a run, in the place of what was said before; nothing of a run that is not known."""
        with self._changing() as connection, self._writing(connection):
            connection.executemany(_PUT, [(*_row(each), storable(run_id)) for each in deliveries])

    def undelivered(self) -> tuple[Delivery, ...]:
        """What did not arrive, that of the earliest run first."""
        return self._ask(lambda each: _read(each, "where trouble != '' and dry = 0"), ())


def deliveries_of(connection: sqlite3.Connection, key: int) -> tuple[Delivery, ...]:
    """What was sent of a run, by its key; of messages their bodies are not kept."""
    return _read(connection, "where runs.id = ?", key)


def _read(connection: sqlite3.Connection, where: str, *values: object) -> tuple[Delivery, ...]:
    return tuple(
        Delivery(
            run_id=run_id,
            reporter=reporter,
            place=place,
            dry=bool(dry),
            trouble=trouble,
            again=again,
            remarks=tuple(json.loads(remarks)),
            messages=tuple(Message(**fields) for fields in json.loads(messages)),
        )
        for run_id, reporter, place, dry, trouble, again, remarks, messages in connection.execute(
            _ALL.format(where=where), values
        )
    )


def _row(delivery: Delivery) -> tuple[object, ...]:
    messages = [
        {"action": each.action, "subject": each.subject, "title": each.title, "url": each.url, "sent": each.sent}
        for each in delivery.messages
    ]
    return (
        storable(delivery.reporter),
        storable(delivery.place),
        delivery.dry,
        excerpt(delivery.trouble),
        storable(delivery.again),
        json.dumps(delivery.remarks),
        json.dumps(messages),
    )
