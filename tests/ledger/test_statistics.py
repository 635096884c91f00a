"""Postgres plans by what it has counted; a ledger that a backfill fills is counted before it is sought in."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWED = 40_000
READ = text(
    "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables "
    "WHERE relname LIKE 'delivery_%' OR relname LIKE 'fact_%'"
)

pytestmark = pytest.mark.parametrize("ledger_url", ["postgres"], indirect=True)


@pytest.fixture
def filled(ledger):
    """What a backfill leaves behind it within seconds: Postgres has not looked yet."""
    with ledger.engine.begin() as connection:
        for table in ("delivery", "fact", "payload"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        _fill(connection, OWED)
    ledger.lanes.prepare("segment")
    _rows_read(ledger)  # says what was done so far, which Postgres does once a second
    return ledger


FACTS = """
    INSERT INTO fact (event_id, store, stream, record_id, kind, part, revision, correction, occurred_at,
                      captured_at, door)
    SELECT gen_random_uuid(), 'main', 'orders', cast(n AS text), 'order_completed', '', '', 0, 0, 0,
           'backfill'
    FROM generate_series(1, :count) AS n
"""
DELIVERIES = """
    INSERT INTO delivery (event_id, destination, lane, priority, seq, status, attempts, maybe_sent,
                          recorded_at)
    SELECT event_id, 'segment', mod(record_id::int, 256), 1, record_id::int, 'pending', 0, 0, 0 FROM fact
    ON CONFLICT DO NOTHING
"""
BODIES = """
    INSERT INTO payload (event_id, destination, month, body) SELECT event_id, 'segment', 1, '{}' FROM fact
    ON CONFLICT DO NOTHING
"""


def _fill(connection, count):
    connection.execute(text(FACTS), {"count": count})
    connection.exec_driver_sql(DELIVERIES)
    connection.exec_driver_sql(BODIES)


def _close_a_batch(ledger):
    claim = ledger.lanes.claim("segment", NOW, lanes=8, per_lane=40)
    request = ledger.outbox.begin(claim, claim.messages, NOW)
    assert request is not None
    assert ledger.outbox.accept(request, NOW + timedelta(seconds=1))
    ledger.lanes.release(claim, NOW + timedelta(seconds=1))


def _rows_read(ledger):
    with ledger.engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        connection.commit()
        return connection.scalar(READ)


def test_a_batch_is_closed_without_reading_whole_tables(filled):
    assert {"delivery", "fact", "payload"} <= set(filled.statistics.count_what_grew())
    before = _rows_read(filled)

    _close_a_batch(filled)

    # The batch has 320 messages, and each is looked at a few times.
    assert _rows_read(filled) - before <= 5_000


def test_what_did_not_grow_is_not_counted_again(filled):
    assert filled.statistics.count_what_grew() != []

    assert filled.statistics.count_what_grew() == []


def test_what_grew_by_half_is_counted_again(filled):
    filled.statistics.count_what_grew()
    with filled.engine.begin() as connection:
        _fill(connection, OWED)
    _rows_read(filled)

    assert "fact" in filled.statistics.count_what_grew()
