"""What must hold in every ledger, however it was treated, and between it and Segment."""

from collections import Counter, defaultdict
from typing import Any

from pipeline import Pipeline
from sqlalchemy import Row, and_, select

from commerce_events.domain.moments import moment
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import daily, delivery, fact, payload, record

STATUSES = {"pending", "accepted", "filtered", "quarantined", "dead"}
ENDED_WELL = {"accepted", "filtered", "quarantined"}
DAILY = ("store", "stream", "day", "kind", "destination", "status")


def deliveries(ledger: Ledger) -> list[Row[Any]]:
    """Every delivery beside its fact and its bytes; what is missing is None."""
    same = and_(payload.c.event_id == delivery.c.event_id, payload.c.destination == delivery.c.destination)
    joined = delivery.outerjoin(fact, fact.c.event_id == delivery.c.event_id).outerjoin(payload, same)
    about = (fact.c.store, fact.c.stream, fact.c.record_id, fact.c.kind, fact.c.occurred_at, payload.c.body)
    with ledger.engine.connect() as connection:
        return list(connection.execute(select(*delivery.c, *about).select_from(joined)).all())


def check_books(ledger: Ledger) -> None:
    """The ledger's own promises, at any moment between two transactions."""
    rows = deliveries(ledger)
    assert counted_daily(ledger) == true_daily(rows)
    assert [row.event_id for row in rows if row.record_id is None] == [], "deliveries without a fact"
    assert facts(ledger) - {row.event_id for row in rows} == set(), "facts without a delivery"
    assert [row.event_id for row in rows if row.status == "pending" and not row.body] == []
    assert [row.event_id for row in rows if (row.status == "pending") != (row.settled_at is None)] == []
    assert [row.event_id for row in rows if not 0 <= row.maybe_sent <= row.attempts] == []
    assert {row.status for row in rows} <= STATUSES
    assert max(Counter(row.seq for row in rows).values(), default=1) == 1, "a number given twice"


def facts(ledger: Ledger) -> set[Any]:
    with ledger.engine.connect() as connection:
        return set(connection.scalars(select(fact.c.event_id)))


def counted_daily(ledger: Ledger) -> dict[tuple[str, ...], int]:
    """The counts as kept; those of nothing left out."""
    with ledger.engine.connect() as connection:
        rows = connection.execute(select(*(daily.c[name] for name in DAILY), daily.c.n)).all()
    return {tuple(row[:-1]): row.n for row in rows if row.n}


def true_daily(rows: list[Row[Any]]) -> dict[tuple[str, ...], int]:
    """The same, counted from the deliveries themselves."""
    return Counter(
        (row.store, row.stream, f"{moment(row.occurred_at):%Y-%m-%d}", row.kind, row.destination, row.status)
        for row in rows
    )


def check_arrivals(line: Pipeline, *, in_order: bool = True) -> None:
    """Once all is sent: Segment holds each accepted message, nothing else, and only ever its own bytes."""
    rows = deliveries(line.ledger)
    assert {row.status for row in rows} <= ENDED_WELL
    sent = {str(row.event_id): bytes(row.body) for row in rows if row.status == "accepted"}
    assert {one.message_id for one in line.segment.received()} == set(sent)
    strange = [name for name in sent if any(copy != sent[name] for copy in line.segment.copies(name))]
    assert strange == [], "copies with other bytes"
    assert set(line.segment.drops) <= {"duplicate"}
    assert (line.segment.crashes, line.shop.crashes) == ([], [])
    if in_order:
        assert out_of_order(line) == []


def out_of_order(line: Pipeline) -> list[tuple[int, list[int]]]:
    """The lanes whose messages did not first arrive in the order recorded, and how they arrived."""
    place = {str(row.event_id): (row.lane, row.seq) for row in deliveries(line.ledger)}
    arrived: dict[int, list[int]] = defaultdict(list)
    for one in line.segment.received():
        lane, number = place[one.message_id]
        arrived[lane].append(number)
    return [(lane, numbers) for lane, numbers in arrived.items() if numbers != sorted(numbers)]


def duplicates(line: Pipeline) -> int:
    """How many messages came to Segment more than once."""
    return sum(len(line.segment.copies(one.message_id)) > 1 for one in line.segment.received())


def told(ledger: Ledger) -> dict[tuple[Any, str], tuple[str, str | None, bytes | None]]:
    """What the ledger says of every message; two ledgers that saw the same must agree."""
    return {
        (row.event_id, row.destination): (row.status, row.reason, row.body and bytes(row.body))
        for row in deliveries(ledger)
    }


def known(ledger: Ledger) -> dict[tuple[str, str], tuple[int, str, bytes]]:
    """The kept states; two ledgers that saw the same must agree."""
    with ledger.engine.connect() as connection:
        rows = connection.execute(select(record)).all()
    return {(row.store, row.record_id): (row.source_updated_at, row.state, bytes(row.hash)) for row in rows}
