"""Claiming reads what is pending, however much has been settled: its statements go by the partial index."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, text

from commerce_events.ledger.tables import delivery, payload

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTLED, PENDING = 6_000, 60


@pytest.fixture
def old_ledger(ledger):
    """Much that was settled, a little that is pending; the database has counted both."""
    rows = [
        {
            "event_id": uuid4(),
            "destination": "segment",
            "lane": number % 256,
            "priority": 0,
            "seq": number,
            "status": "accepted" if number < SETTLED else "pending",
            "attempts": 0,
            "maybe_sent": 0,
            "recorded_at": 0,
        }
        for number in range(SETTLED + PENDING)
    ]
    bodies = [
        {"event_id": row["event_id"], "destination": "segment", "month": 1, "body": b"{}"} for row in rows
    ]
    with ledger.engine.begin() as connection:
        connection.execute(insert(delivery), rows)
        connection.execute(insert(payload), bodies)
        connection.execute(text("ANALYZE"))
    ledger.lanes.prepare("segment")
    with ledger.engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    return ledger


def plans_of(engine, work):
    """The plans of all statements that read deliveries while `work` runs."""
    plans, asking = [], []

    def explain(connection, cursor, statement, parameters, _context, executemany):
        if asking or executemany or ("FROM delivery" not in statement and "JOIN delivery" not in statement):
            return
        asking.append(True)
        how = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        found = connection.exec_driver_sql(f"{how} {statement}", parameters)
        plans.append((statement, "\n".join(str(row[-1]) for row in found)))
        asking.clear()

    event.listen(engine, "before_cursor_execute", explain)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", explain)
    return plans


@pytest.mark.parametrize(
    "work",
    [
        lambda ledger: ledger.lanes.claim("segment", NOW, lanes=4, per_lane=10),
        lambda ledger: ledger.lanes.next_due("segment"),
        lambda ledger: ledger.reports.pending("segment"),
    ],
    ids=["claim", "next_due", "pending"],
)
def test_what_is_pending_is_found_by_its_own_index(old_ledger, work):
    plans = plans_of(old_ledger.engine, lambda: work(old_ledger))

    assert plans
    for statement, plan in plans:
        assert "'pending'" in statement, "as a parameter it may be planned for any status"
        assert "ix_delivery_pending" in plan, plan
        assert "Seq Scan on delivery" not in plan, plan
        assert "SCAN delivery" not in plan.replace("SCAN delivery USING", ""), plan


def test_a_claim_still_finds_everything(old_ledger):
    claims = [old_ledger.lanes.claim("segment", NOW, lanes=32, per_lane=10) for _ in range(3)]

    assert sum(len(claim.messages) for claim in claims) == PENDING
