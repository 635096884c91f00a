"""What the ledger holds of one person, and removing it. Every function is part of its caller's transaction.

`ids` are all that a person is known by: their id first, then hashes of addresses and browsers' ids.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, or_, select, update

from commerce_events.domain.deliveries import Status
from commerce_events.domain.facts import Reason
from commerce_events.ledger.daily import DailyKey, count_daily, moves
from commerce_events.ledger.tables import (
    delivery,
    fact,
    payload,
    person,
    person_conflict,
    person_key,
    purchase,
    record,
    reject,
)

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
    mine = (person_key.c.store == store, person_key.c.person == who)
    others = set(connection.scalars(select(person_key.c.value).where(*mine))) - {who}
    return [who, *sorted(others)]


def holdings(connection: Connection, store: str, ids: Sequence[str]) -> Holdings:
    events = _events_of(store, ids)
    by_status = select(delivery.c.status, func.count()).where(delivery.c.event_id.in_(events))
    keys = (person_key.c.store == store, person_key.c.person == ids[0])

    def count(*where: ColumnElement[bool]) -> int:
        return connection.scalar(select(func.count()).where(*where)) or 0

    records, known_by = count(*_records_of(store, ids)), count(*keys)
    return Holdings(
        records=records,
        rejects=count(*_rejects_of(store, ids)),
        payloads=count(payload.c.event_id.in_(events)),
        keys=known_by,
        shared=count(*_conflicts_of(store, ids)),
        guest=records + known_by > 0 and not count(person.c.store == store, person.c.person == ids[0]),
        messages={row[0]: row[1] for row in connection.execute(by_status.group_by(delivery.c.status))},
    )


def forget(connection: Connection, store: str, ids: Sequence[str]) -> Counter[str]:
    """Remove it; returns how many rows of what. Unsent messages are counted by the status they had."""
    removed = _forget_messages(connection, _events_of(store, ids))
    removed["rejects"] = connection.execute(delete(reject).where(*_rejects_of(store, ids))).rowcount
    removed["records"] = _blank_records(connection, store, ids)
    removed["keys"] = _forget_person(connection, store, ids)
    return removed


def _records_of(store: str, ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return record.c.store == store, record.c.person.in_(ids)


def _rejects_of(store: str, ids: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    theirs = select(record.c.record_id).where(*_records_of(store, ids))
    return reject.c.store == store, or_(reject.c.record_id.in_(theirs), reject.c.record_id.in_(ids))


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


def _forget_messages(connection: Connection, events: Select[Any]) -> Counter[str]:
    bodies = connection.execute(delete(payload).where(payload.c.event_id.in_(events))).rowcount
    removed = Counter({"payloads": bodies})
    unsent = (delivery.c.event_id.in_(events), delivery.c.status.in_(UNSENT))
    columns = (delivery.c.event_id, delivery.c.destination, delivery.c.status)
    was: dict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(select(*columns).where(*unsent).with_for_update()):
        was[row.status].append((row.event_id, row.destination))
    ended = {"status": Status.FILTERED, "reason": Reason.ERASED, "detail": None}
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


def _forget_person(connection: Connection, store: str, ids: Sequence[str]) -> int:
    """Returns how many keys went."""
    for table in (purchase, person):
        connection.execute(delete(table).where(table.c.store == store, table.c.person.in_(ids)))
    connection.execute(delete(person_conflict).where(*_conflicts_of(store, ids)))
    keys = or_(person_key.c.value.in_(ids), person_key.c.person.in_(ids))
    return connection.execute(delete(person_key).where(person_key.c.store == store, keys)).rowcount
