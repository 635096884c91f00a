"""Rows that the ledger has lost: facts that a record's state says were told, and messages of facts.

What follows from rows that are there: a state remembers what was told once and how much was refunded, a fact
has a delivery, and a message that was rendered has one too. Order Updated leaves no trace in a state.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Connection, Text, and_, cast, exists, func, insert, select

from commerce_events.domain.deliveries import Priority, Status
from commerce_events.domain.facts import ONCE, Kind
from commerce_events.domain.ids import lane_of
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.database import Database, is_postgres, next_numbers
from commerce_events.ledger.entries import Carried
from commerce_events.ledger.tables import delivery, fact, payload, record

_NOTHING_REFUNDED = '"refunded":0,'


@dataclass(frozen=True, slots=True)
class Untold:
    """A record whose state says more than its facts. `refunded`: what the facts that are left add up to."""

    record_id: str
    day: date
    kinds: frozenset[Kind]
    refunded: int | None = None


@dataclass(frozen=True, slots=True)
class Unowed:
    """A rendered message without a delivery. `body` None: its template had failed."""

    event_id: UUID
    destination: str
    record_id: str
    day: date
    kind: str
    lane: int
    occurred_at: datetime
    has_body: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """Spans are half-open, and of the time a record was created."""

    database: Database

    def untold(self, store: str, stream: str, start: datetime, end: datetime) -> list[Untold]:
        """Records that must be told again. Those of erased people are left alone."""
        mine = _span(store, stream, start, end)
        found: dict[str, Untold] = {}
        with self.database.read() as connection:
            for kind in sorted(ONCE):
                says = record.c.state.contains(f'"{kind}"', autoescape=True)
                for row in connection.execute(_WHOSE.where(*mine, says, ~_told(kind))):
                    _add(found, row, kind)
            for row in connection.execute(_WHOSE.where(*mine, ~_has_delivery(ONCE | {Kind.ORDER_REFUNDED}))):
                for kind in _unowed_kinds(connection, store, stream, row.record_id):
                    _add(found, row, kind)
            for row in connection.execute(_WHOSE.where(*mine, *_refund_untold(connection))):
                _add(found, row, Kind.ORDER_REFUNDED)
            return [_with_refunds(connection, store, stream, each) for each in found.values()]

    def unowed(self, store: str, stream: str, start: datetime, end: datetime) -> list[Unowed]:
        """Messages that were rendered, are kept, and have no delivery at their destination."""
        columns = (fact.c.event_id, payload.c.destination, fact.c.record_id, record.c.created_at)
        more = (fact.c.kind, record.c.person, fact.c.occurred_at, payload.c.body.is_not(None).label("whole"))
        joined = record.join(fact, _FACT_OF).join(payload, payload.c.event_id == fact.c.event_id)
        there = (delivery.c.event_id == payload.c.event_id, delivery.c.destination == payload.c.destination)
        lost = ~exists().where(*there)
        found = select(*columns, *more).select_from(joined).where(*_span(store, stream, start, end), lost)
        with self.database.read() as connection:
            rows = connection.execute(found).all()
        return [
            Unowed(
                row.event_id,
                row.destination,
                row.record_id,
                moment(row.created_at).date(),
                row.kind,
                lane_of(row.person or f"{stream}:{row.record_id}"),
                moment(row.occurred_at),
                bool(row.whole),
            )
            for row in rows
        ]

    def owe_again(self, lost: Sequence[tuple[Unowed, Carried | None]], now: datetime) -> None:
        """Write these deliveries anew: as accepted by the batch that is known to have taken them, as owed
        otherwise. Counts by day still hold the rows that were lost.
        """
        if not lost:
            return
        with self.database.write() as connection:
            numbers = next_numbers(connection, len(lost))
            rows = [_row(each, took, n, now) for (each, took), n in zip(lost, numbers, strict=True)]
            connection.execute(insert(delivery), rows)


_WHOSE = select(record.c.record_id, record.c.created_at)
_FACT_OF = and_(*(fact.c[name] == record.c[name] for name in ("store", "stream", "record_id")))


def _span(store: str, stream: str, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    at = record.c.created_at
    mine = (record.c.store == store, record.c.stream == stream, record.c.erased.is_(False))
    return (*mine, at >= micros(start), at < micros(end))


def _told(kind: Kind) -> ColumnElement[bool]:
    return exists().where(_FACT_OF, fact.c.kind == kind)


def _has_delivery(kinds: frozenset[Kind]) -> ColumnElement[bool]:
    """Whether every such fact of the record has some delivery, or at least a rendered message."""
    owed = exists().where(delivery.c.event_id == fact.c.event_id)
    kept = exists().where(payload.c.event_id == fact.c.event_id)
    return ~exists().where(_FACT_OF, fact.c.kind.in_(sorted(kinds)), ~owed, ~kept)


def _unowed_kinds(connection: Connection, store: str, stream: str, record_id: str) -> list[Kind]:
    owed = exists().where(delivery.c.event_id == fact.c.event_id)
    mine = (fact.c.store == store, fact.c.stream == stream, fact.c.record_id == record_id)
    return [Kind(each) for each in connection.scalars(select(fact.c.kind).where(*mine, ~owed))]


def _refunded(connection: Connection) -> ColumnElement[Any]:
    if is_postgres(connection):
        refunded: ColumnElement[Any] = cast(record.c.state, JSON)["refunded"].as_string()
        return refunded
    return cast(func.json_extract(record.c.state, "$.refunded"), Text)


def _refund_untold(connection: Connection) -> tuple[ColumnElement[bool], ...]:
    refunded = _refunded(connection)
    same = (_FACT_OF, fact.c.kind == Kind.ORDER_REFUNDED, fact.c.revision == refunded)
    return ~record.c.state.contains(_NOTHING_REFUNDED, autoescape=True), ~exists().where(*same)


def _add(found: dict[str, Untold], row: Any, kind: Kind) -> None:
    known = found.get(row.record_id) or Untold(row.record_id, moment(row.created_at).date(), frozenset())
    found[row.record_id] = replace(known, kinds=known.kinds | {kind})


def _with_refunds(connection: Connection, store: str, stream: str, each: Untold) -> Untold:
    """The highest refund that is still told, where one is not."""
    if Kind.ORDER_REFUNDED not in each.kinds:
        return each
    mine = (fact.c.store == store, fact.c.stream == stream, fact.c.record_id == each.record_id)
    owed = exists().where(delivery.c.event_id == fact.c.event_id)
    told = select(fact.c.revision).where(*mine, fact.c.kind == Kind.ORDER_REFUNDED, owed)
    return replace(each, refunded=max(map(int, connection.scalars(told)), default=0))


def _row(each: Unowed, took: Carried | None, number: int, now: datetime) -> dict[str, Any]:
    status = Status.ACCEPTED if took else Status.PENDING if each.has_body else Status.QUARANTINED
    return {
        "event_id": each.event_id,
        "destination": each.destination,
        "lane": each.lane,
        "priority": Priority.LIVE,
        "seq": number,
        "status": status,
        "reason": "template" if status is Status.QUARANTINED else None,
        "attempts": 0,
        "maybe_sent": 0,
        "batch_id": took and took.batch,
        "recorded_at": micros(now),
        "settled_at": None if status is Status.PENDING else micros(took.sent_at if took else now),
    }
