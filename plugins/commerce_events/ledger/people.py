"""Who is behind the records: what they are known by, what they agreed to, what their orders come to."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, select, update

from commerce_events.domain.moments import moment
from commerce_events.domain.people import Totals
from commerce_events.ledger.database import Database
from commerce_events.ledger.tables import person, person_conflict, person_key, purchase

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Behind:
    """A person whose traits are older than their orders, with the change they must catch up to."""

    person: str
    changes: int
    address: Json | None


@dataclass(frozen=True, slots=True)
class People:
    database: Database

    def consents(self, store: str, people: Collection[str]) -> dict[str, Mapping[str, bool]]:
        """What each of these people agreed to, as far as the store ever said."""
        asked = (person.c.store == store, person.c.person.in_(people), person.c.consent.is_not(None))
        with self.database.read() as connection:
            rows = connection.execute(select(person.c.person, person.c.consent).where(*asked)).all()
        return {row.person: json.loads(row.consent) for row in rows}

    def knows(self, store: str, who: str) -> bool:
        """Whether this is a person with an id of the store's own, rather than a guest."""
        asked = (person.c.store == store, person.c.person == who)
        with self.database.read() as connection:
            return connection.scalar(select(person.c.person).where(*asked)) is not None

    def behind(self, store: str, count: int) -> list[Behind]:
        """People whose traits must be worked out again."""
        late = (person.c.store == store, person.c.changes > person.c.derived)
        with self.database.read() as connection:
            rows = connection.execute(
                select(person).where(*late).order_by(person.c.person).limit(count)
            ).all()
        return [Behind(row.person, row.changes, json.loads(row.address or "null")) for row in rows]

    def catch_up(self, store: str, done: Sequence[Behind]) -> None:
        """Note that these people's traits are as of the change given; later changes stay to be done."""
        with self.database.write() as connection:
            for changes, people in _by_changes(done).items():
                mine = (person.c.store == store, person.c.person.in_(people), person.c.derived < changes)
                connection.execute(update(person).where(*mine).values(derived=changes))

    def totals(self, store: str, people: Collection[str], *, linked: bool) -> dict[str, Totals]:
        """What each person's orders come to; with `linked`, those they placed as a guest too.

        Whoever never ordered is left out; whoever did and has nothing left that counts has zero.
        """
        with self.database.read() as connection:
            owners = _owners(connection, store, people, linked)
            mine = (purchase.c.store == store, purchase.c.person.in_(owners))
            rows = connection.execute(
                select(purchase).where(*mine).order_by(purchase.c.ordered_at, purchase.c.record_id)
            ).all()
        orders: dict[str, list[Any]] = defaultdict(list)
        for row in rows:
            orders[owners[row.person]].append(row)
        return {who: _totals([row for row in own if row.counted]) for who, own in orders.items()}

    def conflicts(self, store: str | None = None) -> list[tuple[str, str, str, str]]:
        """People who share a key: store, kind, who has it, who else claims it."""
        same = and_(
            person_key.c.store == person_conflict.c.store,
            person_key.c.kind == person_conflict.c.kind,
            person_key.c.value == person_conflict.c.value,
        )
        columns = (
            person_conflict.c.store,
            person_conflict.c.kind,
            person_key.c.person,
            person_conflict.c.other,
        )
        found = select(*columns).join_from(person_conflict, person_key, same).order_by(*columns)
        if store is not None:
            found = found.where(person_conflict.c.store == store)
        with self.database.read() as connection:
            return [(row[0], row[1], row[2], row[3]) for row in connection.execute(found)]


def _by_changes(done: Iterable[Behind]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = defaultdict(list)
    for each in done:
        groups[each.changes].append(each.person)
    return groups


def _owners(connection: Connection, store: str, people: Collection[str], linked: bool) -> dict[str, str]:
    """Each id an order may name, and whose it is: the person's own, and those they had as a guest."""
    owners = {each: each for each in people}
    if linked:
        keys = (person_key.c.store == store, person_key.c.person.in_(people), person_key.c.known)
        rows = connection.execute(select(person_key.c.value, person_key.c.person).where(*keys))
        owners |= {row.value: row.person for row in rows}
    return owners


def _totals(rows: Sequence[Any]) -> Totals:
    spent: dict[str, tuple[int, int, int]] = {}
    for row in rows:
        minor, _, orders = spent.get(row.currency, (0, 0, 0))
        spent[row.currency] = (minor + row.amount, row.exponent, orders + 1)
    return Totals(
        first_order_at=moment(rows[0].ordered_at) if rows else None,
        first_order_id=rows[0].record_id if rows else None,
        last_order_at=moment(rows[-1].ordered_at) if rows else None,
        last_order_id=rows[-1].record_id if rows else None,
        orders=len(rows),
        spent=spent,
    )
