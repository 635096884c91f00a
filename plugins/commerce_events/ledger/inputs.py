"""What recent facts were rendered from, as it was kept for replays."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from commerce_events.domain.facts import Kind
from commerce_events.domain.moments import moment
from commerce_events.ledger.database import Database
from commerce_events.ledger.lanes import HAS_BODY
from commerce_events.ledger.packing import unpacked
from commerce_events.ledger.tables import delivery, fact, payload


@dataclass(frozen=True, slots=True)
class Kept:
    """One fact's input, as JSON. It holds personal data."""

    event_id: UUID
    record_id: str
    occurred_at: datetime
    document: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Inputs:
    database: Database

    def recent(self, kind: Kind, count: int) -> list[Kept]:
        """Of the latest `count` facts of that kind whose input has not been dropped, the latest first."""
        columns = (fact.c.event_id, fact.c.record_id, fact.c.occurred_at, payload.c.input)
        joined = delivery.join(fact, fact.c.event_id == delivery.c.event_id).join(payload, HAS_BODY)
        # A fact told in parts or to several destinations was rendered once.
        once = (fact.c.part == "", payload.c.destination == _FIRST)
        found = select(*columns).select_from(joined).where(fact.c.kind == kind, *once)
        with self.database.read() as connection:
            rows = connection.execute(found.order_by(delivery.c.seq.desc()).limit(count)).all()
        return [
            Kept(row.event_id, row.record_id, moment(row.occurred_at), unpacked(row.input) or b"{}")
            for row in rows
        ]


_other = payload.alias()
_FIRST = (
    select(func.min(_other.c.destination))
    .where(_other.c.event_id == payload.c.event_id, _other.c.input.is_not(None))
    .scalar_subquery()
)
