"""The views that are documented for everybody's own queries, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from commerce_events.domain.errors import AttentionError
from commerce_events.ledger.found import Figure
from commerce_events.sandbox import faults

COLUMNS = {
    "v_delivery_daily": ["store", "stream", "day", "message", "destination", "status", "n"],
    "v_accuracy_daily": [
        "store", "stream", "day", "in_store", "accounted", "healed", "accuracy", "checked_at",
    ],
    "v_lag": [
        "destination", "hour", "messages", "pending", "p50_seconds", "p95_seconds", "longest_seconds",
    ],
    "v_dead_letters": [
        "event_id", "destination", "store", "stream", "record_id", "message", "status", "reason", "detail",
        "attempts", "may_have_arrived", "occurred_at", "settled_at",
    ],
}  # fmt: skip


def rows(ledger, view):
    with ledger.engine.connect() as connection:
        return connection.execute(text(f"SELECT * FROM {view}")).all()


@pytest.mark.parametrize("view", COLUMNS)
def test_columns_are_those_that_are_documented(ledger, view):
    with ledger.engine.connect() as connection:
        found = connection.execute(text(f"SELECT * FROM {view}"))
        assert list(found.keys()) == COLUMNS[view]


def test_deliveries_by_day_are_those_of_the_ledger(line):
    line.shop.pay(line.shop.place_order(buyer="customer"))
    line.run()

    found = rows(line.ledger, "v_delivery_daily")

    assert {(row.message, row.status, row.n) for row in found} == {
        ("checkout_started", "accepted", 1),
        ("order_completed", "accepted", 1),
    }


def test_accuracy_is_a_share_and_a_day_without_records_is_whole(line):
    now = line.clock.now()
    days = [Figure("main", "orders", now.date() - timedelta(days=n), *figure) for n, figure in
            enumerate([(4, 3), (0, 0)])]  # fmt: skip
    line.ledger.findings.note_days(1, days, [], now)

    found = {row.day: float(row.accuracy) for row in rows(line.ledger, "v_accuracy_daily")}

    assert found == {str(days[0].day): 0.75, str(days[1].day): 1.0}


def test_lag_is_counted_by_hour(line):
    for _ in range(20):
        line.shop.place_order(buyer="customer")
    line.run()
    line.segment.faults.always(faults.status(503))
    line.shop.place_order(buyer="customer")
    line.capture()

    found = rows(line.ledger, "v_lag")

    assert sum(row.messages for row in found) == 21
    assert sum(row.pending for row in found) == 1
    assert all(0 <= row.p50_seconds <= row.p95_seconds <= row.longest_seconds < 120 for row in found)


def test_dead_letters_are_named_and_say_why(line):
    order = line.shop.place_order(buyer="customer")
    line.segment.faults.always(faults.status(413))
    line.capture()
    with pytest.raises(AttentionError):
        line.deliver()
    (told,) = line.ledger.reports.of_record("main", "orders", order)

    (row,) = rows(line.ledger, "v_dead_letters")

    assert (str(row.event_id), row.record_id) == (str(told.event_id), order)
    assert (row.status, row.reason, row.message) == ("dead", "refused", "checkout_started")
    assert row.may_have_arrived == 0
    assert str(row.settled_at)[:4] == str(line.clock.now().year)
