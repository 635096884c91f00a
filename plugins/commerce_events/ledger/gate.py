"""The gate before a destination: one rate for all workers, and a pause when it asks for one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from commerce_events.domain.moments import micros, moment, seconds
from commerce_events.ledger.database import Database, insert_into, is_postgres
from commerce_events.ledger.tables import gate

NEVER = moment(253_402_300_799_000_000)  # the end of 9999


@dataclass(frozen=True, slots=True)
class Gate:
    database: Database

    def prepare(self, destination: str) -> None:
        with self.database.write() as connection:
            row = {"destination": destination, "blocked_until": 0, "paused": False, "next_free": 0}
            connection.execute(insert_into(connection, gate).values(row).on_conflict_do_nothing())

    def closed_until(self, destination: str, now: datetime) -> datetime | None:
        """When the destination may be asked again; None: now. A paused one: never, that is `NEVER`."""
        with self.database.read() as connection:
            row = connection.execute(select(gate).where(gate.c.destination == destination)).one()
        if row.paused:
            return NEVER
        return moment(row.blocked_until) if row.blocked_until > micros(now) else None

    def block(self, destination: str, until: datetime) -> None:
        """Nothing is sent before `until`; a later one in force stands."""
        with self.database.write() as connection:
            later = (gate.c.destination == destination, gate.c.blocked_until < micros(until))
            connection.execute(update(gate).where(*later).values(blocked_until=micros(until)))

    def reserve(self, destination: str, events: int, per_second: float, now: datetime) -> float:
        """Book room for `events`; returns the seconds to wait before sending them."""
        with self.database.write() as connection:
            greatest = func.greatest if is_postgres(connection) else func.max
            begins = greatest(gate.c.next_free, micros(now))
            booked = begins + seconds(events / per_second)
            reserved = update(gate).where(gate.c.destination == destination).values(next_free=booked)
            next_free = connection.execute(reserved.returning(gate.c.next_free)).scalar_one()
        wait = int(next_free) - seconds(events / per_second) - micros(now)
        return max(0.0, wait / 1_000_000)
