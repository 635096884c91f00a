"""Accounts of records: every record once, and a short question about a few days of a large ledger."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, insert, text

from commerce_events.domain.moments import micros
from commerce_events.domain.states import short_hash
from commerce_events.ledger.accounts import SILENT, Fate
from commerce_events.ledger.tables import delivery, fact, record

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS, A_DAY = 1_200, 40


def record_row(name, at, **state):
    told = ",".join(f'"{group}":"{short_hash(value)}"' for group, value in state.items())
    return {
        "store": "main",
        "stream": "orders",
        "record_id": name,
        "version": 1,
        "source_updated_at": micros(at),
        "state": f'{{"watched":{{{told}}}}}',
        "hash": b"",
        "hash_version": 1,
        "created_at": micros(at),
        "erased": False,
    }


def told_rows(name, at, *ends):
    """A fact for each ending (status, reason), with one delivery."""
    ids = [uuid4() for _ in ends]
    facts = [
        {
            "event_id": each,
            "store": "main",
            "stream": "orders",
            "record_id": name,
            "kind": "order_updated",
            "part": "",
            "revision": str(each),
            "correction": 0,
            "occurred_at": micros(at),
            "captured_at": micros(at),
            "door": "poll",
        }
        for each in ids
    ]
    deliveries = [
        {
            "event_id": each,
            "destination": "segment",
            "lane": 0,
            "priority": 0,
            "seq": 0,
            "status": status,
            "reason": reason,
            "attempts": 0,
            "maybe_sent": 0,
            "recorded_at": micros(at),
        }
        for each, (status, reason) in zip(ids, ends, strict=True)
    ]
    return facts, deliveries


def fill(ledger, records, told=()):
    with ledger.engine.begin() as connection:
        connection.execute(insert(record), records)
        for table, rows in zip((fact, delivery), map(list, zip(*told, strict=True)), strict=False):
            connection.execute(insert(table), [row for some in rows for row in some])
        connection.execute(text("ANALYZE"))


def test_the_message_that_is_worst_off_speaks_for_its_record(ledger):
    ends = {
        "sent": [("accepted", None), ("filtered", "fence")],
        "stuck": [("accepted", None), ("quarantined", "contract:type"), ("pending", None)],
        "dead": [("dead", "refused"), ("quarantined", "contract:type")],
        "waiting": [("pending", None), ("accepted", None)],
        "left": [("filtered", "before_start"), ("filtered", "before_start")],
    }
    late = START + DAY - timedelta(microseconds=1)
    fill(
        ledger,
        [record_row(name, late) for name in [*ends, "silent"]] + [record_row("next", START + DAY)],
        [told_rows(name, late, *each) for name, each in ends.items()],
    )

    found = ledger.accounts.fates("main", "orders", START, START + 2 * DAY)

    today, tomorrow = START.date(), (START + DAY).date()
    assert sorted(found, key=str) == sorted(
        [
            Fate(today, "accepted", None, 1),
            Fate(today, "quarantined", "contract:type", 1),
            Fate(today, "dead", "refused", 1),
            Fate(today, "pending", None, 1),
            Fate(today, "filtered", "before_start", 1),
            Fate(today, SILENT, None, 1),
            Fate(tomorrow, SILENT, None, 1),
        ],
        key=str,
    )


def test_states_are_counted_by_what_was_last_seen(ledger):
    paid = {"payment": "paid", "status": "complete"}
    fill(
        ledger,
        [
            *(record_row(name, START, **paid) for name in ("1", "2")),
            record_row("blank", START),
            record_row("elsewhen", START - DAY, **paid),
        ],
    )

    found = ledger.accounts.states("main", "orders", START, START + DAY, ("payment", "status"))

    assert found == {(short_hash("paid"), short_hash("complete")): 2, (None, None): 1}


@pytest.mark.parametrize(
    "work",
    [
        lambda accounts, start, end: accounts.fates("main", "orders", start, end),
        lambda accounts, start, end: accounts.states("main", "orders", start, end, ("payment",)),
        lambda accounts, start, end: accounts.ids("main", "orders", start, end),
    ],
    ids=["fates", "states", "ids"],
)
def test_a_day_of_a_large_ledger_is_found_by_its_index(ledger, work):
    moments = [(f"{day}-{n}", START + day * DAY) for day in range(DAYS) for n in range(A_DAY)]
    told = [told_rows(name, at, ("accepted", None)) for name, at in moments]
    fill(ledger, [record_row(name, at) for name, at in moments], told)
    plans = []

    def explain(connection, _cursor, statement, parameters, _context, _many):
        if statement.startswith("SELECT") and "record" in statement:
            how = "EXPLAIN QUERY PLAN" if ledger.engine.dialect.name == "sqlite" else "EXPLAIN"
            found = connection.exec_driver_sql(f"{how} {statement}", parameters)
            plans.append("\n".join(str(row[-1]) for row in found))

    event.listen(ledger.engine, "before_cursor_execute", explain)
    assert work(ledger.accounts, START + 9 * DAY, START + 10 * DAY)
    event.remove(ledger.engine, "before_cursor_execute", explain)

    (plan,) = plans
    assert "ix_record_created" in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "SCAN fact" not in plan, plan
    assert "SCAN delivery" not in plan, plan
