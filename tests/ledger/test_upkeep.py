"""What is dropped when it is old, and what is kept whatever its age."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, text, update

from commerce_events.config import Retention
from commerce_events.ledger.tables import batch, delivery, inbox, payload, reject, scan
from commerce_events.steps.maintain import maintain

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
RETENTION = Retention(bodies=30, waiting=90, batches=30, rejects=90, settled=7)


def micros(days: float) -> int:
    return int((NOW - timedelta(days=days)).timestamp() * 1_000_000)


def message(ledger, status: str, days: float) -> UUID:
    """A message that was recorded, and has ended unless it is pending, so many days ago."""
    event, at = uuid4(), NOW - timedelta(days=days)
    row = {"event_id": event, "destination": "segment", "lane": 0, "priority": 0, "seq": 0, "status": status}
    ended = None if status == "pending" else micros(days)
    row |= {"attempts": 0, "maybe_sent": 0, "recorded_at": micros(days), "settled_at": ended}
    body = {"event_id": event, "destination": "segment", "month": at.year * 100 + at.month, "body": b"{}"}
    with ledger.engine.begin() as connection:
        connection.execute(insert(delivery).values(**row))
        connection.execute(insert(payload).values(**body))
    return event


def kept(ledger) -> set[UUID]:
    with ledger.engine.connect() as connection:
        return set(connection.scalars(select(payload.c.event_id)))


def count(ledger, table) -> int:
    with ledger.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


@pytest.fixture
def old_months(ledger):
    """On Postgres, a ledger that has been at work since July."""
    for month in range(7, 12):
        ledger.upkeep.months_ahead(datetime(2026, month, 1, tzinfo=UTC))
    return ledger


def test_bodies_go_by_status_and_age_and_everything_else_stays(old_months):
    ledger = old_months
    old = [message(ledger, "accepted", 80), message(ledger, "filtered", 80), message(ledger, "dead", 110)]
    waiting = [message(ledger, "quarantined", 80), message(ledger, "dead", 80)]
    owed = message(ledger, "pending", 110)
    new = [message(ledger, "accepted", 2), message(ledger, "quarantined", 2)]

    first = maintain(ledger, RETENTION, now=NOW)
    second = maintain(ledger, RETENTION, now=NOW)

    assert kept(ledger) == {*waiting, owed, *new}
    assert (first["bodies"], second["bodies"]) == (len(old), 0)
    assert count(ledger, delivery) == 8


def test_what_waited_too_long_goes_with_the_month_it_was_moved_to(old_months):
    ledger = old_months
    waiting = message(ledger, "quarantined", 80)
    maintain(ledger, RETENTION, now=NOW)

    later = NOW + timedelta(days=80)
    maintain(ledger, RETENTION, now=later)

    assert waiting not in kept(ledger)


def test_a_body_that_is_nobodys_goes_too(old_months):
    ledger = old_months
    event = message(ledger, "accepted", 80)
    with ledger.engine.begin() as connection:
        connection.execute(delivery.delete().where(delivery.c.event_id == event))

    maintain(ledger, RETENTION, now=NOW)

    assert kept(ledger) == set()


def test_requests_rejects_scans_and_hints_go_when_they_are_old(old_months):
    ledger = old_months
    with ledger.engine.begin() as connection:
        for days in (80, 1):
            sent = {"id": uuid4(), "destination": "segment", "token": uuid4(), "sent_at": micros(days)}
            connection.execute(insert(batch).values(**sent, event_ids=b"", status="accepted", bytes=1))
            connection.execute(
                insert(scan).values(
                    store="main", stream="orders", door="poll", from_at=0, done_at=micros(days)
                )
            )
            connection.execute(
                insert(inbox).values(
                    store="main",
                    event_id=str(days),
                    door="webhook",
                    trigger="order.paid",
                    received_at=0,
                    attempts=0,
                    done_at=micros(days),
                )
            )
        connection.execute(insert(scan).values(store="main", stream="orders", door="poll", from_at=0))
        refused = {"store": "main", "stream": "orders", "reason": "x", "detail": "x"}
        for seen, settled in ((80, 10), (80, None), (100, None), (1, 1)):
            ended = micros(settled) if settled else None
            row = {**refused, "id": uuid4(), "seen_at": micros(seen), "settled_at": ended}
            connection.execute(insert(reject).values(**row))
    ledger.gate.prepare("segment")

    gone = maintain(ledger, RETENTION, now=NOW)

    assert (gone["batches"], gone["scans"], gone["hints"], gone["rejects"]) == (1, 1, 1, 2)
    assert [count(ledger, table) for table in (batch, scan, inbox, reject)] == [1, 2, 1, 2]


def test_small_transactions_go_through_everything(ledger):
    for _ in range(3):
        message(ledger, "accepted", 80)
    many = [{"event_id": uuid4(), "destination": "segment", "month": 202608} for _ in range(1_300)]
    with ledger.engine.begin() as connection:
        connection.execute(insert(payload), many)
    ledger.upkeep.months_ahead(datetime(2026, 8, 1, tzinfo=UTC))

    assert maintain(ledger, RETENTION, now=NOW)["bodies"] == 1_303
    assert kept(ledger) == set()


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_a_month_that_nobody_made_ahead_is_taken_in_and_moved(ledger):
    far = NOW + timedelta(days=400)
    with ledger.engine.begin() as connection:
        body = {"event_id": uuid4(), "destination": "segment", "month": 202712}
        connection.execute(insert(payload).values(**body))
    assert count_of(ledger, "payload_default") == 1

    ledger.upkeep.months_ahead(far)

    assert count_of(ledger, "payload_default") == 0
    assert count_of(ledger, "payload_202712") == 1
    assert ledger.upkeep.months_ahead(far) == 0


def count_of(ledger, table: str) -> int:
    with ledger.engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM {table}"))


@pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)
def test_months_that_nobody_made_are_dropped_once_they_are_old(ledger):
    """Whoever stood still for longer than months are made ahead leaves nothing behind for ever."""
    message(ledger, "accepted", 0)
    late = datetime(2027, 6, 2, tzinfo=UTC)  # 2027-03 was made by nobody
    with ledger.engine.begin() as connection:
        connection.execute(update(payload).values(month=202703))
        connection.execute(update(delivery).values(settled_at=int(late.timestamp() * 1e6)))
        sent = int(datetime(2027, 3, 15, tzinfo=UTC).timestamp() * 1e6)
        held = {"id": uuid4(), "destination": "segment", "token": uuid4(), "event_ids": b"", "bytes": 0}
        connection.execute(insert(batch).values(**held, sent_at=sent, status="accepted"))

    maintain(ledger, RETENTION, now=late)
    maintain(ledger, RETENTION, now=late + timedelta(days=1))

    with ledger.engine.connect() as connection:
        for table in ("payload_default", "batch_default"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    assert (kept(ledger), count(ledger, batch)) == (set(), 0)
