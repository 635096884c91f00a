"""Scans: passes over a stream that can be resumed, and the watermark they move when they end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Connection, func, insert, select, update

from commerce_events.domain.deliveries import Door
from commerce_events.domain.moments import micros, moment
from commerce_events.ledger.database import Database, insert_into
from commerce_events.ledger.tables import scan, stream

# A store's reads may lag its writes by up to a minute when busy; twice that is read again each time.
OVERLAP = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass from `start` on; `cursor` says after which page an interrupted one goes on."""

    id: int
    store: str
    stream: str
    door: Door
    start: datetime
    cursor: str | None


class Progress(Protocol):
    """How far a pass over a store is once a page is recorded; `served_at` is the store's clock."""

    @property
    def served_at(self) -> datetime: ...

    def advance(self, connection: Connection) -> None:
        """Remember it, in the transaction that recorded the page."""


@dataclass(frozen=True, slots=True)
class Step:
    """A page of a scan."""

    scan: Scan
    cursor: str
    served_at: datetime

    def advance(self, connection: Connection) -> None:
        """The first beginning stands."""
        connection.execute(
            update(scan)
            .where(scan.c.id == self.scan.id)
            .values(cursor=self.cursor, began_at=func.coalesce(scan.c.began_at, micros(self.served_at)))
        )


@dataclass(frozen=True, slots=True)
class Scans:
    database: Database

    def open(self, store: str, name: str, start: datetime) -> Scan:
        """Go on with the poll that did not end, or begin one at the stream's watermark.

        A `start` earlier than the one captured so far reads the stream again from there.
        """
        with self.database.write() as connection:
            watermark = self._watermark(connection, store, name, start)
            key = (scan.c.store == store, scan.c.stream == name, scan.c.door == Door.POLL)
            open_scan = select(scan).where(*key, scan.c.done_at.is_(None)).order_by(scan.c.id.desc()).limit(1)
            row = connection.execute(open_scan).one_or_none()
            if row is not None and row.from_at <= watermark:
                return Scan(row.id, store, name, Door.POLL, moment(row.from_at), row.cursor)
            begun = insert(scan).values(store=store, stream=name, door=Door.POLL, from_at=watermark)
            id_ = connection.execute(begun.returning(scan.c.id)).scalar_one()
            return Scan(id_, store, name, Door.POLL, moment(watermark), None)

    def finish(self, done: Scan, now: datetime) -> None:
        """Close a scan that reached its end, and move the watermark to before its first beginning."""
        with self.database.write() as connection:
            ended = update(scan).where(scan.c.id == done.id).values(done_at=micros(now))
            began_at = connection.execute(ended.returning(scan.c.began_at)).scalar_one()
            reached = began_at - micros(moment(0) + OVERLAP)
            key = (stream.c.store == done.store, stream.c.stream == done.stream)
            connection.execute(
                update(stream).where(*key, stream.c.watermark < reached).values(watermark=reached)
            )
            connection.execute(update(stream).where(*key).values(complete=True))

    def adoption(self, store: str, name: str, before: datetime) -> Scan | None:
        """Go on with the adoption of all before a time, or begin it; None where it came to its end."""
        begun = {"store": store, "stream": name, "door": Door.ADOPT, "from_at": micros(before)}
        with self.database.write() as connection:
            key = (scan.c[column] == value for column, value in begun.items())
            row = connection.execute(select(scan).where(*key).order_by(scan.c.id).limit(1)).one_or_none()
            if row is not None and row.done_at is not None:
                return None
            if row is not None:
                return Scan(row.id, store, name, Door.ADOPT, before, row.cursor)
            id_ = connection.execute(insert(scan).values(**begun).returning(scan.c.id)).scalar_one()
            return Scan(id_, store, name, Door.ADOPT, before, None)

    def close(self, done: Scan, now: datetime) -> None:
        """Note the end of a scan that moves no watermark."""
        with self.database.write() as connection:
            connection.execute(update(scan).where(scan.c.id == done.id).values(done_at=micros(now)))

    def is_complete(self, store: str, name: str) -> bool:
        """Whether a scan of the stream has ever ended."""
        with self.database.read() as connection:
            key = (stream.c.store == store, stream.c.stream == name)
            return bool(connection.scalar(select(stream.c.complete).where(*key)))

    def watermark(self, store: str, name: str) -> datetime | None:
        with self.database.read() as connection:
            key = (stream.c.store == store, stream.c.stream == name)
            found = connection.scalar(select(stream.c.watermark).where(*key))
        return moment(found) if found is not None else None

    @staticmethod
    def _watermark(connection: Connection, store: str, name: str, start: datetime) -> int:
        """The watermark; set to `start` at first, and set back when `start` was moved to earlier."""
        begun = insert_into(connection, stream).values(
            store=store, stream=name, watermark=micros(start), start_at=micros(start), complete=False
        )
        earlier = begun.on_conflict_do_update(
            index_elements=[stream.c.store, stream.c.stream],
            set_={
                "watermark": begun.excluded.watermark,
                "start_at": begun.excluded.start_at,
                "complete": False,
            },
            where=stream.c.start_at > begun.excluded.start_at,
        )
        connection.execute(earlier)
        key = (stream.c.store == store, stream.c.stream == name)
        return int(connection.execute(select(stream.c.watermark).where(*key)).scalar_one())
