"""What a person decides about messages: to discard, to edit, to correct. Each leaves a row in the audit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, tuple_, update

from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import Reason
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.bulk import bulk, copy_rows
from commerce_events.ledger.daily import DailyKey, count_daily, moves
from commerce_events.ledger.database import Database, next_numbers
from commerce_events.ledger.entries import Owed
from commerce_events.ledger.tables import delivery, fact, payload
from commerce_events.ledger.waiting import HELD, Choice, Held, chosen, held_of
from commerce_events.ledger.watch_tables import audit

WAITING = (Status.QUARANTINED, Status.DEAD)
_IDENTITY = ("store", "stream", "record_id", "kind", "part", "revision")


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, and why. The reason is kept for ever: nothing personal belongs into it."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was accepted or may have been, with how often its fact was corrected so far."""

    held: Held
    corrections: int


@dataclass(frozen=True, slots=True)
class Corrected:
    """A message once more, as a new fact. `number` is the fact's correction, `detail` names what differs."""

    held: Held
    event_id: UUID
    number: int
    owed: Owed
    detail: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit."""

    at: datetime
    who: str
    action: str
    event_id: UUID
    destination: str
    why: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class Decisions:
    database: Database

    def discard(self, unwanted: Sequence[Held], decision: Decision, now: datetime) -> int:
        """Close waiting messages for good; returns how many. One that has moved on is left alone."""
        with self.database.write() as connection:
            waits = and_(_these(unwanted), delivery.c.status.in_(WAITING))
            columns = (delivery.c.event_id, delivery.c.destination, delivery.c.status)
            found = connection.execute(select(*columns).where(waits).with_for_update()).all()
            ended = {"status": Status.FILTERED, "reason": Reason.DISCARDED, "settled_at": micros(now)}
            connection.execute(update(delivery).where(waits).values(**ended))
            changes: Counter[DailyKey] = Counter()
            for was in WAITING:
                moved = [(row.event_id, row.destination) for row in found if row.status == was]
                changes.update(moves(connection, moved, was, Status.FILTERED))
            count_daily(connection, changes)
            _note(connection, "discarded", decision, [(*row[:2], row.status) for row in found], now)
        return len(found)

    def edit(self, held: Held, owed: Owed, detail: str, decision: Decision, now: datetime) -> bool:
        """Write a message as a person changed it. False: it no longer waits, or may have been sent."""
        with self.database.write() as connection:
            waits = and_(_these([held]), delivery.c.status == held.status, delivery.c.maybe_sent == 0)
            pending = owed.status == Status.PENDING
            end = {"status": owed.status, "reason": owed.reason, "detail": owed.detail, "attempts": 0}
            end |= {"recorded_at": micros(now), "settled_at": None if pending else micros(now)}
            done = connection.execute(update(delivery).where(waits).values(**end)).rowcount
            if not done:
                return False
            same = (payload.c.event_id == held.event_id, payload.c.destination == held.destination)
            connection.execute(delete(payload).where(*same))
            connection.execute(insert(payload).values(_body(held.event_id, owed, now)))
            moved = [(held.event_id, held.destination)]
            count_daily(connection, moves(connection, moved, held.status, owed.status))
            _note(connection, "edited", decision, [(*moved[0], detail)], now)
        return True

    def count_sent(self, choice: Choice) -> int:
        """How many messages `sent` will go through."""
        joined = delivery.join(fact, fact.c.event_id == delivery.c.event_id)
        counted = select(func.count()).select_from(joined).where(chosen(choice), _taken(), _LATEST)
        with self.database.read() as connection:
            return connection.scalar(counted) or 0

    def sent(self, choice: Choice, after: int, count: int) -> tuple[list[Sent], int]:
        """The next messages that were taken, or may have been; of corrected facts only the latest telling."""
        wanted = (chosen(choice), _taken(), _LATEST, delivery.c.seq > after)
        found = HELD.add_columns(_HIGHEST.label("highest")).where(*wanted)
        with self.database.read() as connection:
            rows = connection.execute(found.order_by(delivery.c.seq).limit(count)).all()
        return [Sent(held_of(row), row.highest) for row in rows], rows[-1].seq if rows else after

    def correct(self, corrected: Sequence[Corrected], decision: Decision, now: datetime) -> int:
        """Record corrections, each a fact of its own at the end of its lane's line; returns how many.

        Whoever else corrected the same fact meanwhile was first, and stands.
        """
        with self.database.write() as connection:
            facts = {each.event_id: _fact_row(each, now) for each in corrected}
            if not facts:
                return 0
            told = bulk(connection, fact, list(facts.values()), _if_new)
            new = frozenset(connection.scalars(*told))
            fresh = [each for each in corrected if each.event_id in new]
            _write_deliveries(connection, fresh, now)
            rows = [(each.event_id, each.held.destination, each.detail) for each in fresh]
            _note(connection, "corrected", decision, rows, now)
        return len(fresh)

    def entries(self, count: int) -> list[Entry]:
        """The latest decisions, the last one first."""
        with self.database.read() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.id.desc()).limit(count)).all()
        return [Entry(moment(row.at), *row[2:]) for row in rows]


def _these(messages: Sequence[Held]) -> ColumnElement[bool]:
    keys = [(each.event_id, each.destination) for each in messages]
    return tuple_(delivery.c.event_id, delivery.c.destination).in_(keys)


def _taken() -> ColumnElement[bool]:
    doubtful = and_(delivery.c.status.in_(WAITING), delivery.c.maybe_sent > 0)
    return or_(delivery.c.status == Status.ACCEPTED, doubtful)


def _latest() -> tuple[Any, Any]:
    """Whether no later correction was told at the same destination, and the fact's highest correction."""
    other, there = fact.alias(), delivery.alias()
    same = and_(*(other.c[name] == fact.c[name] for name in _IDENTITY))
    told = and_(there.c.event_id == other.c.event_id, there.c.destination == delivery.c.destination)
    both = other.join(there, told)
    later = select(other.c.event_id).select_from(both).where(same, other.c.correction > fact.c.correction)
    highest = select(func.max(other.c.correction)).where(same)
    return ~later.correlate(fact, delivery).exists(), highest.correlate(fact).scalar_subquery()


