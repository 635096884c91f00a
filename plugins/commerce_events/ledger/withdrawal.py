"""Taking a backfill's messages out of the line again, before they are sent."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from commerce_events.domain.deliveries import Priority, Status
from commerce_events.domain.facts import Reason
from commerce_events.domain.moments import micros
from commerce_events.ledger.daily import DailyKey, count_daily, moves
from commerce_events.ledger.database import Database, among
from commerce_events.ledger.lanes import PENDING
from commerce_events.ledger.tables import delivery, fact, lane, payload

MOST = 5_000  # in one transaction


@dataclass(frozen=True, slots=True)
class Withdrawal:
    database: Database

    def withdraw(self, plan: str, now: datetime) -> int:
        """Some of a plan's unsent messages become filtered as `cancelled`; returns how many.

        Lanes are locked first: what a worker has claimed is left to it, and nobody claims what goes. What may
        have been taken by the destination already is left alone too.
        """
        with self.database.write() as connection:
            free = select(lane.c.destination, lane.c.lane).where(lane.c.leased_until <= micros(now))
            ordered = free.order_by(lane.c.destination, lane.c.lane).with_for_update()
            lanes = {(row.destination, row.lane) for row in connection.execute(ordered)}
            changes: Counter[DailyKey] = Counter()
            gone = 0
            for destination in sorted({name for name, _ in lanes}):
                ids = _unsent(connection, plan, destination, [n for name, n in lanes if name == destination])
                _filter(connection, destination, ids, now)
                moved = [(each, destination) for each in ids]
                changes.update(moves(connection, moved, Status.PENDING, Status.FILTERED))
                gone += len(ids)
            count_daily(connection, changes)
        return gone

    def destinations(self, plan: str) -> list[str]:
        """Those that a plan still owes messages."""
        with self.database.read() as connection:
            owed = select(delivery.c.destination).join_from(delivery, fact, _SAME).where(_of_plan(plan))
            return sorted(connection.scalars(owed.distinct()))

    def pending(self, plan: str) -> int:
        """How many of a plan's messages are still to be sent."""
        with self.database.read() as connection:
            counted = select(func.count()).select_from(delivery.join(fact, _SAME)).where(_of_plan(plan))
            return connection.scalar(counted) or 0


_SAME = fact.c.event_id == delivery.c.event_id


def _of_plan(plan: str) -> ColumnElement[bool]:
    return and_(PENDING, delivery.c.priority == Priority.BACKFILL, fact.c.run_id == plan)


def _unsent(connection: Connection, plan: str, destination: str, lanes: Collection[int]) -> list[UUID]:
    here = (delivery.c.destination == destination, delivery.c.lane.in_(lanes), delivery.c.maybe_sent == 0)
    found = select(delivery.c.event_id).join_from(delivery, fact, _SAME).where(_of_plan(plan), *here)
    return list(connection.scalars(found.limit(MOST)))


def _filter(connection: Connection, destination: str, ids: Collection[UUID], now: datetime) -> None:
    """Their bodies go too: whoever opens them again renders them anew."""
    here = (delivery.c.destination == destination, among(connection, delivery.c.event_id, ids))
    end = {"status": Status.FILTERED, "reason": Reason.CANCELLED, "settled_at": micros(now)}
    connection.execute(update(delivery).where(*here, PENDING).values(**end))
    bodies = (payload.c.destination == destination, among(connection, payload.c.event_id, ids))
    connection.execute(delete(payload).where(*bodies))
