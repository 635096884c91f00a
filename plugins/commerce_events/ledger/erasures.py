"""Erasing a person, and following the erasure to its end at the destination.

What stays are counts, the ids of facts, and tombstones: keyed hashes that keep anything about the person
from being sent again, through whichever door it comes.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, or_, select, update

from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import Reason
from commerce_events.domain.identity import keyed_hash
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.daily import move_daily
from commerce_events.ledger.database import Database, insert_into
from commerce_events.ledger.tables import (
    delivery,
    erasure,
    fact,
    payload,
    person,
    person_conflict,
    person_key,
    purchase,
    record,
    reject,
    tombstone,
)

UNSENT = (Status.PENDING, Status.QUARANTINED, Status.DEAD)
BLANK = '{"anonymised":true,"done":[],"refunded":0,"watched":{}}'


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody to be named in a regulation."""

    store: str
    user_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Followed:
    """How far an erasure is."""

    store: str
    asked_at: datetime
    filed_at: datetime | None
    regulation_id: str | None
    status: str | None
    detail: str | None


def tombstone_of(key: bytes, value: str) -> str:
    """What is kept of an id: enough to know it again, nothing to find the person by."""
    return keyed_hash(key, "tombstone", value)


@dataclass(frozen=True, slots=True)
class Erasures:
    database: Database

    def erase(
        self, store: str, who: str, key: bytes, now: datetime, *, regulate: bool = True
    ) -> Counter[str]:
        """Remove all there is about a person, in one transaction; returns what was removed, in rows.

        Safe to repeat. Messages already accepted keep their row without body; the rest is filtered.
        `regulate` asks for the erasure at the destination too, which only knows people with a userId.
        """
        with self.database.write() as connection:
            ids = _ids_of(connection, store, who)
            removed = _forget_messages(connection, _events_of(store, ids))
            removed["rejects"] = _forget_rejects(connection, store, ids)
            removed["records"] = _forget_records(connection, store, ids)
            _forget_person(connection, store, ids)
            _bury(connection, store, ids, key, now)
            if regulate:
                _ask(connection, store, who, key, now)
        return removed

    def erased(self, store: str, values: Collection[str]) -> frozenset[str]:
        """Which of these tombstones stand."""
        asked = (tombstone.c.store == store, tombstone.c.value.in_(values))
        with self.database.read() as connection:
            return frozenset(connection.scalars(select(tombstone.c.value).where(*asked)))

    def unfiled(self, count: int) -> list[Erasure]:
        """Those whom no regulation names yet, the longest waiting first."""
        waiting = (erasure.c.regulation_id.is_(None), erasure.c.user_id.is_not(None))
        columns = (erasure.c.store, erasure.c.user_id, erasure.c.asked_at)
        found = select(*columns).where(*waiting).order_by(erasure.c.asked_at, erasure.c.value).limit(count)
        with self.database.read() as connection:
            return [Erasure(row[0], row[1], moment(row[2])) for row in connection.execute(found)]

    def filed(self, user_ids: Collection[str], regulation_id: str, now: datetime) -> None:
        with self.database.write() as connection:
            waiting = (erasure.c.user_id.in_(user_ids), erasure.c.regulation_id.is_(None))
            filed = {"regulation_id": regulation_id, "filed_at": micros(now), "status": "INITIALIZED"}
            connection.execute(update(erasure).where(*waiting).values(**filed))

    def open_regulations(self) -> list[str]:
        """Regulations whose end is not known yet."""
        unfinished = (erasure.c.regulation_id.is_not(None), erasure.c.user_id.is_not(None))
        with self.database.read() as connection:
            return list(connection.scalars(select(erasure.c.regulation_id).where(*unfinished).distinct()))

    def followed(
        self, regulation_id: str, status: str, detail: str, now: datetime, *, ended: bool = False
    ) -> None:
        """Note how far a regulation is; at its end the person's id leaves the ledger too."""
        noted: dict[str, Any] = {"status": status, "detail": detail[:500], "followed_at": micros(now)}
        if ended:
            noted["user_id"] = None
        with self.database.write() as connection:
            named = erasure.c.regulation_id == regulation_id
            connection.execute(update(erasure).where(named).values(**noted))

    def users_filed_since(self, since: datetime) -> int:
        with self.database.read() as connection:
            recent = select(func.count()).where(erasure.c.filed_at >= micros(since))
            return connection.scalar(recent) or 0

    def all(self) -> list[Followed]:
        names = ("store", "asked_at", "filed_at", "regulation_id", "status", "detail")
        found = select(*(erasure.c[name] for name in names)).order_by(erasure.c.asked_at, erasure.c.value)
        with self.database.read() as connection:
            rows = connection.execute(found).all()
        return [
            Followed(
                row.store,
                moment(row.asked_at),
                moment(row.filed_at) if row.filed_at is not None else None,
                row.regulation_id,
                row.status,
                row.detail,
            )
            for row in rows
        ]