_LATEST, _HIGHEST = _latest()


def _if_new(new: Any) -> Any:
    return new.on_conflict_do_nothing().returning(fact.c.event_id)


def _fact_row(each: Corrected, now: datetime) -> dict[str, Any]:
    held = each.held
    return {
        "event_id": each.event_id,
        **{name: getattr(held, name) for name in _IDENTITY},
        "correction": each.number,
        "occurred_at": micros(held.occurred_at),
        "captured_at": micros(now),
        "door": held.door,
        "run_id": None,
    }


def _write_deliveries(connection: Connection, fresh: Sequence[Corrected], now: datetime) -> None:
    if not fresh:
        return
    numbers = next_numbers(connection, len(fresh))
    rows = [_delivery_row(each, number, now) for each, number in zip(fresh, numbers, strict=True)]
    connection.execute(*bulk(connection, delivery, rows))
    copy_rows(connection, payload, [_body(each.event_id, each.owed, now) for each in fresh])
    count_daily(connection, Counter(_daily_key(each) for each in fresh))


def _delivery_row(each: Corrected, number: int, now: datetime) -> dict[str, Any]:
    return {
        "event_id": each.event_id,
        "destination": each.held.destination,
        "lane": each.held.lane,
        "priority": each.held.priority,
        "seq": number,
        "status": each.owed.status,
        "attempts": 0,
        "maybe_sent": 0,
        "recorded_at": micros(now),
    }


def _body(event_id: UUID, owed: Owed, now: datetime) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "destination": owed.destination,
        "month": now.year * 100 + now.month,
        "body": owed.body,
        "input": owed.input,
    }


def _daily_key(each: Corrected) -> DailyKey:
    held = each.held
    day = held.occurred_at.date().isoformat()
    return (held.store, held.stream, day, held.kind, held.destination, each.owed.status)


def _note(
    connection: Connection,
    action: str,
    decision: Decision,
    rows: Sequence[tuple[UUID, str, str]],
    now: datetime,
) -> None:
    noted = {"at": micros(now), "who": decision.who[:200], "why": decision.why[:500], "action": action}
    entries = [
        {**noted, "event_id": event_id, "destination": destination, "detail": detail[:500]}
        for event_id, destination, detail in rows
    ]
    if entries:
        connection.execute(insert(audit), entries)
