"""The further calls of a message whose template made none when it was told, and makes several now."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from commerce_events.domain.deliveries import Priority
from commerce_events.domain.moments import micros
from commerce_events.ledger.bulk import bulk
from commerce_events.ledger.daily import count_daily
from commerce_events.ledger.database import next_numbers
from commerce_events.ledger.entries import Told
from commerce_events.ledger.rows import daily_key, delivery_row, fact_row, payload_row
from commerce_events.ledger.tables import delivery, fact, payload

# A call as it is owed, at one destination; the door and the priority of the message it belongs to.
Further = tuple[Told, str, int]


def write_further(connection: Connection, calls: Sequence[Further], now: datetime) -> None:
    """At the end of their lanes' lines. One that is there already, through whichever door, stays as it is."""
    if not calls:
        return
    captured = {"captured_at": micros(now), "run_id": None}
    facts = {told.event_id: fact_row(told) | captured | {"door": door} for told, door, _ in calls}
    connection.execute(*bulk(connection, fact, list(facts.values()), _if_new))
    owed = [(told, each, priority) for told, _, priority in calls for each in told.owed]
    numbers = next_numbers(connection, len(owed))
    rows = [
        delivery_row(told, each, Priority(priority), number, now)
        for (told, each, priority), number in zip(owed, numbers, strict=True)
    ]
    written = connection.execute(*bulk(connection, delivery, rows, _if_absent)).all()
    fresh = {(row.event_id, row.destination) for row in written}
    new = [(told, each) for told, each, _ in owed if (told.event_id, each.destination) in fresh]
    bodies = [payload_row(told, each, now) for told, each in new if each.body or each.input]
    if bodies:
        connection.execute(insert(payload), bodies)
    count_daily(connection, Counter(daily_key(told, each) for told, each in new))


def _if_new(new: Any) -> Any:
    return new.on_conflict_do_nothing()


def _if_absent(new: Any) -> Any:
    return new.on_conflict_do_nothing().returning(delivery.c.event_id, delivery.c.destination)
