"""Processor time: this process's, and that of the database process that works for it."""

import time
from dataclasses import dataclass

import psutil
from sqlalchemy import text

from commerce_events.ledger.database import is_postgres
from commerce_events.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds; `database` is None where the database runs inside of this process."""

    wall: float
    cpu: float
    database: float | None

    def __sub__(self, begun: "Spent") -> "Spent":
        database = None
        if self.database is not None and begun.database is not None:
            database = self.database - begun.database
        return Spent(self.wall - begun.wall, self.cpu - begun.cpu, database)

    def __add__(self, other: "Spent") -> "Spent":
        database = None
        if self.database is not None and other.database is not None:
            database = self.database + other.database
        return Spent(self.wall + other.wall, self.cpu + other.cpu, database)


def spent(ledger: Ledger) -> Spent:
    """Up to now. The pool hands out one connection as long as one thread asks."""
    with ledger.engine.connect() as connection:
        server = connection.scalar(text("SELECT pg_backend_pid()")) if is_postgres(connection) else None
    used = psutil.Process(server).cpu_times() if server is not None else None
    return Spent(time.perf_counter(), time.process_time(), used and used.user + used.system)
