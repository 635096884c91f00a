"""Leasing lanes: who may send the messages of which people, and for how long.

There is no "processing" flag that a lost worker leaves behind: claiming moves a lane's lease forward,
and every closing write names the lease's token.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, ScalarSelect, and_, func, literal_column, select, true, update

from commerce_events.domain.deliveries import Message, Priority
from commerce_events.domain.ids import LANES
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.database import Database, insert_into, is_postgres
from commerce_events.ledger.tables import delivery, lane, payload

# Longer than one request with its time-outs; each batch renews it.
LEASE = timedelta(minutes=5)

# The literal lets both databases see that the partial index serves.
PENDING = delivery.c.status == literal_column("'pending'")

HAS_BODY = and_(payload.c.event_id == delivery.c.event_id, payload.c.destination == delivery.c.destination)


@dataclass(frozen=True, slots=True)
class Claim:
    """Lanes that are ours under `token` until the lease ends, and their next messages: live ones of all lanes
    before backfilled ones, each lane's in order.
    """

    destination: str
    token: UUID
    lanes: tuple[int, ...]
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Lanes:
    database: Database

    def prepare(self, destination: str) -> None:
        """Create the destination's lanes; safe to repeat."""
        rows = [
            {"destination": destination, "lane": n, "leased_until": 0, "blocked_until": 0, "failures": 0}
            for n in range(LANES)
        ]
        with self.database.read() as connection:
            there = select(func.count()).select_from(lane).where(lane.c.destination == destination)
            if connection.scalar(there) == LANES:
                return
        with self.database.write() as connection:
            connection.execute(insert_into(connection, lane).on_conflict_do_nothing(), rows)

    def claim(
        self,
        destination: str,
        now: datetime,
        *,
        lanes: int,
        per_lane: int,
        down_to: Priority = Priority.BACKFILL,
    ) -> Claim:
        """Lease lanes with due messages, those with live ones first, then those that waited longest."""
        token = uuid4()
        with self.database.write() as connection:
            taken = tuple(connection.scalars(_free_lanes(destination, now, lanes, down_to)))
            lease = {"token": token, "leased_until": micros(now + LEASE)}
            connection.execute(update(lane).where(_these(destination, taken)).values(**lease))
            rows = _heads(connection, token, taken, _owed(destination, per_lane, down_to))
        messages = sorted((_message(row) for row in rows), key=lambda one: (one.priority, one.lane, one.seq))
        return Claim(destination, token, taken, tuple(messages))

    def release(self, claim: Claim, now: datetime) -> None:
        """Give the lanes back; those that another worker took meanwhile are left alone."""
        with self.database.write() as connection:
            ours = and_(_these(claim.destination, claim.lanes), lane.c.token == claim.token)
            connection.execute(update(lane).where(ours).values(token=None, leased_until=micros(now)))

    def next_due(self, destination: str, down_to: Priority = Priority.BACKFILL) -> datetime | None:
        """When the first lane with pending messages will be free; None when nothing is pending."""
        busy = func.max(lane.c.leased_until, lane.c.blocked_until)
        greatest = func.greatest(lane.c.leased_until, lane.c.blocked_until)
        with self.database.read() as connection:
            free_at = greatest if is_postgres(connection) else busy
            owing = (lane.c.destination == destination, _first_priority(down_to).is_not(None))
            found = connection.scalar(select(func.min(free_at)).where(*owing))
        return moment(found) if found is not None else None


def hold(connection: Connection, claim: Claim, lanes: Sequence[int]) -> bool:
    """Lock these lanes for the transaction; False if any is no longer ours."""
    ours = and_(_these(claim.destination, lanes), lane.c.token == claim.token)
    held = connection.scalars(select(lane.c.lane).where(ours).order_by(lane.c.lane).with_for_update())
    return len(held.all()) == len(lanes)


def lock_free(connection: Connection, destination: str, lanes: Collection[int], now: datetime) -> list[int]:
    """Those of these lanes that nobody has leased, locked: nobody claims them before the transaction ends."""
    free = select(lane.c.lane).where(_these(destination, lanes), lane.c.leased_until <= micros(now))
    return list(connection.scalars(free.order_by(lane.c.lane).with_for_update()))


def change_lanes(connection: Connection, claim: Claim, lanes: Sequence[int], **values: Any) -> None:
    connection.execute(update(lane).where(_these(claim.destination, lanes)).values(**values))


def failures_of(connection: Connection, claim: Claim, lanes: Sequence[int]) -> int:
    """How often in a row the worst of these lanes has failed."""
    worst = select(func.max(lane.c.failures)).where(_these(claim.destination, lanes))
    return int(connection.scalar(worst) or 0)


def _these(destination: str, lanes: Collection[int]) -> Any:
    return and_(lane.c.destination == destination, lane.c.lane.in_(lanes))


def _first_priority(down_to: Priority) -> ScalarSelect[int]:
    """The priority of a lane's next message: nothing when it owes nothing."""
    owed = (delivery.c.destination == lane.c.destination, delivery.c.lane == lane.c.lane, PENDING)
    found = select(delivery.c.priority).where(*owed, delivery.c.priority <= int(down_to))
    return found.order_by(delivery.c.priority).limit(1).scalar_subquery()


def _free_lanes(destination: str, now: datetime, count: int, down_to: Priority) -> Any:
    priority = _first_priority(down_to)
    free = (
        lane.c.destination == destination,
        lane.c.leased_until <= micros(now),
        lane.c.blocked_until <= micros(now),
        priority.is_not(None),
    )
    waiting = select(lane.c.lane).where(*free).order_by(priority, lane.c.leased_until, lane.c.lane)
    return waiting.limit(count).with_for_update(skip_locked=True, of=lane)


def _heads(connection: Connection, claim_token: UUID, lanes: Sequence[int], owed: Any) -> Sequence[Any]:
    """The next messages of each claimed lane, live before backfill, in the order recorded."""
    if is_postgres(connection):
        # A LATERAL reads only the head of each lane: 2 ms at 500,000 pending, against 18 ms with ANY.
        head = owed.where(delivery.c.destination == lane.c.destination, delivery.c.lane == lane.c.lane)
        heads = head.correlate(lane).lateral("head")
        joined = select(heads).select_from(lane.join(heads, true())).where(lane.c.token == claim_token)
        return connection.execute(joined).all()
    return [row for each in lanes for row in connection.execute(owed.where(delivery.c.lane == each))]


def _owed(destination: str, per_lane: int, down_to: Priority) -> Any:
    columns = (delivery.c.event_id, delivery.c.lane, delivery.c.priority, delivery.c.seq)
    due = select(*columns, delivery.c.recorded_at, delivery.c.attempts, payload.c.body)
    due = due.join(payload, HAS_BODY).where(delivery.c.destination == destination, PENDING)
    due = due.where(delivery.c.priority <= int(down_to))
    return due.order_by(delivery.c.priority, delivery.c.seq).limit(per_lane)


def _message(row: Any) -> Message:
    body, priority = bytes(row.body), Priority(row.priority)
    return Message(row.event_id, row.lane, row.seq, body, row.recorded_at, row.attempts, priority)
