"""Recording what was captured: state, facts, deliveries and the scan's cursor, all or nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, select

from commerce_events.domain.deliveries import Door
from commerce_events.domain.facts import Kind
from commerce_events.domain.moments import micros, moment
from commerce_events.domain.states import State
from commerce_events.ledger.bulk import bulk, copy_rows
from commerce_events.ledger.daily import DailyKey, count_daily
from commerce_events.ledger.database import Database, among, among_texts, next_numbers
from commerce_events.ledger.entries import Entry, KnownStates, Seen, Told
from commerce_events.ledger.reopening import reopen
from commerce_events.ledger.rows import daily_key, delivery_row, fact_row, payload_row
from commerce_events.ledger.scans import Progress
from commerce_events.ledger.tables import delivery, fact, payload, record
from commerce_events.ledger.traces import write_traces

# Raised when a record's digest is computed in another way: every digest then differs once, harmlessly.
DIGEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """`counts` by status of what was newly recorded; `lost` are the records another capture wrote first."""

    counts: Counter[str]
    lost: frozenset[str]


@dataclass(frozen=True, slots=True)
class Records:
    database: Database

    def states(self, store: str, stream: str, ids: Iterable[str]) -> KnownStates:
        """The kept state of each of these records that is known."""
        with self.database.read() as connection:
            these = among_texts(connection, record.c.record_id, list(ids))
            key = (record.c.store == store, record.c.stream == stream, these)
            rows = connection.execute(select(record).where(*key)).all()
        return {row.record_id: Seen(row.version, _decode(row), row.erased, row.person) for row in rows}

    def record(
        self,
        entries: Sequence[Entry],
        *,
        door: Door,
        now: datetime,
        run: str | None,
        step: Progress | None,
        again: bool = False,
    ) -> Outcome:
        """Write judged records of one stream. The cursor moves only if no record was lost to another.

        `again`: deliveries that facts known before have lost are written too.
        """
        with self.database.write() as connection:
            won = _write_states(connection, entries)
            told = [(entry, told) for entry in entries if entry.record.id in won for told in entry.told]
            fresh = _write_facts(connection, told, door, now, run)
            owed = (
                _lacking(connection, told) if again else [each for each in told if each[1].event_id in fresh]
            )
            counts, days = _write_deliveries(connection, owed, now)
            known = [(told, entry.priority) for entry, told in told if told.event_id not in fresh]
            opened, moved = reopen(connection, known, door, now, run)
            days.update(moved)
            count_daily(connection, days)
            lost = frozenset(entry.record.id for entry in entries) - won
            left = [entry for entry in entries if entry.record.id in won]
            _write_traces(connection, left, now, quiet=door is Door.ADOPT)
            if step is not None and not lost:
                step.advance(connection)
        return Outcome(counts + opened, lost)


def _write_states(connection: Connection, entries: Sequence[Entry]) -> frozenset[str]:
    """Compare and swap in one statement: a row is written only over the version it was judged against."""
    # One order for all writers, so that two captures of the same records never wait crosswise.
    rows = [_state_row(entry) for entry in sorted(entries, key=lambda entry: entry.record.id)]
    if not rows:
        return frozenset()
    return frozenset(connection.scalars(*bulk(connection, record, rows, _swapping)).all())


def _swapping(new: Any) -> Any:
    kept = ("version", "source_updated_at", "state", "hash", "hash_version", "person", "erased")
    swap = new.on_conflict_do_update(
        index_elements=[record.c.store, record.c.stream, record.c.record_id],
        set_={name: new.excluded[name] for name in kept},
        where=record.c.version == new.excluded.version - 1,
    )
    return swap.returning(record.c.record_id)


def _write_facts(
    connection: Connection, told: Sequence[tuple[Entry, Told]], door: Door, now: datetime, run: str | None
) -> frozenset[UUID]:
    """The event ids that were not there before; a fact met again through any door changes nothing."""
    captured = {"captured_at": micros(now), "door": door, "run_id": run}
    rows = [fact_row(told) | captured for _, told in told]
    if not rows:
        return frozenset()
    return frozenset(connection.scalars(*bulk(connection, fact, rows, _if_new)).all())


def _if_new(new: Any) -> Any:
    return new.on_conflict_do_nothing().returning(fact.c.event_id)


def _write_deliveries(
    connection: Connection, told: Sequence[tuple[Entry, Told]], now: datetime
) -> tuple[Counter[str], Counter[DailyKey]]:
    owed = [(entry.priority, told, owed) for entry, told in told for owed in told.owed]
    if not owed:
        return Counter(), Counter()
    numbers = next_numbers(connection, len(owed))
    rows = [
        delivery_row(told, owed, priority, number, now)
        for (priority, told, owed), number in zip(owed, numbers, strict=True)
    ]
    copy_rows(connection, delivery, rows)
    bodies = [payload_row(told, owed, now) for _, told, owed in owed if owed.body or owed.input]
    if bodies:
        copy_rows(connection, payload, bodies)
    by_day = Counter(daily_key(told, owed) for _, told, owed in owed)
    counts: Counter[str] = Counter()
    for (_store, _stream, _day, kind, _destination, status), count in by_day.items():
        counts[f"{kind} {status}"] += count
    return counts, by_day


def _lacking(connection: Connection, told: Sequence[tuple[Entry, Told]]) -> list[tuple[Entry, Told]]:
    """Of each fact the deliveries that are not there."""
    these = among(connection, delivery.c.event_id, [each.event_id for _, each in told])
    found = connection.execute(select(delivery.c.event_id, delivery.c.destination).where(these))
    there = {(row.event_id, row.destination) for row in found}
    return [
        (entry, replace(each, owed=[o for o in each.owed if (each.event_id, o.destination) not in there]))
        for entry, each in told
    ]


def _write_traces(connection: Connection, entries: Sequence[Entry], now: datetime, *, quiet: bool) -> None:
    left = [(entry.record.id, entry.trace) for entry in entries if entry.trace is not None]
    if left:
        write_traces(connection, entries[0].record.store, left, now, quiet=quiet)


def _state_row(entry: Entry) -> dict[str, Any]:
    return {
        "store": entry.record.store,
        "stream": entry.record.stream,
        "record_id": entry.record.id,
        "version": (entry.seen.version if entry.seen else 0) + 1,
        "source_updated_at": micros(entry.state.updated_at),
        "state": encode(entry.state),
        "hash": entry.state.digest,
        "hash_version": DIGEST_VERSION,
        "person": entry.person,
        "created_at": micros(entry.record.created_at),
        "erased": entry.erased,
    }


def encode(state: State) -> str:
    kept = {
        "refunded": state.refunded,
        "watched": dict(state.watched),
        "done": sorted(state.done),
        "anonymised": state.anonymised,
        "settled": state.settled,
    }
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS).decode()


def _decode(row: Any) -> State:
    kept = orjson.loads(row.state)
    return State(
        updated_at=moment(row.source_updated_at),
        digest=bytes(row.hash),
        refunded=kept["refunded"],
        watched=kept["watched"],
        done=frozenset(Kind(kind) for kind in kept["done"]),
        anonymised=kept["anonymised"],
        settled=kept["settled"],
    )
