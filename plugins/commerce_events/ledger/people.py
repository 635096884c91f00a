"""Who is behind the records: what they are known by, what they agreed to, what their orders come to."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from commerce_events.domain.moments import moment
from commerce_events.domain.people import Totals
from commerce_events.ledger.database import Database, among_texts
from commerce_events.ledger.people_tables import person, person_conflict, person_key, purchase
from commerce_events.ledger.tables import record

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Behind:
    """A person whose traits are older than their orders, with the change they must catch up to."""

    person: str
    changes: int
    address: Json | None


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody agreed to, by category, and when they said so."""

    consent: Mapping[str, bool]
    said_at: datetime


@dataclass(frozen=True, slots=True)
class People:
    database: Database

    def consents(self, store: str, people: Collection[str]) -> dict[str, Agreed]:
        """What each of these people agreed to last, as far as the store ever said."""
        with self.database.read() as connection:
            theirs = among_texts(connection, person.c.person, people)
            asked = (person.c.store == store, theirs, person.c.consent.is_not(None))
            columns = (person.c.person, person.c.consent, person.c.consent_at)
            rows = connection.execute(select(*columns).where(*asked)).all()
        return {row.person: Agreed(json.loads(row.consent), moment(row.consent_at)) for row in rows}

    def buyer_of(self, store: str, record_id: str) -> str | None:
        """Whose totals an order belongs to: a person's own id, or the hash of a guest's address."""
        this = (purchase.c.store == store, purchase.c.record_id == record_id)
        with self.database.read() as connection:
            return connection.scalar(select(purchase.c.person).where(*this))

    def knows(self, store: str, who: str) -> bool:
        """Whether this is a person with an id of the store's own, rather than a guest."""
        asked = (person.c.store == store, person.c.person == who)
        with self.database.read() as connection:
            return connection.scalar(select(person.c.person).where(*asked)) is not None

    def counts(self) -> dict[str, int]:
        """How many people with an id of the store's own are known, by store."""
        by_store = select(person.c.store, func.count()).group_by(person.c.store)
        with self.database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(by_store)}

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
            orders = _orders(connection, store, people, linked)
        return {who: _totals(own) for who, own in orders.items()}

    def other_ids(self, store: str, people: Collection[str]) -> dict[str, dict[str, bool]]:
        """The other ids under which messages about each of these people went out.

        True: their own browser's. False: a guest's who gave their address.
        """
        with self.database.read() as connection:
            keys = connection.execute(_keys(store, people).where(person_key.c.kind == "anonymous")).all()
            orders = _orders(connection, store, people, linked=True)
        found: dict[str, dict[str, bool]] = defaultdict(dict)
        for who, own in orders.items():
            found[who] |= {
                row.called: False
                for row in own
                if row.called not in (None, who) and row.by_browser in (None, who)
            }
        for key in keys:
            found[key.person][key.value] = True
        return found

    def owners(self, store: str, values: Collection[str]) -> dict[str, str]:
        """Whose these e-mail hashes and browsers' ids are; nothing of those that only a guest has."""
        with self.database.read() as connection:
            these = among_texts(connection, person_key.c.value, values)
            asked = select(person_key.c.value, person_key.c.person).where(
                person_key.c.store == store, these, person_key.c.known
            )
            return {row.value: row.person for row in connection.execute(asked)}

    def all_behind(self, store: str) -> None:
        """Everybody's traits must be worked out anew."""
        with self.database.write() as connection:
            everybody = update(person).where(person.c.store == store)
            connection.execute(everybody.values(changes=person.c.changes + 1))

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


def _keys(store: str, people: Collection[str]) -> Select[Any]:
    return select(person_key).where(
        person_key.c.store == store, person_key.c.person.in_(people), person_key.c.known
    )


def _orders(
    connection: Connection, store: str, people: Collection[str], linked: bool
) -> dict[str, list[Any]]:
    """Each person's orders, the oldest first, with the id that messages about them went out under.

    A guest's order is theirs whose address it has, else theirs whose browser it came from.
    """
    keys = connection.execute(_keys(store, people)).all() if linked else []
    rows = connection.execute(_purchases(store, [*people, *(key.value for key in keys)])).all()
    orders: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        owner = row.by_address or row.by_browser if linked else None
        if (owner or row.person) in people:
            orders[owner or row.person].append(row)
    return orders


def _purchases(store: str, ids: Sequence[str]) -> Select[Any]:
    """Orders bought or told under any of these ids, and whose id that is."""
    address, browser = person_key.alias(), person_key.alias()
    same = and_(
        record.c.store == store, record.c.stream == "orders", record.c.record_id == purchase.c.record_id
    )
    called = select(record.c.record_id).where(
        record.c.store == store, record.c.person.in_(ids), record.c.stream == "orders"
    )
    mine = or_(purchase.c.person.in_(ids), purchase.c.record_id.in_(called))
    columns = (
        purchase,
        record.c.person.label("called"),
        address.c.person.label("by_address"),
        browser.c.person.label("by_browser"),
    )
    joined = (
        purchase.outerjoin(record, same)
        .outerjoin(address, _owns(address, store, "email", purchase.c.person))
        .outerjoin(browser, _owns(browser, store, "anonymous", record.c.person))
    )
    found = select(*columns).select_from(joined).where(purchase.c.store == store, mine)
    return found.order_by(purchase.c.ordered_at, purchase.c.record_id)


def _owns(key: Any, store: str, kind: str, value: Any) -> ColumnElement[bool]:
    return and_(key.c.store == store, key.c.kind == kind, key.c.value == value, key.c.known)


def _totals(orders: Sequence[Any]) -> Totals:
    """A currency whose last order was given back stays, with nothing: else its old sum would stand."""
    rows = [row for row in orders if row.counted]
    spent = {row.currency: (0, row.exponent, 0) for row in orders}
    for row in rows:
        minor, _, placed = spent[row.currency]
        spent[row.currency] = (minor + row.amount, row.exponent, placed + 1)
    return Totals(
        first_order_at=moment(rows[0].ordered_at) if rows else None,
        first_order_id=rows[0].record_id if rows else None,
        last_order_at=moment(rows[-1].ordered_at) if rows else None,
        last_order_id=rows[-1].record_id if rows else None,
        orders=len(rows),
        spent=spent,
    )
