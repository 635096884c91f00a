"""What the ledger holds of one person, and removing it. Every function is part of its caller's transaction.

`ids` are all that a person is known by: their id first, then hashes of addresses and browsers' ids. An order
is theirs that was told under one of these, or has their address, from whichever browser it came; but not one
that came from a browser of theirs with somebody else's address.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, false, func, or_, select, update

from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import Reason
from commerce_events.domain.identity import keyed_hash
from commerce_events.domain.moments import micros
from commerce_events.domain.naming import ids_named
from commerce_events.ledger.daily import DailyKey, count_daily, moves
from commerce_events.ledger.people_tables import person, person_conflict, person_key, purchase
from commerce_events.ledger.tables import delivery, fact, inbox, payload, record, reject

UNSENT = (Status.PENDING, Status.QUARANTINED, Status.DEAD)
BLANK = '{"anonymised":true,"done":[],"refunded":0,"settled":true,"watched":{}}'


@dataclass(frozen=True, slots=True)
class Holdings:
    """How much there is of a person, in rows. `shared`: keys that somebody else claims too.

    `guest`: known by address or browser alone, without an id of the store's own.
    """

    records: int = 0
    rejects: int = 0
    payloads: int = 0
    keys: int = 0
    shared: int = 0
    guest: bool = False
    messages: Mapping[str, int] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        return not (self.records or self.rejects or self.payloads or self.keys or self.messages)


def ids_of(connection: Connection, store: str, who: str) -> list[str]:
    """Without those that somebody else has too: by them the other one would be erased as well."""
    mine = (person_key.c.store == store, person_key.c.person == who)
    values = set(connection.scalars(select(person_key.c.value).where(*mine)))
    return [who, *sorted(values - {who} - _heirs(connection, store, who).keys())]


def _heirs(connection: Connection, store: str, who: str) -> dict[str, str]:
    """Who else has a key of this person, by the key's value."""
    same = and_(
        person_key.c.store == person_conflict.c.store,
        person_key.c.kind == person_conflict.c.kind,
        person_key.c.value == person_conflict.c.value,
    )
    mine = (person_key.c.store == store, person_key.c.person == who, person_conflict.c.other != who)
    shared = select(person_conflict.c.value, func.min(person_conflict.c.other)).join(person_key, same)
    rows = connection.execute(shared.where(*mine).group_by(person_conflict.c.value))
    return {row[0]: row[1] for row in rows}


def holdings(connection: Connection, store: str, ids: Sequence[str], key: bytes) -> Holdings:
    events = _events_of(store, ids)
    by_status = select(delivery.c.status, func.count()).where(delivery.c.event_id.in_(events))
    keys = (person_key.c.store == store, person_key.c.person == ids[0])

    def count(*where: ColumnElement[bool]) -> int:
        return connection.scalar(select(func.count()).where(*where)) or 0

    records, known_by = count(*_records_of(store, ids)), count(*keys)
    return Holdings(
        records=records,
        rejects=count(*_rejects_of(connection, store, ids, key)),
        payloads=count(payload.c.event_id.in_(events)),
        keys=known_by,
        shared=count(*_conflicts_of(store, ids)) + len(_heirs(connection, store, ids[0])),
        guest=records + known_by > 0 and not count(person.c.store == store, person.c.person == ids[0]),
        messages={row[0]: row[1] for row in connection.execute(by_status.group_by(delivery.c.status))},
    )


def forget(connection: Connection, store: str, ids: Sequence[str], key: bytes, now: datetime) -> Counter[str]:
    """Remove it; returns how many rows of what. Unsent messages are counted by the status they had."""
    removed = _forget_messages(connection, _events_of(store, ids), now)
    theirs = _rejects_of(connection, store, ids, key)
    removed["rejects"] = connection.execute(delete(reject).where(*theirs)).rowcount
    _empty_hints(connection, store, ids, key)
    browsers = _browsers_of(connection, store, ids)
    removed["records"] = _blank_records(connection, store, ids)
    removed["keys"] = _hand_over(connection, store, ids[0])
    removed["keys"] += _forget_person(connection, store, ids, browsers)
    _rename_profiles(connection, store, ids, key)
    return removed


