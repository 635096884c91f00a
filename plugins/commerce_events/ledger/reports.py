"""Read-only answers: how many, how late, what became of one record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select

from commerce_events.domain.deliveries import Status
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.database import Database
from commerce_events.ledger.lanes import HAS_BODY, PENDING
from commerce_events.ledger.tables import daily, delivery, fact, payload, record, reject, stream


@dataclass(frozen=True, slots=True)
class Line:
    """How many deliveries of one kind at one destination have one status."""

    store: str
    destination: str
    kind: str
    status: str
    count: int


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one fact at one destination. `body` is gone when retention has dropped it."""

    event_id: UUID
    kind: str
    part: str
    revision: str
    occurred_at: datetime
    destination: str
    status: Status
    reason: str | None
    detail: str | None
    attempts: int
    settled_at: datetime | None
    body: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recent:
    """Deliveries recorded since a time, by how they stand."""

    rows: int
    quarantined: int
    dead: int
    rejects: int


@dataclass(frozen=True, slots=True)
class Reports:
    database: Database

    def by_message(self) -> list[Line]:
        """All deliveries, counted by store, destination, kind and status."""
        by = (daily.c.store, daily.c.destination, daily.c.kind, daily.c.status)
        counted = select(*by, func.sum(daily.c.n)).group_by(*by).having(func.sum(daily.c.n) != 0)
        with self.database.read() as connection:
            return [Line(*row[:4], int(row[4])) for row in connection.execute(counted.order_by(*by))]

    def recent(self, since: datetime) -> Recent:
        """What was recorded or refused since `since`."""
        by_status = select(delivery.c.status, func.count().label("n")).group_by(delivery.c.status)
        refused = select(_UNREADABLE).where(reject.c.seen_at >= micros(since), reject.c.settled_at.is_(None))
        with self.database.read() as connection:
            rows = connection.execute(by_status.where(delivery.c.recorded_at >= micros(since)))
            counts = {row.status: int(row.n) for row in rows.all()}
            rejects = connection.scalar(refused) or 0
        quarantined, dead = counts.get(Status.QUARANTINED, 0), counts.get(Status.DEAD, 0)
        return Recent(sum(counts.values()), quarantined, dead, rejects)

    def oldest_pending(self) -> datetime | None:
        """Since when the longest-waiting message has been owed."""
        with self.database.read() as connection:
            found = connection.scalar(select(func.min(delivery.c.recorded_at)).where(PENDING))
        return moment(found) if found is not None else None

    def of_record(self, store: str, name: str, record_id: str) -> Sequence[Told]:
        """Every fact told of one record, in the order recorded, and what became of it."""
        mine = (fact.c.store == store, fact.c.stream == name, fact.c.record_id == record_id)
        columns = (fact.c.event_id, fact.c.kind, fact.c.part, fact.c.revision, fact.c.occurred_at)
        ends = ("destination", "status", "reason", "detail", "attempts", "settled_at")
        joined = fact.join(delivery, fact.c.event_id == delivery.c.event_id).outerjoin(payload, HAS_BODY)
        found = select(*columns, *(delivery.c[name] for name in ends), payload.c.body).select_from(joined)
        with self.database.read() as connection:
            rows = connection.execute(found.where(*mine).order_by(delivery.c.seq)).all()
        return [_told(row) for row in rows]

    def records(self) -> list[tuple[str, str, int]]:
        """How many records of each store and stream are known."""
        by = (record.c.store, record.c.stream)
        with self.database.read() as connection:
            rows = connection.execute(select(*by, func.count()).group_by(*by).order_by(*by))
            return [(row[0], row[1], row[2]) for row in rows]

    def open_rejects(self) -> list[tuple[str, str, str, int]]:
        """Records that could not be read and still were not: store, stream, reason, how many."""
        by = (reject.c.store, reject.c.stream, reject.c.reason)
        counted = select(*by, _UNREADABLE).where(reject.c.settled_at.is_(None)).group_by(*by).order_by(*by)
        with self.database.read() as connection:
            return [(row[0], row[1], row[2], row[3]) for row in connection.execute(counted)]

    def watermarks(self) -> list[tuple[str, str, datetime]]:
        with self.database.read() as connection:
            rows = connection.execute(select(stream).order_by(stream.c.store, stream.c.stream)).all()
        return [(row.store, row.stream, moment(row.watermark)) for row in rows]

    def pending(self, destination: str) -> int:
        with self.database.read() as connection:
            owed = and_(delivery.c.destination == destination, PENDING)
            return connection.scalar(select(func.count()).where(owed)) or 0


# One record may have been refused with several contents, and counts once; one without an id for itself.
_UNREADABLE = func.count(reject.c.record_id.distinct()) + func.count().filter(reject.c.record_id.is_(None))


def _told(row: Any) -> Told:
    return Told(
        event_id=row.event_id,
        kind=row.kind,
        part=row.part,
        revision=row.revision,
        occurred_at=moment(row.occurred_at),
        destination=row.destination,
        status=Status(row.status),
        reason=row.reason,
        detail=row.detail,
        attempts=row.attempts,
        settled_at=moment(row.settled_at) if row.settled_at is not None else None,
        body=row.body and bytes(row.body),
    )
