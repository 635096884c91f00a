"""Messages that wait for a person: quarantined and dead ones, found and put back in line."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.daily import DailyKey, count_daily, moves
from commerce_events.ledger.database import Database, among
from commerce_events.ledger.entries import Owed, Told
from commerce_events.ledger.further import write_further
from commerce_events.ledger.lanes import HAS_BODY
from commerce_events.ledger.months import month_of
from commerce_events.ledger.packing import unpacked
from commerce_events.ledger.tables import delivery, fact, payload


@dataclass(frozen=True, slots=True)
class Choice:
    """Which messages are meant; an empty field means any.

    `ids`: event ids or record ids. `day`: the day, in UTC, on which the fact happened.
    """

    statuses: tuple[Status, ...] = (Status.QUARANTINED, Status.DEAD)
    reason: str | None = None
    destination: str | None = None
    ids: tuple[str, ...] = ()
    kind: Kind | None = None
    day: date | None = None

    @property
    def all(self) -> bool:
        """Whether nothing but the status narrows it."""
        return not (self.reason or self.destination or self.ids or self.kind or self.day)


@dataclass(frozen=True, slots=True)
class Held:
    """One message, with what it was rendered from."""

    event_id: UUID
    destination: str
    status: Status
    store: str
    stream: str
    record_id: str
    kind: Kind
    part: str
    revision: str
    occurred_at: datetime
    door: str
    lane: int
    priority: int
    body: bytes | None = field(repr=False)
    input: bytes | None = field(repr=False)

    @property
    def fact(self) -> Fact:
        return Fact(
            self.store, self.stream, self.record_id, self.kind, self.occurred_at, revision=self.revision
        )


@dataclass(frozen=True, slots=True)
class Group:
    """How many messages wait for one reason; `maybe_sent` of them may have arrived already."""

    destination: str
    kind: str
    status: str
    reason: str
    count: int
    maybe_sent: int


@dataclass(frozen=True, slots=True)
class Waiting:
    database: Database

    def groups(self, choice: Choice) -> list[Group]:
        by = (delivery.c.destination, fact.c.kind, delivery.c.status, delivery.c.reason)
        doubtful = func.count().filter(delivery.c.maybe_sent > 0).label("doubtful")
        counted = select(*by, func.count().label("n"), doubtful).join_from(delivery, fact, _SAME)
        with self.database.read() as connection:
            rows = connection.execute(counted.where(chosen(choice)).group_by(*by).order_by(*by)).all()
        return [Group(*row) for row in rows]

    def next(self, choice: Choice, after: int, count: int) -> tuple[list[Held], int]:
        """The next waiting messages in the order recorded, and where to go on.

        Those that may have been taken already are left out: sending them again is a decision, not a replay.
        """
        return self._page(choice, after, count, delivery.c.maybe_sent == 0)

    def all(self, choice: Choice, after: int, count: int) -> tuple[list[Held], int]:
        """As `next`, with those that may have been taken."""
        return self._page(choice, after, count, true())

    def _page(
        self, choice: Choice, after: int, count: int, which: ColumnElement[bool]
    ) -> tuple[list[Held], int]:
        wanted = (chosen(choice), which, delivery.c.seq > after)
        with self.database.read() as connection:
            rows = connection.execute(HELD.where(*wanted).order_by(delivery.c.seq).limit(count)).all()
        return [held_of(row) for row in rows], rows[-1].seq if rows else after

    def settle(
        self,
        again: Sequence[tuple[Held, Owed]],
        now: datetime,
        further: Sequence[tuple[Held, Told]] = (),
    ) -> None:
        """Write what became of replayed messages; one that has moved on meanwhile is left alone. `further`:
        calls of their templates that were never told, because there were none when the messages were.
        """
        with self.database.write() as connection:
            moved: set[tuple[UUID, str]] = set()
            changes: Counter[DailyKey] = Counter()
            for (destination, old, end), ids in _grouped(again).items():
                done = connection.scalars(_moved(destination, old, end, ids, now)).all()
                there = [(each, destination) for each in done]
                changes.update(moves(connection, there, old, end[0]))
                moved.update(there)
            count_daily(connection, changes)
            bodies = {
                (held.event_id, held.destination): owed.body
                for held, owed in again
                if (held.event_id, held.destination) in moved
            }
            _write_bodies(connection, bodies, now)
            calls = [
                (told, held.door, held.priority)
                for held, told in further
                if (held.event_id, held.destination) in moved
            ]
            write_further(connection, calls, now)


# A destination, the status before, and the end: status, reason, detail.
End = tuple[Status, str | None, str | None]
Move = tuple[str, Status, End]

_SAME = fact.c.event_id == delivery.c.event_id
_KEPT = ("destination", "status", "seq", "lane", "priority")
# A message with all that a replay needs, whatever its status.
HELD = select(*fact.c, *(delivery.c[name] for name in _KEPT), payload.c.body, payload.c.input).select_from(
    delivery.join(fact, _SAME).outerjoin(payload, HAS_BODY)
)


def _write_bodies(
    connection: Connection, bodies: Mapping[tuple[UUID, str], bytes | None], now: datetime
) -> None:
    """Over those that are kept; anew where retention has taken one since it was read."""
    if not bodies:
        return
    written = update(payload).where(*_ONE_BODY).values(body=bindparam("bytes"))
    rows = [{"id": event, "at": destination, "bytes": body} for (event, destination), body in bodies.items()]
    connection.execute(written, rows)
    these = among(connection, payload.c.event_id, [event for event, _ in bodies])
    found = connection.execute(select(payload.c.event_id, payload.c.destination).where(these))
    kept = {(row.event_id, row.destination) for row in found}
    gone = [
        {"event_id": event, "destination": destination, "month": month_of(now), "body": body}
        for (event, destination), body in bodies.items()
        if (event, destination) not in kept and body is not None
    ]
    if gone:
        connection.execute(insert(payload), gone)


def _grouped(again: Sequence[tuple[Held, Owed]]) -> dict[Move, list[UUID]]:
    groups: dict[Move, list[UUID]] = defaultdict(list)
    for held, owed in again:
        end = (owed.status, owed.reason, owed.detail)
        groups[held.destination, held.status, end].append(held.event_id)
    return groups


_ONE_BODY = (payload.c.event_id == bindparam("id"), payload.c.destination == bindparam("at"))


def _moved(destination: str, old: Status, end: End, ids: Sequence[UUID], now: datetime) -> Any:
    status, reason, detail = end
    rows = (delivery.c.destination == destination, delivery.c.status == old, delivery.c.event_id.in_(ids))
    ended = None if status == Status.PENDING else micros(now)
    values = {"status": status, "reason": reason, "detail": detail, "settled_at": ended}
    moved = update(delivery).where(*rows).values(**values, attempts=0, recorded_at=micros(now))
    return moved.returning(delivery.c.event_id)


def chosen(choice: Choice) -> ColumnElement[bool]:
    terms: list[ColumnElement[bool]] = [delivery.c.status.in_(choice.statuses)]
    if choice.reason is not None:
        terms.append(delivery.c.reason == choice.reason)
    if choice.destination is not None:
        terms.append(delivery.c.destination == choice.destination)
    if choice.ids:
        events = [UUID(each) for each in choice.ids if _is_uuid(each)]
        terms.append(or_(fact.c.record_id.in_(choice.ids), fact.c.event_id.in_(events)))
    if choice.kind is not None:
        terms.append(fact.c.kind == choice.kind)
    if choice.day is not None:
        begun = datetime.combine(choice.day, time(), UTC)
        day = (fact.c.occurred_at >= micros(begun), fact.c.occurred_at < micros(begun + timedelta(days=1)))
        terms.extend(day)
    return and_(*terms)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def held_of(row: Any) -> Held:
    return Held(
        row.event_id,
        row.destination,
        Status(row.status),
        row.store,
        row.stream,
        row.record_id,
        Kind(row.kind),
        row.part,
        row.revision,
        moment(row.occurred_at),
        row.door,
        row.lane,
        row.priority,
        row.body and bytes(row.body),
        unpacked(row.input),
    )
