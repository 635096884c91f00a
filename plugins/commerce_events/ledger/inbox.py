"""The inbox: hints from event doors, each kept once, and ended once its record has been captured."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, tuple_, update

from commerce_events.domain.deliveries import Door
from commerce_events.domain.hints import Fate, Hint, Waiting
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.database import Database, insert_into, is_postgres
from commerce_events.ledger.tables import inbox

# Whoever listens on a Postgres ledger hears of new hints here; see `doorbell`.
CHANNEL = "commerce_inbox"

# What makes two hints the same one, whatever else their bodies say: a repeated delivery counts its attempts.
SAID = ("trigger", "stream", "record_id", "source_at")

_WITHOUT_BODY = [each for each in inbox.c if each is not inbox.c.body]


@dataclass(frozen=True, slots=True)
class Ended:
    """How one hint ended."""

    hint: Hint
    fate: Fate
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Inbox:
    database: Database

    def keep(self, hints: Sequence[Hint], now: datetime) -> int:
        """Write hints down, each once by its id; returns how many are new. Whoever listens is told.

        An id that comes again with another record, trigger or time is another hint, and kept beside it.
        """
        if not hints:
            return 0
        # One order for all writers, so that they never wait crosswise.
        rows = sorted((_row(each, now) for each in hints), key=lambda row: (row["store"], row["event_id"]))
        with self.database.write() as connection:
            new = _insert(connection, rows)
            if new < len(rows):
                new += _insert(connection, _beside(connection, rows))
            if new and is_postgres(connection):
                connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
        return new

    def waiting(self, store: str, limit: int) -> list[Waiting]:
        """The hints of a store that have not ended, without bodies: untried ones first, then the oldest."""
        unread = select(*_WITHOUT_BODY).where(inbox.c.store == store, inbox.c.done_at.is_(None))
        ordered = unread.order_by(inbox.c.attempts, inbox.c.received_at, inbox.c.event_id).limit(limit)
        with self.database.read() as connection:
            return [_waiting(row) for row in connection.execute(ordered)]

    def body(self, hint: Hint) -> bytes:
        """What came with a hint that has not ended."""
        key = (inbox.c.store == hint.store, inbox.c.event_id == hint.event_id)
        with self.database.read() as connection:
            return bytes(connection.scalar(select(inbox.c.body).where(*key)) or b"")

    def stores(self) -> list[str]:
        """Those that hints wait for."""
        with self.database.read() as connection:
            unread = select(inbox.c.store).where(inbox.c.done_at.is_(None)).distinct()
            return sorted(connection.scalars(unread))

    def count(self) -> tuple[int, datetime | None]:
        """How many hints wait, and since when the oldest does."""
        columns = (func.count(), func.min(inbox.c.received_at))
        with self.database.read() as connection:
            count, oldest = connection.execute(select(*columns).where(inbox.c.done_at.is_(None))).one()
        return count, moment(oldest) if oldest is not None else None

    def untried(self) -> tuple[int, int | None]:
        """How many hints nobody has tried yet, and a mark that changes when new ones come."""
        columns = (func.count(), func.max(inbox.c.received_at))
        with self.database.read() as connection:
            unread = (inbox.c.done_at.is_(None), inbox.c.attempts == 0)
            count, newest = connection.execute(select(*columns).where(*unread)).one()
        return count, newest

    def end(self, ended: Sequence[Ended], now: datetime) -> None:
        """Close hints; what they said of a person goes. Called after their records were recorded."""
        rows: dict[tuple[Fate, str | None], list[Hint]] = {}
        for each in ended:
            rows.setdefault((each.fate, each.reason), []).append(each.hint)
        with self.database.write() as connection:
            for (fate, reason), hints in rows.items():
                closed = {"done_at": micros(now), "outcome": fate, "reason": reason, "body": None}
                connection.execute(update(inbox).where(*_these(hints)).values(**closed))

    def postpone(self, hints: Collection[Hint]) -> None:
        """Leave hints for a later run, behind those that nobody has tried yet."""
        if hints:
            with self.database.write() as connection:
                tried = update(inbox).where(*_these(hints)).values(attempts=inbox.c.attempts + 1)
                connection.execute(tried)


def _insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    if not rows:
        return 0
    new = insert_into(connection, inbox).on_conflict_do_nothing().returning(inbox.c.event_id)
    return len(connection.scalars(new, rows).all())


def _beside(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose id is taken by a hint that says something else, under ids of their own."""
    keys = [(row["store"], row["event_id"]) for row in rows]
    kept = select(inbox).where(tuple_(inbox.c.store, inbox.c.event_id).in_(keys))
    known = {(row.store, row.event_id): row._mapping for row in connection.execute(kept)}
    others = [row for row in rows if _said(row) != _said(known[row["store"], row["event_id"]])]
    return [{**row, "event_id": f"{row['event_id'][:150]}#{_digest(row)}"} for row in others]


def _said(row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in SAID)


def _digest(row: Mapping[str, Any]) -> str:
    return blake2b(repr(_said(row)).encode(), digest_size=16).hexdigest()


def _these(hints: Collection[Hint]) -> tuple[Any, ...]:
    keys = [(each.store, each.event_id) for each in hints]
    return tuple_(inbox.c.store, inbox.c.event_id).in_(keys), inbox.c.done_at.is_(None)


def _row(hint: Hint, now: datetime) -> dict[str, Any]:
    return {
        "store": hint.store,
        "event_id": hint.event_id,
        "door": hint.door,
        "trigger": hint.trigger,
        "stream": hint.stream,
        "record_id": hint.record_id,
        "source_at": micros(hint.source_at) if hint.source_at is not None else None,
        "received_at": micros(now),
        "body": hint.body,
        "attempts": 0,
    }


def _waiting(row: Row[Any]) -> Waiting:
    hint = Hint(
        event_id=row.event_id,
        store=row.store,
        door=Door(row.door),
        trigger=row.trigger,
        stream=row.stream,
        record_id=row.record_id,
        source_at=moment(row.source_at) if row.source_at is not None else None,
    )
    return Waiting(hint, moment(row.received_at), row.attempts)
