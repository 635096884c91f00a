"""What became of the records created in a span: each of them in one group, so that the groups add up."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Connection, and_, case, cast, func, select

from commerce_events.domain.deliveries import Status
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.daily import DAY
from commerce_events.ledger.database import Database, among, among_texts, is_postgres
from commerce_events.ledger.tables import delivery, fact, record

# A record of which nothing is to be told yet, as of an unpaid order where payment is the first news.
SILENT = "silent"

# The message that is worst off speaks for its record.
WORST_LAST = (Status.FILTERED, Status.ACCEPTED, Status.PENDING, Status.QUARANTINED, Status.DEAD)
EXPLAINED = (Status.FILTERED, Status.QUARANTINED, Status.DEAD)


@dataclass(frozen=True, slots=True)
class Fate:
    """How many records of one UTC day stand so. `status` is a Status or SILENT."""

    day: date
    status: str
    reason: str | None
    records: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """Spans are half-open, and of the time a record was created, as the store told it at first sight."""

    database: Database

    def fates(self, store: str, stream: str, start: datetime, end: datetime) -> list[Fate]:
        """Every known record of the span, counted by day and by how its messages stand."""
        told = and_(*(fact.c[name] == record.c[name] for name in ("store", "stream", "record_id")))
        ends = delivery.c.event_id == fact.c.event_id
        joined = record.outerjoin(fact, told).outerjoin(delivery, ends)
        each = select(_DAY.label("day"), func.max(_STANDING).label("standing")).select_from(joined)
        one = each.where(*_span(store, stream, start, end)).group_by(record.c.record_id, _DAY).subquery()
        by = (one.c.day, one.c.standing)
        with self.database.read() as connection:
            rows = connection.execute(select(*by, func.count()).group_by(*by).order_by(*by)).all()
        return [_fate(*row) for row in rows]

    def states(
        self, store: str, stream: str, start: datetime, end: datetime, groups: Sequence[str]
    ) -> Counter[tuple[str | None, ...]]:
        """The span's records counted by what was last seen of these watched groups, as their hashes.

        None stands for what was blanked by an erasure.
        """
        with self.database.read() as connection:
            by = [_watched(connection, group) for group in groups]
            counted = select(*by, func.count()).where(*_span(store, stream, start, end)).group_by(*by)
            return Counter({tuple(row[:-1]): row[-1] for row in connection.execute(counted)})

    def told(self, store: str, stream: str, ids: Collection[str]) -> Counter[tuple[str, str, str, str]]:
        """Everything recorded of these records, by destination, kind, status and reason ("" for none)."""
        by = (delivery.c.destination, fact.c.kind, delivery.c.status, func.coalesce(delivery.c.reason, ""))
        joined = select(*by, func.count()).join_from(fact, delivery, delivery.c.event_id == fact.c.event_id)
        with self.database.read() as connection:
            mine = (fact.c.store == store, fact.c.stream == stream)
            these = among_texts(connection, fact.c.record_id, ids)
            rows = connection.execute(joined.where(*mine, these).group_by(*by)).all()
        return Counter({(row[0], row[1], row[2], row[3]): row[4] for row in rows})

    def standing(self, events: Collection[UUID]) -> dict[tuple[UUID, str], tuple[str, str | None]]:
        """Status and reason of these events' messages, as far as there are any, by event and destination."""
        columns = (delivery.c.event_id, delivery.c.destination, delivery.c.status, delivery.c.reason)
        with self.database.read() as connection:
            these = among(connection, delivery.c.event_id, list(events))
            rows = connection.execute(select(*columns).where(these)).all()
        return {(row.event_id, row.destination): (row.status, row.reason) for row in rows}

    def ids(self, store: str, stream: str, start: datetime, end: datetime) -> dict[str, date]:
        """All records of the span at once, with their days: meant for few days."""
        wanted = select(record.c.record_id, record.c.created_at).where(*_span(store, stream, start, end))
        with self.database.read() as connection:
            return {row.record_id: moment(row.created_at).date() for row in connection.execute(wanted)}


_DAY = record.c.created_at - record.c.created_at % DAY
_RANK = case({status: str(place) for place, status in enumerate(WORST_LAST)}, value=delivery.c.status)
_WHY = case((delivery.c.status.in_(EXPLAINED), func.coalesce(delivery.c.reason, "")), else_="")
# Begins with its rank, so that the greatest is the worst in any collation.
_STANDING = _RANK + ":" + delivery.c.status + ":" + _WHY


def _span(store: str, stream: str, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    at = record.c.created_at
    return record.c.store == store, record.c.stream == stream, at >= micros(start), at < micros(end)


def _watched(connection: Connection, group: str) -> ColumnElement[Any]:
    if is_postgres(connection):
        told: ColumnElement[Any] = cast(record.c.state, JSON)["watched"][group].as_string()
        return told
    return func.json_extract(record.c.state, f"$.watched.{group}")


def _fate(begun: int, standing: str | None, records: int) -> Fate:
    day = moment(begun).date()
    if standing is None:
        return Fate(day, SILENT, None, records)
    _, status, reason = standing.split(":", 2)
    return Fate(day, status, reason or None, records)
