"""Erasures on their way to the end at the destination: who waits to be named, and what became of it.

An id is kept only as long as it is needed: until a regulation has done its work, or, where it failed, until
a person has seen to it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select, update

from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.database import Database, insert_into
from commerce_events.ledger.people_tables import erasure

WITHDRAWN = "WITHDRAWN"  # our own word, beside Segment's: it was never filed, and will not be

# What a new request knows nothing of yet.
UNFILED = dict.fromkeys(("regulation_id", "filed_at", "status", "detail", "followed_at", "ended_at"))


@dataclass(frozen=True, slots=True)
class Erasure:
    """Somebody to be named in a regulation."""

    store: str
    user_id: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Followed:
    """How far the erasures of one regulation are, or, without one, those that wait to be filed.

    `user_ids`: only of those that ended badly, for the person who must see to them.
    """

    store: str
    asked_at: datetime
    filed_at: datetime | None
    regulation_id: str | None
    status: str | None
    detail: str | None
    people: int
    user_ids: tuple[str, ...] = field(repr=False)


def ask(connection: Connection, store: str, stone: str, user_id: str, now: datetime) -> None:
    """Put somebody in line, as part of the caller's transaction. Who was filed before is filed again.

    Who already waits keeps their place.
    """
    row = {"store": store, "value": stone, "user_id": user_id, "asked_at": micros(now)}
    new = insert_into(connection, erasure).values(row)
    waits = erasure.c.regulation_id.is_(None) & erasure.c.user_id.is_not(None)
    asked_at = case((waits, erasure.c.asked_at), else_=new.excluded.asked_at)
    changed = {**UNFILED, "user_id": new.excluded.user_id, "asked_at": asked_at}
    key = [erasure.c.store, erasure.c.value]
    connection.execute(new.on_conflict_do_update(index_elements=key, set_=changed))


@dataclass(frozen=True, slots=True)
class Regulations:
    """`stores` are those that ask through the same connection: others' people are another workspace's."""

    database: Database

    def unfiled(self, stores: Collection[str], count: int) -> list[Erasure]:
        """Those whom no regulation names yet, the longest waiting first."""
        columns = (erasure.c.store, erasure.c.user_id, erasure.c.asked_at)
        found = select(*columns).where(*_waiting(stores)).order_by(erasure.c.asked_at, erasure.c.value)
        with self.database.read() as connection:
            return [Erasure(row[0], row[1], moment(row[2])) for row in connection.execute(found.limit(count))]

    def waiting(self, stores: Collection[str]) -> int:
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).where(*_waiting(stores))) or 0

    def filed(
        self, stores: Collection[str], user_ids: Collection[str], regulation_id: str, now: datetime
    ) -> None:
        filed = {"regulation_id": regulation_id, "filed_at": micros(now), "status": "INITIALIZED"}
        named = (*_waiting(stores), erasure.c.user_id.in_(user_ids))
        with self.database.write() as connection:
            connection.execute(update(erasure).where(*named).values(**filed))

    def open(self, stores: Collection[str]) -> list[str]:
        """Regulations whose end is not known yet."""
        unfinished = (erasure.c.regulation_id.is_not(None), erasure.c.ended_at.is_(None))
        mine = erasure.c.store.in_(stores)
        with self.database.read() as connection:
            found = select(erasure.c.regulation_id).where(mine, *unfinished).distinct()
            return sorted(connection.scalars(found))

    def followed(
        self,
        stores: Collection[str],
        regulation_id: str,
        status: str,
        detail: str,
        now: datetime,
        *,
        ended: bool = False,
        needed: bool = False,
    ) -> None:
        """Note how far a regulation is. At its end the ids leave, unless a person needs them to go on."""
        noted: dict[str, Any] = {"status": status, "detail": detail[:500], "followed_at": micros(now)}
        if ended:
            noted |= {"ended_at": micros(now)} | ({} if needed else {"user_id": None})
        self._change(erasure.c.regulation_id == regulation_id, noted, erasure.c.store.in_(stores))
        if ended and not needed:
            self.database.leave_no_traces()

    def close(self, which: str, now: datetime) -> int:
        """Nothing is left to do for this user, or a regulation's: their ids leave. Returns how many."""
        ended = {
            "ended_at": func.coalesce(erasure.c.ended_at, micros(now)),
            "status": func.coalesce(erasure.c.status, WITHDRAWN),
        }
        closed = self._change(_named(which), {"user_id": None, **ended})
        self.database.leave_no_traces()
        return closed

    def file_again(self, which: str) -> int:
        """Put this user, or those of a regulation, in line once more. Returns how many."""
        return self._change(_named(which), UNFILED)

    def users_filed_since(self, stores: Collection[str], since: datetime) -> int:
        recent = (erasure.c.store.in_(stores), erasure.c.filed_at >= micros(since))
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).where(*recent)) or 0

    def all(self) -> list[Followed]:
        """By store and regulation, the longest waiting first."""
        columns = (
            "store",
            "asked_at",
            "filed_at",
            "regulation_id",
            "status",
            "detail",
            "ended_at",
            "user_id",
        )
        found = select(*(erasure.c[name] for name in columns)).order_by(erasure.c.asked_at, erasure.c.value)
        groups: dict[tuple[str, str | None, str | None], list[Any]] = {}
        with self.database.read() as connection:
            for row in connection.execute(found):
                groups.setdefault((row.store, row.regulation_id, row.status), []).append(row)
        return [_followed(rows) for rows in groups.values()]

    def left_to_people(self) -> int:
        """How many erasures ended badly and wait for a person."""
        bad = (erasure.c.ended_at.is_not(None), erasure.c.user_id.is_not(None))
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).where(*bad)) or 0

    def _change(
        self, named: ColumnElement[bool], values: Mapping[str, Any], *also: ColumnElement[bool]
    ) -> int:
        """Of those whose id is still known."""
        with self.database.write() as connection:
            changed = update(erasure).where(named, erasure.c.user_id.is_not(None), *also).values(**values)
            return connection.execute(changed).rowcount


def _named(which: str) -> ColumnElement[bool]:
    """A regulation's people, or one user."""
    return or_(erasure.c.regulation_id == which, erasure.c.user_id == which)


def _waiting(stores: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        erasure.c.store.in_(stores),
        erasure.c.regulation_id.is_(None),
        erasure.c.user_id.is_not(None),
    )


def _followed(rows: list[Any]) -> Followed:
    first = rows[0]
    return Followed(
        store=first.store,
        asked_at=moment(first.asked_at),
        filed_at=moment(first.filed_at) if first.filed_at is not None else None,
        regulation_id=first.regulation_id,
        status=first.status,
        detail=first.detail,
        people=len(rows),
        user_ids=tuple(row.user_id for row in rows if row.user_id and row.ended_at is not None),
    )
