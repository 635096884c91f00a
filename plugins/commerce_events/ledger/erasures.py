"""Erasing a person: what is removed, and what stays so that nothing of them is sent again.

What stays are counts, the ids of facts, and tombstones: keyed hashes of the ids the person was known by.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from commerce_events.domain.identity import keyed_hash
from commerce_events.domain.moments import micros
from commerce_events.ledger.database import Database, among_texts, insert_into
from commerce_events.ledger.forgetting import Holdings, forget, holdings, ids_of
from commerce_events.ledger.people_tables import tombstone
from commerce_events.ledger.regulations import ask


def tombstone_of(key: bytes, value: str) -> str:
    """What is kept of an id: enough to know it again, nothing to find the person by."""
    return keyed_hash(key, "tombstone", value)


@dataclass(frozen=True, slots=True)
class Erasures:
    database: Database

    def holds(self, store: str, who: str, key: bytes) -> Holdings:
        """How much there is about a person, counted."""
        with self.database.read() as connection:
            return holdings(connection, store, ids_of(connection, store, who), key)

    def erase(
        self, store: str, who: str, key: bytes, now: datetime, *, regulate: bool = True
    ) -> Counter[str]:
        """Remove all there is about a person, in one transaction; returns what was removed, in rows.

        Safe to repeat. Messages already accepted keep their row without body; the rest is filtered.
        `regulate` asks for the erasure at the destination too, which only knows people with a userId.
        """
        with self.database.write() as connection:
            ids = ids_of(connection, store, who)
            removed = forget(connection, store, ids, key, now)
            _bury(connection, store, ids, key, now)
            if regulate:
                ask(connection, store, tombstone_of(key, who), who, now)
        self.database.leave_no_traces()
        return removed

    def erased(self, store: str, values: Collection[str]) -> frozenset[str]:
        """Which of these tombstones stand."""
        with self.database.read() as connection:
            asked = (tombstone.c.store == store, among_texts(connection, tombstone.c.value, values))
            return frozenset(connection.scalars(select(tombstone.c.value).where(*asked)))

    def tombstones(self) -> dict[str, int]:
        """How many stand, by store; a person has one for each id they were known by."""
        by_store = select(tombstone.c.store, func.count()).group_by(tombstone.c.store)
        with self.database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(by_store)}


def _bury(connection: Connection, store: str, ids: Sequence[str], key: bytes, now: datetime) -> None:
    stones = [{"store": store, "value": tombstone_of(key, each), "erased_at": micros(now)} for each in ids]
    connection.execute(insert_into(connection, tombstone).on_conflict_do_nothing(), stones)
