"""How well event doors serve: how long news takes through them, and what came without any."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, case, exists, func, select

from commerce_events.domain.delays import Delay
from commerce_events.domain.deliveries import Door, Status
from commerce_events.domain.moments import micros
from commerce_events.ledger.database import Database
from commerce_events.ledger.tables import delivery, fact, inbox

EVENT_DOORS = (Door.WEBHOOK, Door.QUEUE)
PEOPLE = "people"  # what follows from other records is announced by nobody
MOST_DELAYS = 20_000  # of the latest; more would tell nothing new

_SAME_RECORD = and_(
    inbox.c.store == fact.c.store, inbox.c.stream == fact.c.stream, inbox.c.record_id == fact.c.record_id
)
_DELIVERED = fact.join(delivery, fact.c.event_id == delivery.c.event_id)


@dataclass(frozen=True, slots=True)
class Found:
    """Changes of one store within a time: all that were found, and those that no hint announced."""

    changes: int
    unannounced: int

    @property
    def share(self) -> float:
        return self.unannounced / self.changes if self.changes else 0.0


@dataclass(frozen=True, slots=True)
class Doors:
    database: Database

    def delays(self, since: datetime) -> Sequence[Delay]:
        """Of each message that a hint brought and a destination accepted since then, at most the latest."""
        told = and_(
            _SAME_RECORD, inbox.c.received_at <= fact.c.captured_at, inbox.c.done_at >= fact.c.captured_at
        )
        columns = (fact.c.store, fact.c.door, fact.c.captured_at, delivery.c.settled_at)
        by = (fact.c.event_id, delivery.c.destination, *columns)
        changed = func.min(func.coalesce(inbox.c.source_at, fact.c.occurred_at))
        found = (
            select(*columns, changed.label("changed_at"), func.min(inbox.c.received_at).label("received_at"))
            .select_from(_DELIVERED.join(inbox, told))
            .where(
                delivery.c.recorded_at >= micros(since),
                delivery.c.status == Status.ACCEPTED,
                fact.c.door.in_(EVENT_DOORS),
            )
            .group_by(*by)
            .order_by(delivery.c.settled_at.desc())
            .limit(MOST_DELAYS)
        )
        with self.database.read() as connection:
            return [
                Delay(
                    row.store,
                    Door(row.door),
                    row.changed_at,
                    row.received_at,
                    row.captured_at,
                    row.settled_at,
                )
                for row in connection.execute(found)
            ]

    def found(self, store: str, since: datetime, until: datetime, grace: timedelta) -> Found:
        """Changes that happened and were captured in that time, through any door but a backfill's.

        Announced is what a hint told of at most `grace` before it happened or after it was captured: a poll
        may be the quicker one.
        """
        margin = grace // timedelta(microseconds=1)
        announced = exists().where(
            _SAME_RECORD,
            inbox.c.received_at >= fact.c.occurred_at - margin,
            inbox.c.received_at <= fact.c.captured_at + margin,
        )
        silent = and_(fact.c.door == Door.POLL, ~announced)
        changes = (
            select(fact.c.event_id, func.max(case((silent, 1), else_=0)).label("silent"))
            .select_from(_DELIVERED)
            .where(
                fact.c.store == store,
                fact.c.door != Door.BACKFILL,
                fact.c.stream != PEOPLE,
                fact.c.occurred_at >= micros(since),
                delivery.c.recorded_at >= micros(since),
                delivery.c.recorded_at <= micros(until),
                delivery.c.status != Status.FILTERED,
            )
            .group_by(fact.c.event_id)
            .subquery()
        )
        counted = select(func.count(), func.coalesce(func.sum(changes.c.silent), 0)).select_from(changes)
        with self.database.read() as connection:
            found, unannounced = connection.execute(counted).one()
        return Found(int(found), int(unannounced))


def _delay(row: Row[Any]) -> Delay:
    times = (row.changed_at, row.received_at, row.captured_at, row.settled_at)
    return Delay(row.store, Door(row.door), *times)
