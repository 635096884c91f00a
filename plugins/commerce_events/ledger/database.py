"""Short transactions on the ledger's database, and the few statements whose spelling differs."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from threading import RLock
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, Table, Text, bindparam, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from commerce_events.ledger.columns import Ids


@dataclass(frozen=True, slots=True)
class Database:
    """`reads_only`: whoever only looks cannot write by mistake."""

    engine: Engine
    reads_only: bool = False
    _writing: Any = field(default_factory=RLock, repr=False, compare=False)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        if self.reads_only:
            raise RuntimeError("this ledger was opened for looking at it alone")
        with self._alone(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; on SQLite it waits for no writer."""
        with self.engine.connect().execution_options(reads_only=True) as connection:
            yield connection

    def _alone(self) -> AbstractContextManager[object]:
        """SQLite has one writer, and whoever waits for it there looks again now and then: up to twice as slow
        as our own threads waiting for each other here.
        """
        return self._writing if self.engine.dialect.name == "sqlite" else nullcontext()

    def leave_no_traces(self) -> None:
        """On SQLite: empty the write-ahead log, which still holds what was deleted. Postgres keeps its own.

        Where somebody reads for longer than we wait, the last one who closes the file empties it.
        """
        if self.engine.dialect.name != "sqlite":
            return
        raw = self.engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        finally:
            raw.close()


def trouble(error: DBAPIError) -> str:
    """What the database's driver says, without the statement and its values."""
    said = str(error.orig).strip().splitlines()
    return f"The ledger's database cannot be used: {said[0] if said else type(error.orig).__name__}"


def insert_into(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, in the connection's dialect."""
    return (postgresql if is_postgres(connection) else sqlite).insert(table)


def is_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def among(connection: Connection, key: ColumnElement[UUID], ids: Collection[UUID]) -> ColumnElement[bool]:
    """Whether a key is one of many: on Postgres one parameter, where IN would take one for each.

    Unnested, each id is sought in its own part of a split table; compared with ANY, in all of them.
    """
    if not is_postgres(connection):
        return key.in_(ids)
    return key.in_(select(func.unnest(bindparam(None, ids, type_=Ids()))))


def among_texts(
    connection: Connection, key: ColumnElement[Any], texts: Collection[str]
) -> ColumnElement[bool]:
    """The same for keys that are text."""
    if not is_postgres(connection):
        return key.in_(texts)
    return key == func.any(bindparam(None, list(texts), type_=postgresql.ARRAY(Text())))


def next_numbers(connection: Connection, count: int) -> list[int]:
    """Ever-growing numbers for the order of deliveries; gaps mean nothing."""
    if count == 0:
        return []
    if is_postgres(connection):
        drawn = text("SELECT array_agg(nextval('delivery_seq')) FROM generate_series(1, :count)")
        return list(connection.execute(drawn, {"count": count}).scalar_one())
    # SQLite has one writer at a time, so a row does what a sequence does.
    counted = text(
        "INSERT INTO meta (key, value) VALUES ('delivery_seq', :count) ON CONFLICT (key) "
        "DO UPDATE SET value = CAST(value AS INTEGER) + :count RETURNING CAST(value AS INTEGER)"
    )
    last = connection.execute(counted, {"count": count}).scalar_one()
    return list(range(last - count + 1, last + 1))
