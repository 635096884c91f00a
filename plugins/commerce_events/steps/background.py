"""What must be known of people before their records are told: erasure, consent, first orders."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from commerce_events.domain.facts import Fact, Kind, Reason
from commerce_events.domain.identity import Identity, IdentityPolicy, guest_id
from commerce_events.domain.people import Trace, purchase_of, trace
from commerce_events.domain.records import Customer, Order, Record
from commerce_events.ledger.entries import KnownStates
from commerce_events.ledger.erasures import tombstone_of
from commerce_events.steps.store import OpenStore


@dataclass(frozen=True, slots=True)
class Background:
    """Of one page of records. `first_orders`: record ids that are their person's first; None: not known."""

    erased: frozenset[str] = frozenset()
    consents: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    first_orders: frozenset[str] | None = None


def background(store: OpenStore, records: Sequence[Record], seen: KnownStates) -> Background:
    """Three look-ups for a page, whatever its size."""
    people = {record.id: store.renderer.identity(record) for record in records}
    known = {who for identity in people.values() if (who := identity.user_id)}
    return Background(
        erased=_erased(store, records, people, seen),
        consents=store.ledger.people.consents(store.name, known) if known else {},
        first_orders=_first_orders(store, records, people),
    )


def with_consent(record: Record, consents: Mapping[str, Mapping[str, bool]], identity: Identity) -> Record:
    """The record, with what its person agreed to elsewhere where it does not say itself."""
    agreed = consents.get(identity.user_id or "")
    if record.subject.consent is not None or agreed is None:
        return record
    return replace(record, subject=replace(record.subject, consent=agreed))


def screened(fact: Fact, record: Record, known: Background) -> Fact:
    """Nothing about an erased person is told, whatever else is true of it."""
    return replace(fact, filtered=Reason.ERASED) if record.id in known.erased else fact


def first_order(fact: Fact, record: Record, known: Background) -> bool | None:
    """Whether a completed order is its person's first; None for other facts, or where it is not known."""
    if known.first_orders is None or fact.kind is not Kind.ORDER_COMPLETED:
        return None
    return record.id in known.first_orders


def trace_of(store: OpenStore, record: Record, known: Background) -> Trace | None:
    if record.id in known.erased:
        return None
    return trace(record, store.settings.identity_policy(), store.renderer.key)


def _erased(
    store: OpenStore, records: Iterable[Record], people: Mapping[str, Identity], seen: KnownStates
) -> frozenset[str]:
    """Records whose person was erased, by any of the ids they are known by."""
    stones = {record.id: _stones(store, record, people[record.id]) for record in records}
    standing = store.ledger.erasures.erased(store.name, frozenset().union(*stones.values()))
    named = {record_id for record_id, own in stones.items() if own & standing}
    return frozenset(named | {record_id for record_id, known in seen.items() if known.erased})


def _stones(store: OpenStore, record: Record, identity: Identity) -> frozenset[str]:
    key, subject = store.renderer.key, record.subject
    if subject.anonymised or not isinstance(subject, Order | Customer):
        return frozenset(tombstone_of(key, who) for who in (identity.user_id,) if who)
    email = subject.email if isinstance(subject, Customer) else subject.buyer.email
    ids = (identity.user_id, identity.anonymous_id, guest_id(email, IdentityPolicy(), key))
    return frozenset(tombstone_of(key, each) for each in ids if each)


def _first_orders(
    store: OpenStore, records: Iterable[Record], people: Mapping[str, Identity]
) -> frozenset[str] | None:
    """The earliest counted order of each person: kept in the ledger, or on this very page."""
    if not store.settings.traits.computed or not store.ledger.charter.knows_past(store.name):
        return None
    firsts: dict[str, tuple[datetime, str]] = {}
    orders = [record for record in records if isinstance(record.subject, Order) and people[record.id].person]
    linked = store.settings.identity.link != "none"
    kept = store.ledger.people.totals(store.name, {str(people[r.id].person) for r in orders}, linked=linked)
    for who, totals in kept.items():
        if totals.first_order_at is not None and totals.first_order_id is not None:
            firsts[who] = (totals.first_order_at, totals.first_order_id)
    for record in orders:
        if purchase_of(record).counted:
            who, place = str(people[record.id].person), (record.created_at, record.id)
            firsts[who] = min(firsts.get(who, place), place)
    return frozenset(record_id for _, record_id in firsts.values())
