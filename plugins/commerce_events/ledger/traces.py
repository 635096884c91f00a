"""Writing down what records tell of people, in the transaction that records them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, or_, select

from commerce_events.domain.moments import micros
from commerce_events.domain.people import Trace
from commerce_events.ledger.bulk import bulk
from commerce_events.ledger.database import among_texts, insert_into
from commerce_events.ledger.people_tables import person, person_conflict, person_key, purchase

# One trace, and the record that left it.
Left = tuple[str, Trace]

# The kind and value of a key, who has it, and whether that is an id of the store's own.
Claim = tuple[str, str, str, bool]


def write_traces(
    connection: Connection, store: str, left: Sequence[Left], now: datetime, *, quiet: bool = False
) -> None:
    """Purchases, keys and people, in one order for all writers, so that nobody waits crosswise.

    `quiet`: nobody is told for that of what their orders come to; their next change tells it.
    """
    if not left:
        return
    _write_purchases(connection, store, left)
    owners = _write_keys(connection, store, [trace for _, trace in left], now)
    _write_people(connection, store, [trace for _, trace in left], owners, quiet)


def _write_purchases(connection: Connection, store: str, left: Sequence[Left]) -> None:
    rows = [
        {
            "store": store,
            "record_id": record_id,
            "person": trace.buyer,
            "ordered_at": micros(trace.purchase.ordered_at),
            "currency": trace.purchase.currency,
            "exponent": trace.purchase.exponent,
            "amount": trace.purchase.amount,
            "counted": trace.purchase.counted,
        }
        for record_id, trace in sorted(left, key=lambda each: each[0])
        if trace.purchase is not None
    ]
    if rows:
        connection.execute(*bulk(connection, purchase, rows, _as_it_is_now))


def _as_it_is_now(new: Any) -> Any:
    changed = {name: new.excluded[name] for name in ("person", "currency", "exponent", "amount", "counted")}
    key = [purchase.c.store, purchase.c.record_id]
    return new.on_conflict_do_update(index_elements=key, set_=changed)


def _write_keys(
    connection: Connection, store: str, traces: Sequence[Trace], now: datetime
) -> Mapping[tuple[str, str], str]:
    """Whose each key is. A guest's key goes over to the customer who has it too; two customers conflict."""
    claims = sorted(
        {(kind, value, trace.person, trace.own) for trace in traces for kind, value in trace.keys}
    )
    if not claims:
        return {}
    firsts = _first_claims(claims)
    rows = [
        {"store": store, "kind": kind, "value": value, "person": who, "known": known}
        for (kind, value), (who, known) in firsts.items()
    ]
    connection.execute(*bulk(connection, person_key, rows, _taking_from_guests))
    kinds = person_key.c.kind.in_(sorted({kind for kind, _ in firsts}))
    values = among_texts(connection, person_key.c.value, [value for _, value in firsts])
    asked = (person_key.c.store == store, kinds, values, person_key.c.known)
    whose = select(person_key.c.kind, person_key.c.value, person_key.c.person).where(*asked)
    owners = {(kind, value): who for kind, value, who in connection.execute(whose).all()}
    _write_conflicts(connection, store, [c for c in claims if c[3] and owners.get(c[:2]) != c[2]], now)
    return owners


def _taking_from_guests(new: Any) -> Any:
    return new.on_conflict_do_update(
        index_elements=[person_key.c.store, person_key.c.kind, person_key.c.value],
        set_={"person": new.excluded.person, "known": new.excluded.known},
        where=and_(person_key.c.known.is_(False), new.excluded.known),
    )


def _first_claims(claims: Iterable[Claim]) -> dict[tuple[str, str], tuple[str, bool]]:
    """Who gets each key among these: the first who is known, or else the first."""
    firsts: dict[tuple[str, str], tuple[str, bool]] = {}
    for kind, value, who, known in claims:
        if (kind, value) not in firsts or (known and not firsts[kind, value][1]):
            firsts[kind, value] = (who, known)
    return firsts


def _write_conflicts(connection: Connection, store: str, claims: Iterable[Claim], now: datetime) -> None:
    rows = [
        {"store": store, "kind": kind, "value": value, "other": who, "seen_at": micros(now)}
        for kind, value, who, _ in claims
    ]
    if rows:
        connection.execute(insert_into(connection, person_conflict).on_conflict_do_nothing(), rows)


def _write_people(
    connection: Connection,
    store: str,
    traces: Sequence[Trace],
    owners: Mapping[tuple[str, str], str],
    quiet: bool,
) -> None:
    """Everyone whose orders changed, also those whose orders as a guest did."""
    rows: dict[str, dict[str, Any]] = {}
    for trace in traces:
        affected = {trace.person} if trace.known else {owners[key] for key in trace.keys if key in owners}
        for who in affected:
            _merge(rows.setdefault(who, _nobody(store, who)), trace)
    if not rows:
        return
    people = [rows[who] | {"derived": int(quiet)} for who in sorted(rows)]
    connection.execute(*bulk(connection, person, people, _keeping_the_latest))


def _keeping_the_latest(new: Any) -> Any:
    return new.on_conflict_do_update(
        index_elements=[person.c.store, person.c.person],
        set_={
            "changes": person.c.changes + new.excluded.changes,
            "derived": case(
                (and_(new.excluded.derived > 0, person.c.derived == person.c.changes), person.c.changes + 1),
                else_=person.c.derived,
            ),
            **_the_later(new, "consent"),
            **_the_later(new, "address"),
        },
    )


def _the_later(new: Any, name: str) -> dict[str, Any]:
    """Of two values the one that was true later, whichever came first."""
    at = f"{name}_at"
    given, known = new.excluded[at], person.c[at]
    newer = and_(given.is_not(None), or_(known.is_(None), given >= known))
    return {each: case((newer, new.excluded[each]), else_=person.c[each]) for each in (name, at)}


def _nobody(store: str, who: str) -> dict[str, Any]:
    return {
        "store": store,
        "person": who,
        "changes": 0,
        "derived": 0,
        "consent": None,
        "consent_at": None,
        "address": None,
        "address_at": None,
    }


def _merge(row: dict[str, Any], trace: Trace) -> None:
    """Several records of one page may tell of one person."""
    row["changes"] = 1
    if trace.consent is not None:
        _keep(row, "consent", trace.said_at, json.dumps(dict(trace.consent), sort_keys=True))
    if trace.purchase is not None and trace.address:
        address = json.dumps(dict(trace.address), ensure_ascii=False, sort_keys=True)
        _keep(row, "address", trace.said_at, address)


def _keep(row: dict[str, Any], name: str, at: datetime, value: str) -> None:
    if row[f"{name}_at"] is None or micros(at) >= row[f"{name}_at"]:
        row |= {name: value, f"{name}_at": micros(at)}
