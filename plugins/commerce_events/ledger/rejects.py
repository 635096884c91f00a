"""Records that could not be read: kept with the reason, closed once they could."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from operator import itemgetter
from uuid import UUID, uuid5

from sqlalchemy import select, update

from commerce_events.domain.moments import micros
from commerce_events.domain.records import Reject
from commerce_events.ledger.database import Database, among, among_texts, insert_into
from commerce_events.ledger.tables import reject

_SPACE = UUID("6f0f6f0c-5a3d-4c0e-9d0b-6a2f6f9d3a11")


@dataclass(frozen=True, slots=True)
class Rejects:
    database: Database

    def keep(self, store: str, stream: str, rejects: Sequence[Reject], now: datetime) -> Counter[str]:
        """Write down what could not be read; the same unreadable content again is no new row."""
        if not rejects:
            return Counter()
        rows = [
            {
                "id": _row_id(store, stream, each),
                "store": store,
                "stream": stream,
                "record_id": each.record_id,
                "reason": each.reason,
                "detail": f"{each.message}"[:500],
                "body": each.body,
                "seen_at": micros(now),
            }
            for each in rejects
        ]
        rows.sort(key=itemgetter("id"))  # one order for all writers, so that they never wait crosswise
        with self.database.write() as connection:
            new = insert_into(connection, reject).on_conflict_do_nothing().returning(reject.c.reason)
            return Counter(connection.scalars(new, rows))

    def settle(self, store: str, stream: str, ids: Collection[str], now: datetime) -> None:
        """Close the rejects of records that have been read since."""
        with self.database.write() as connection:
            these = among_texts(connection, reject.c.record_id, ids)
            key = (reject.c.store == store, reject.c.stream == stream, these)
            connection.execute(
                update(reject).where(*key, reject.c.settled_at.is_(None)).values(settled_at=micros(now))
            )

    def unkept(self, store: str, stream: str, rejects: Sequence[Reject]) -> list[Reject]:
        """Those that are not written down with this content, or were settled since."""
        if not rejects:
            return []
        ids = {_row_id(store, stream, each): each for each in rejects}
        with self.database.read() as connection:
            these = (among(connection, reject.c.id, list(ids)), reject.c.settled_at.is_(None))
            kept = frozenset(connection.scalars(select(reject.c.id).where(*these)))
        return [each for row_id, each in ids.items() if row_id not in kept]

    def open_ids(self, store: str, stream: str) -> list[str]:
        """The records to read again, as far as they could be named."""
        key = (reject.c.store == store, reject.c.stream == stream, reject.c.settled_at.is_(None))
        with self.database.read() as connection:
            found = connection.scalars(
                select(reject.c.record_id).where(*key, reject.c.record_id.is_not(None)).distinct()
            )
            return list(found)


def _row_id(store: str, stream: str, each: Reject) -> UUID:
    content = blake2b(each.body, digest_size=16).hexdigest()
    return uuid5(_SPACE, "\x1f".join((store, stream, each.record_id or "", each.reason, content)))
