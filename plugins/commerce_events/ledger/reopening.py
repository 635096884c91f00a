"""Filtered messages that may be told after all: found, and put in line as of now."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, delete, or_, select, update

from commerce_events.domain.deliveries import Door, Priority, Status
from commerce_events.domain.facts import REOPENABLE, Kind, Reason
from commerce_events.domain.moments import micros, moment
from commerce_events.domain.past import Untold
from commerce_events.ledger.bulk import copy_rows
from commerce_events.ledger.daily import DailyKey, moves
from commerce_events.ledger.database import Database, among, among_texts, next_numbers
from commerce_events.ledger.entries import Owed, Told
from commerce_events.ledger.rows import delivery_row, payload_row
from commerce_events.ledger.tables import delivery, fact, payload

# What each door may tell after all. The live sync tells what a backfill has left to it.
OPENS: Mapping[Door, frozenset[Reason]] = {Door.BACKFILL: REOPENABLE, Door.ADOPT: REOPENABLE}
LIVE_OPENS = frozenset({Reason.FENCE})


@dataclass(frozen=True, slots=True)
class Reopening:
    database: Database

    def untold(self, store: str, stream: str, ids: Collection[str]) -> dict[str, list[Untold]]:
        """Of these records: what could be told after all, and every refund, since each counts from the last.

        A record of which nothing can be told is left out.
        """
        mine = (fact.c.store == store, fact.c.stream == stream)
        by = (fact.c.record_id, fact.c.kind, fact.c.revision, fact.c.occurred_at, delivery.c.reason)
        found: dict[str, list[Untold]] = defaultdict(list)
        with self.database.read() as connection:
            these = among_texts(connection, fact.c.record_id, ids)
            told = select(*by).join_from(fact, delivery, fact.c.event_id == delivery.c.event_id).distinct()
            for row in connection.execute(told.where(*mine, these, or_(_OPEN, _REFUND))):
                found[row.record_id].append(_untold(row))
        return {name: rows for name, rows in found.items() if any(row.reason for row in rows)}


def reopen(
    connection: Connection,
    told: Sequence[tuple[Told, Priority]],
    door: Door,
    now: datetime,
    run: str | None,
) -> tuple[Counter[str], Counter[DailyKey]]:
    """Tell what was only filtered, of facts that were known already; anything else stands as it is.

    Returns counts by status, and what this does to the daily counts. A new number puts a message behind all
    that was recorded of its person before.
    """
    again = _openable(connection, told, door)
    if not again:
        return Counter(), Counter()
    numbers = next_numbers(connection, len(again))
    rows = [delivery_row(*each, number, now) for each, number in zip(again, numbers, strict=True)]
    connection.execute(_REWRITTEN, [{f"new_{name}": value for name, value in row.items()} for row in rows])
    _rewrite_payloads(connection, again, now)
    ids = sorted({one.event_id for one, _, _ in again})
    met = {"door": door, "run_id": run, "captured_at": micros(now)}
    connection.execute(update(fact).where(among(connection, fact.c.event_id, ids)).values(**met))
    changes: Counter[DailyKey] = Counter()
    for status in {owed.status for _, owed, _ in again} - {Status.FILTERED}:
        moved = [(one.event_id, owed.destination) for one, owed, _ in again if owed.status == status]
        changes.update(moves(connection, moved, Status.FILTERED, status))
    return Counter(f"{one.fact.kind} {owed.status}" for one, owed, _ in again), changes


def _openable(
    connection: Connection, told: Sequence[tuple[Told, Priority]], door: Door
) -> list[tuple[Told, Owed, Priority]]:
    """Those that are told now, were not, and may be, in the order given."""
    owing = [(one, owed, first) for one, first in told for owed in one.owed if _is_told(owed)]
    if not owing:
        return []
    reasons = OPENS.get(door, LIVE_OPENS)
    these = among(connection, delivery.c.event_id, sorted({one.event_id for one, _, _ in owing}))
    open_ = (these, delivery.c.status == Status.FILTERED, delivery.c.reason.in_(reasons))
    found = connection.execute(
        select(delivery.c.event_id, delivery.c.destination).where(*open_).with_for_update()
    )
    waiting = {(row.event_id, row.destination) for row in found}
    return [each for each in owing if (each[0].event_id, each[1].destination) in waiting]


def _is_told(owed: Owed) -> bool:
    """Or has come to an end that nothing opens again."""
    return owed.status is not Status.FILTERED or owed.reason not in REOPENABLE


def _rewrite_payloads(
    connection: Connection, again: Sequence[tuple[Told, Owed, Priority]], now: datetime
) -> None:
    bodies = [payload_row(one, owed, now) for one, owed, _ in again if owed.body or owed.input]
    ids: list[UUID] = sorted({one.event_id for one, _, _ in again})
    for destination in sorted({owed.destination for _, owed, _ in again}):
        there = (payload.c.destination == destination, among(connection, payload.c.event_id, ids))
        connection.execute(delete(payload).where(*there))
    if bodies:
        copy_rows(connection, payload, bodies)


def _untold(row: Any) -> Untold:
    reason = Reason(row.reason) if row.reason in REOPENABLE else None
    return Untold(Kind(row.kind), row.revision, moment(row.occurred_at), reason)


_OPEN = and_(delivery.c.status == Status.FILTERED, delivery.c.reason.in_(REOPENABLE))
_REFUND = and_(fact.c.kind == Kind.ORDER_REFUNDED, delivery.c.reason.is_distinct_from(Reason.REFUND_FELL))
_KEY = ("event_id", "destination")
_REWRITTEN = (
    update(delivery)
    .where(*(delivery.c[name] == bindparam(f"new_{name}") for name in _KEY))
    .values({name: bindparam(f"new_{name}") for name in (
        "lane", "priority", "seq", "status", "reason", "detail", "attempts", "maybe_sent", "recorded_at",
        "settled_at",
    )})
)  # fmt: skip