def _ids_of(connection: Connection, store: str, who: str) -> list[str]:
    """The person's id, and what they are known by: e-mail hash, browser ids."""
    mine = (person_key.c.store == store, person_key.c.person == who)
    return sorted({who, *connection.scalars(select(person_key.c.value).where(*mine))})


def _events_of(store: str, ids: Sequence[str]) -> Select[Any]:
    same = and_(
        fact.c.store == record.c.store,
        fact.c.stream == record.c.stream,
        fact.c.record_id == record.c.record_id,
    )
    return select(fact.c.event_id).join(record, same).where(record.c.store == store, record.c.person.in_(ids))


def _forget_messages(connection: Connection, events: Select[Any]) -> Counter[str]:
    bodies = connection.execute(delete(payload).where(payload.c.event_id.in_(events))).rowcount
    removed = Counter({"payloads": bodies})
    unsent = (delivery.c.event_id.in_(events), delivery.c.status.in_(UNSENT))
    columns = (delivery.c.event_id, delivery.c.destination, delivery.c.status)
    was: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(select(*columns).where(*unsent)):
        was[row.status].append((row.event_id, row.destination))
    ended = {"status": Status.FILTERED, "reason": Reason.ERASED, "detail": None}
    connection.execute(update(delivery).where(*unsent).values(**ended))
    for status, moved in was.items():
        move_daily(connection, moved, Status(status), Status.FILTERED)
        removed[status] = len(moved)
    return removed


def _forget_rejects(connection: Connection, store: str, ids: Sequence[str]) -> int:
    theirs = select(record.c.record_id).where(record.c.store == store, record.c.person.in_(ids))
    named = or_(reject.c.record_id.in_(theirs), reject.c.record_id.in_(ids))
    return connection.execute(delete(reject).where(reject.c.store == store, named)).rowcount


def _forget_records(connection: Connection, store: str, ids: Sequence[str]) -> int:
    """The rows stay, so that the same facts are not told anew; what they said of a person goes."""
    blank = {"state": BLANK, "hash": b"", "person": None, "erased": True, "version": record.c.version + 1}
    theirs = (record.c.store == store, record.c.person.in_(ids))
    return connection.execute(update(record).where(*theirs).values(**blank)).rowcount


def _forget_person(connection: Connection, store: str, ids: Sequence[str]) -> None:
    connection.execute(delete(purchase).where(purchase.c.store == store, purchase.c.person.in_(ids)))
    connection.execute(delete(person).where(person.c.store == store, person.c.person.in_(ids)))
    claims = or_(person_conflict.c.value.in_(ids), person_conflict.c.other.in_(ids))
    connection.execute(delete(person_conflict).where(person_conflict.c.store == store, claims))
    keys = or_(person_key.c.value.in_(ids), person_key.c.person.in_(ids))
    connection.execute(delete(person_key).where(person_key.c.store == store, keys))


def _bury(connection: Connection, store: str, ids: Sequence[str], key: bytes, now: datetime) -> None:
    stones = [{"store": store, "value": tombstone_of(key, each), "erased_at": micros(now)} for each in ids]
    connection.execute(insert_into(connection, tombstone).on_conflict_do_nothing(), stones)


def _ask(connection: Connection, store: str, user_id: str, key: bytes, now: datetime) -> None:
    asked = {"store": store, "value": tombstone_of(key, user_id), "user_id": user_id, "asked_at": micros(now)}
    connection.execute(insert_into(connection, erasure).on_conflict_do_nothing(), [asked])
