"""Messages that a ledger owes, written into it without a store."""

from datetime import UTC, datetime

import orjson
from orders import look, order
from pipeline import Pipeline

from commerce_events.domain.deliveries import Door, Priority, Status
from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.ids import LANES, event_id
from commerce_events.domain.states import State
from commerce_events.ledger.entries import Entry, Owed, Told
from commerce_events.ledger.packing import packed


def owe(
    line: Pipeline, count: int, priority: Priority, *, lanes: int = LANES, now: datetime | None = None
) -> list[str]:
    """So many people's messages, one each; returns their ids in the order recorded."""
    now = now or datetime.now(UTC)
    entries = [
        _entry(line, f"{priority.name}-{now:%H%M%S%f}-{n}", n % lanes, priority, now) for n in range(count)
    ]
    for at in range(0, count, 200):
        line.ledger.records.record(entries[at : at + 200], door=Door.POLL, now=now, run=None, step=None)
    return [str(entry.told[0].event_id) for entry in entries]


def _entry(line: Pipeline, record_id: str, lane: int, priority: Priority, now: datetime) -> Entry:
    record = look(order(payment="paid"), record_id=record_id, created=now)
    fact = Fact("main", "orders", record_id, Kind.ORDER_COMPLETED, now)
    event = event_id(line.settings.stores["main"].namespace, fact)
    body = orjson.dumps(
        {"type": "track", "event": "Order Completed", "messageId": str(event), "userId": record_id}
    )
    told = Told(event, fact, "", lane, [Owed("segment", Status.PENDING, None, None, body, packed(b"{}"))])
    return Entry(record, None, State(now, b"d", 0, {}), None, [told], priority=priority)