def _records_of(store: str, ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    order, bought = record.c.stream == "orders", purchase.c.person.in_(ids)
    theirs = select(purchase.c.record_id).where(purchase.c.store == store, bought)
    others = _others_purchases(store, ids)
    told = and_(record.c.person.in_(ids), or_(~order, record.c.record_id.not_in(others)))
    return record.c.store == store, or_(told, and_(order, record.c.record_id.in_(theirs)))


def _others_purchases(store: str, ids: Sequence[str]) -> Select[Any]:
    """Orders with the address of somebody else who has an id of the store's own."""
    address = and_(
        person_key.c.store == purchase.c.store,
        person_key.c.kind == "email",
        person_key.c.value == purchase.c.person,
        person_key.c.known,
    )
    others = (purchase.c.store == store, person_key.c.person.not_in(ids))
    return select(purchase.c.record_id).join(person_key, address).where(*others)


def _rejects_of(
    connection: Connection, store: str, ids: Sequence[str], key: bytes
) -> tuple[ColumnElement[bool], ...]:
    """Also those of records that were never read, as far as they name the person."""
    theirs = select(record.c.record_id).where(*_records_of(store, ids))
    kept = select(reject.c.id, reject.c.body).where(reject.c.store == store, reject.c.body.is_not(None))
    known = frozenset(ids)
    naming = [row.id for row in connection.execute(kept) if known & ids_named(bytes(row.body), key)]
    named = reject.c.id.in_(naming) if naming else false()
    return reject.c.store == store, or_(named, reject.c.record_id.in_(theirs), reject.c.record_id.in_(ids))


def _empty_hints(connection: Connection, store: str, ids: Sequence[str], key: bytes) -> None:
    """What still waits in the inbox keeps saying which record it is about, and nothing of the person."""
    kept = select(inbox.c.event_id, inbox.c.body).where(inbox.c.store == store, inbox.c.body.is_not(None))
    known = frozenset(ids)
    naming = [row.event_id for row in connection.execute(kept) if known & ids_named(bytes(row.body), key)]
    theirs = (inbox.c.store == store, inbox.c.event_id.in_(naming))
    connection.execute(update(inbox).where(*theirs).values(body=None))


def _conflicts_of(store: str, ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    claimed = or_(person_conflict.c.value.in_(ids), person_conflict.c.other.in_(ids))
    return person_conflict.c.store == store, claimed


def _events_of(store: str, ids: Sequence[str]) -> Select[Any]:
    same = and_(
        fact.c.store == record.c.store,
        fact.c.stream == record.c.stream,
        fact.c.record_id == record.c.record_id,
    )
    return select(fact.c.event_id).join(record, same).where(*_records_of(store, ids))


def _forget_messages(connection: Connection, events: Select[Any], now: datetime) -> Counter[str]:
    bodies = connection.execute(delete(payload).where(payload.c.event_id.in_(events))).rowcount
    removed = Counter({"payloads": bodies})
    unsent = (delivery.c.event_id.in_(events), delivery.c.status.in_(UNSENT))
    columns = (delivery.c.event_id, delivery.c.destination, delivery.c.status)
    was: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(select(*columns).where(*unsent).with_for_update()):
        was[row.status].append((row.event_id, row.destination))
    settled = func.coalesce(delivery.c.settled_at, micros(now))
    ended = {"status": Status.FILTERED, "reason": Reason.ERASED, "detail": None, "settled_at": settled}
    connection.execute(update(delivery).where(*unsent).values(**ended))
    changes: Counter[DailyKey] = Counter()
    for status, moved in was.items():
        changes.update(moves(connection, moved, Status(status), Status.FILTERED))
        removed[status] = len(moved)
    count_daily(connection, changes)
    return removed


def _blank_records(connection: Connection, store: str, ids: Sequence[str]) -> int:
    """The rows stay, so that the same facts are not told anew; what they said of a person goes."""
    blank = {"state": BLANK, "hash": b"", "person": None, "erased": True, "version": record.c.version + 1}
    return connection.execute(update(record).where(*_records_of(store, ids)).values(**blank)).rowcount


def _hand_over(connection: Connection, store: str, who: str) -> int:
    """What somebody else has too is now theirs alone. Returns how many keys that is."""
    heirs = _heirs(connection, store, who)
    for value, heir in heirs.items():
        key = (person_key.c.store == store, person_key.c.value == value, person_key.c.person == who)
        connection.execute(update(person_key).where(*key).values(person=heir))
        settled = (person_conflict.c.store == store, person_conflict.c.value == value)
        connection.execute(delete(person_conflict).where(*settled, person_conflict.c.other == heir))
        again = update(person).where(person.c.store == store, person.c.person == heir)
        connection.execute(again.values(changes=person.c.changes + 1))
    return len(heirs)


def _browsers_of(connection: Connection, store: str, ids: Sequence[str]) -> list[str]:
    """The browsers that a guest with their address bought from."""
    named = select(record.c.person).distinct().where(*_records_of(store, ids))
    return [each for each in connection.scalars(named) if each is not None and each not in ids]


def _rename_profiles(connection: Connection, store: str, ids: Sequence[str], key: bytes) -> None:
    """What was worked out here stands under the person's own id, which may be their address."""
    for table in (record, fact):
        for each in ids:
            profile = (table.c.store == store, table.c.stream == "people", table.c.record_id == each)
            nameless = keyed_hash(key, "profile", each)
            connection.execute(update(table).where(*profile).values(record_id=nameless))


def _forget_person(connection: Connection, store: str, ids: Sequence[str], browsers: Sequence[str]) -> int:
    """Returns how many keys went."""
    for table in (purchase, person):
        connection.execute(delete(table).where(table.c.store == store, table.c.person.in_(ids)))
    connection.execute(delete(person_conflict).where(*_conflicts_of(store, ids)))
    theirs = and_(person_key.c.value.in_(browsers), person_key.c.known.is_(False))
    keys = or_(person_key.c.value.in_(ids), person_key.c.person.in_(ids), theirs)
    return connection.execute(delete(person_key).where(person_key.c.store == store, keys)).rowcount
