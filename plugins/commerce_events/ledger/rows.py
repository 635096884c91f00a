"""What is owed for a fact, as rows of the ledger."""

from datetime import datetime
from typing import Any

from commerce_events.domain.deliveries import Priority, Status
from commerce_events.domain.moments import micros
from commerce_events.ledger.daily import DailyKey
from commerce_events.ledger.entries import Owed, Told

Row = dict[str, Any]


def fact_row(told: Told) -> Row:
    return {
        "event_id": told.event_id,
        "store": told.fact.store,
        "stream": told.fact.stream,
        "record_id": told.fact.record_id,
        "kind": told.fact.kind,
        "part": told.part,
        "revision": told.fact.revision,
        "correction": told.correction,
        "occurred_at": micros(told.fact.occurred_at),
    }


def delivery_row(told: Told, owed: Owed, priority: Priority, number: int, now: datetime) -> Row:
    ended = owed.carried.sent_at if owed.carried else now
    return {
        "event_id": told.event_id,
        "destination": owed.destination,
        "lane": told.lane,
        "priority": priority,
        "seq": number,
        "status": owed.status,
        "reason": owed.reason,
        "detail": owed.detail,
        "attempts": 0,
        "maybe_sent": 0,
        "batch_id": owed.carried and owed.carried.batch,
        "recorded_at": micros(now),
        "settled_at": None if owed.status == Status.PENDING else micros(ended),
    }


def payload_row(told: Told, owed: Owed, now: datetime) -> Row:
    return {
        "event_id": told.event_id,
        "destination": owed.destination,
        "month": now.year * 100 + now.month,
        "body": owed.body,
        "input": owed.input,
    }


def daily_key(told: Told, owed: Owed) -> DailyKey:
    day = told.fact.occurred_at.date().isoformat()
    return (told.fact.store, told.fact.stream, day, told.fact.kind, owed.destination, owed.status)
