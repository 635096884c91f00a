"""Keeping the ledger small: what is dropped when it is old. Ids, states and counts stay for ever.

On Postgres bodies and batches go by whole months; SQLite deletes a few rows at a time, so that no writer
waits long.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, exists, literal_column, or_, select

from commerce_events.domain.deliveries import Status
from commerce_events.domain.moments import micros
from commerce_events.ledger import months
from commerce_events.ledger.database import Database
from commerce_events.ledger.lanes import HAS_BODY, PENDING
from commerce_events.ledger.tables import batch, delivery, inbox, payload, reject, scan

# Rows deleted, or looked at, in one transaction.
PORTION = 500

# Split tables are not analysed by autovacuum as a whole, and plans for them are made from such figures.
ANALYSED = ("record", "fact", "delivery", "payload", "batch")

_rowid: ColumnElement[int] = literal_column("payload.rowid")


@dataclass(frozen=True, slots=True)
class Upkeep:
    database: Database

    def bodies(self, sent_before: datetime, waiting_before: datetime, now: datetime) -> int:
        """Drop bodies and inputs of messages that ended, or wait for a person, since before these times.

        Returns how many. What is owed keeps its body, however old it is.
        """
        if not self._postgres:
            return sum(self._old_bodies(sent_before, waiting_before))
        with self.database.read() as connection:
            over = months.over(connection, "payload", sent_before)
        gone = 0
        for month in over:
            with self.database.write() as connection:  # nearly all of it, while others go on
                months.move_kept(connection, month, waiting_before, now)
            with self.database.write() as connection:
                gone += months.drop_bodies(connection, month, waiting_before, now)
        return gone

    def batches(self, before: datetime) -> int:
        """Forget requests that were made before; which messages they carried is in their answers no more."""
        if not self._postgres:
            return self._delete(batch, batch.c.id, batch.c.sent_at < micros(before))
        with self.database.read() as connection:
            over = months.over(connection, "batch", before)
        gone = 0
        for month in over:
            with self.database.write() as connection:
                gone += months.drop_batches(connection, month)
        return gone

    def rejects(self, settled_before: datetime, open_before: datetime) -> int:
        """Forget records that could not be read: those that could since, and those nobody ever saw to."""
        settled = reject.c.settled_at < micros(settled_before)
        old = and_(reject.c.settled_at.is_(None), reject.c.seen_at < micros(open_before))
        return self._delete(reject, reject.c.id, or_(settled, old))

    def scans(self, before: datetime) -> int:
        return self._delete(scan, scan.c.id, scan.c.done_at < micros(before))

    def hints(self, before: datetime) -> int:
        """Forget what event doors handed in, once it was seen to."""
        return self._delete(inbox, inbox.c.event_id, inbox.c.done_at < micros(before))

    def months_ahead(self, now: datetime) -> int:
        """On Postgres, make room for what will come."""
        if not self._postgres:
            return 0
        with self.database.write() as connection:
            return months.make_ahead(connection, now)

    def analyse(self) -> None:
        """Let the database count again what it plans by."""
        with self.database.write() as connection:
            for table in ANALYSED if self._postgres else ("",):
                connection.exec_driver_sql(f"ANALYZE {table}")

    @property
    def _postgres(self) -> bool:
        return self.database.engine.dialect.name == "postgresql"

    def _old_bodies(self, sent_before: datetime, waiting_before: datetime) -> Iterator[int]:
        """Go through all bodies once; yields how many went in each portion."""
        after = 0
        while True:
            joined = payload.outerjoin(delivery, HAS_BODY)
            columns = (_rowid.label("place"), delivery.c.status, delivery.c.settled_at)
            page = select(*columns).select_from(joined).where(_rowid > after).order_by(_rowid).limit(PORTION)
            with self.database.read() as connection:
                rows = connection.execute(page).all()
            if not rows:
                return
            old = [row.place for row in rows if _is_old(row, micros(sent_before), micros(waiting_before))]
            if old:
                owed = exists().where(HAS_BODY, PENDING)  # put back in line since we looked
                with self.database.write() as connection:
                    yield connection.execute(delete(payload).where(_rowid.in_(old), ~owed)).rowcount
            after = rows[-1].place

    def _delete(self, table: Table, key: ColumnElement[Any], which: ColumnElement[bool]) -> int:
        gone = 0
        while True:
            with self.database.write() as connection:
                some = select(key).where(which).limit(PORTION)
                count = connection.execute(delete(table).where(key.in_(some))).rowcount
            gone += count
            if count < PORTION:
                return gone


def _is_old(row: Any, sent_before: int, waiting_before: int) -> bool:
    match row.status:
        case Status.PENDING:
            return False
        case Status.QUARANTINED | Status.DEAD:
            return bool((row.settled_at or 0) < waiting_before)
    return bool((row.settled_at or 0) < sent_before)
