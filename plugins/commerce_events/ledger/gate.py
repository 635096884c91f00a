"""The gate before a destination: one rate for all who send, a part of it for backfills, and a pause.

A store that is read has a gate too, under a name of its own; there requests are counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Update, select, update

from commerce_events.domain.moments import micros, moment, seconds
from commerce_events.domain.rates import room
from commerce_events.ledger.database import Database, insert_into
from commerce_events.ledger.tables import gate

NEVER = moment(253_402_300_799_000_000)  # the end of 9999


@dataclass(frozen=True, slots=True)
class Turn:
    """When a batch may leave. Not `booked`: that is too far off, and nothing was kept free."""

    at: datetime
    booked: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """Turns come in the order asked for. `clock` is read when the row is ours: waiting for it takes time."""

    database: Database

    def prepare(self, destination: str) -> None:
        with self.database.read() as connection:
            if connection.execute(select(gate).where(gate.c.destination == destination)).first():
                return
        row = {"blocked_until": 0, "paused": False, "next_free": 0, "backfill_free": 0, "backfill_share": 1.0}
        with self.database.write() as connection:
            new = insert_into(connection, gate).values(destination=destination, **row)
            connection.execute(new.on_conflict_do_nothing())

    def closed_until(self, destination: str, now: datetime) -> datetime | None:
        """When the destination may be asked again; None: now. A paused one: never, that is `NEVER`."""
        with self.database.read() as connection:
            row = connection.execute(select(gate).where(gate.c.destination == destination)).one()
        return _closed_until(row, now)

    def block(self, destination: str, until: datetime) -> None:
        """Nothing is sent before `until`; a later one in force stands."""
        with self.database.write() as connection:
            later = (gate.c.destination == destination, gate.c.blocked_until < micros(until))
            connection.execute(update(gate).where(*later).values(blocked_until=micros(until)))

    def grant_backfills(self, destination: str, share: float) -> None:
        """The part of the rate, 0 to 1, that backfills may take together; the last word counts."""
        self.prepare(destination)
        with self.database.write() as connection:
            connection.execute(_change(destination).values(backfill_share=share))

    def reserve(
        self, destination: str, events: int, per_second: float, clock: Callable[[], datetime]
    ) -> datetime | None:
        """Book room for `events`; returns when they may leave, or None while the gate is closed."""
        with self.database.write() as connection:
            row, now = _locked(connection, destination), clock()
            if _closed_until(row, now) is not None:
                return None
            begins = max(row.next_free, micros(now))
            booked = begins + seconds(room(events, per_second))
            connection.execute(_change(destination).values(next_free=booked))
        return moment(begins)

    def reserve_share(
        self,
        destination: str,
        events: int,
        per_second: float,
        clock: Callable[[], datetime],
        patience: timedelta,
    ) -> Turn:
        """Book room for events of backfills in their part of the rate, unless that is beyond `patience`."""
        with self.database.write() as connection:
            row, now = _locked(connection, destination), clock()
            if row.backfill_share <= 0:
                return Turn(NEVER, booked=False)
            begins = max(row.backfill_free, micros(now))
            if moment(begins) > now + patience:
                return Turn(moment(begins), booked=False)
            booked = begins + seconds(room(events, per_second * row.backfill_share))
            connection.execute(_change(destination).values(backfill_free=booked))
        return Turn(moment(begins), booked=True)


def _change(destination: str) -> Update:
    return update(gate).where(gate.c.destination == destination)


def _locked(connection: Connection, destination: str) -> Row[Any]:
    mine = select(gate).where(gate.c.destination == destination).with_for_update()
    return connection.execute(mine).one()


def _closed_until(row: Row[Any], now: datetime) -> datetime | None:
    if row.paused:
        return NEVER
    return moment(row.blocked_until) if row.blocked_until > micros(now) else None
