"""What must be known of people before their records are told: erasure, consent, first orders."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from commerce_events.domain.facts import Fact, Kind, Reason
from commerce_events.domain.identity import Identity, IdentityPolicy, guest_id
from commerce_events.domain.naming import ids_named
from commerce_events.domain.people import Trace, purchase_of, trace
from commerce_events.domain.records import Customer, Order, Record
from commerce_events.domain.states import State
from commerce_events.ledger.entries import KnownStates
from commerce_events.ledger.erasures import tombstone_of
from commerce_events.ledger.people import Agreed
from commerce_events.steps.store import OpenStore


@dataclass(frozen=True, slots=True)
class Background:
    """Of one page of records, by record id.

    `people` are the ids that messages carry. `first_orders`: records that are their person's first; None: not
    known.
    """

    people: Mapping[str, Identity] = field(default_factory=dict)
    erased: frozenset[str] = frozenset()
    consents: Mapping[str, Agreed] = field(default_factory=dict)
    first_orders: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class _Person:
    """Who a record is about; `address` is the hash of the one that it gives."""

    identity: Identity
    address: str | None


_People = Mapping[str, _Person]


def background(store: OpenStore, records: Sequence[Record], seen: KnownStates) -> Background:
    """Four look-ups for a page, whatever its size."""
    people = {
        record.id: _Person(store.renderer.identity(record), _address(store, record)) for record in records
    }
    owners = _owners(store, records, people)
    return Background(
        people={record.id: _undisputed(record, people[record.id], owners) for record in records},
        erased=_erased(store, people, seen),
        consents=_consents(store, people, owners),
        first_orders=_first_orders(store, records, people, owners),
    )


def with_consent(record: Record, known: Background) -> Record:
    """The record, with what its person agreed to elsewhere: what was said last holds. An order says what held
    when it was placed, however late it changes.
    """
    agreed = known.consents.get(record.id)
    said_at = record.created_at if isinstance(record.subject, Order) else record.updated_at
    if agreed is None or (record.subject.consent is not None and said_at >= agreed.said_at):
        return record
    return replace(record, subject=replace(record.subject, consent=agreed.consent))


def with_refunds(record: Record, state: State) -> Record:
    """An order whose transactions nobody asked for now, with what it is known to have refunded."""
    if not isinstance(record.subject, Order) or record.subject.refunded is not None or not state.refunded:
        return record
    return replace(record, subject=replace(record.subject, refunded=state.refunded))


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


def names_erased(store: OpenStore, document: bytes) -> bool:
    """Whether a document that cannot be read is about somebody who was erased."""
    key = store.renderer.key
    stones = frozenset(tombstone_of(key, each) for each in ids_named(document, key))
    return bool(store.ledger.erasures.erased(store.name, stones))


def _erased(store: OpenStore, people: _People, seen: KnownStates) -> frozenset[str]:
    """Records whose person was erased, by any of the ids they are known by."""
    stones = {record_id: _stones(store, person) for record_id, person in people.items()}
    standing = store.ledger.erasures.erased(store.name, frozenset().union(*stones.values()))
    named = {record_id for record_id, own in stones.items() if own & standing}
    return frozenset(named | {record_id for record_id, known in seen.items() if known.erased})


def _stones(store: OpenStore, person: _Person) -> frozenset[str]:
    """A browser may be several people's: it tells who somebody is only where nothing else does."""
    identity = person.identity
    ids = (identity.user_id or person.address or identity.anonymous_id, person.address)
    return frozenset(tombstone_of(store.renderer.key, each) for each in ids if each)


def _address(store: OpenStore, record: Record) -> str | None:
    """The hash of the address that a record gives."""
    subject = record.subject
    if subject.anonymised or not isinstance(subject, Order | Customer):
        return None
    email = subject.email if isinstance(subject, Customer) else subject.buyer.email
    return guest_id(email, IdentityPolicy(), store.renderer.key)


def _owners(store: OpenStore, records: Sequence[Record], people: _People) -> Mapping[str, str]:
    """Whose the addresses and browsers of these records are; of two new customers, the one who gets it."""
    ids = {each for person in people.values() for each in (person.address, person.identity.anonymous_id)}
    asked = [each for each in ids if each is not None]
    found = store.ledger.people.owners(store.name, asked) if asked else {}
    new = sorted((r.id for r in records if isinstance(r.subject, Customer)), reverse=True)
    return {**{hashed: each for each in new if (hashed := people[each].address)}, **found}


def _undisputed(record: Record, person: _Person, owners: Mapping[str, str]) -> Identity:
    """Without an address that is another customer's: whoever sends it along would merge the two."""
    identity, hashed = person.identity, person.address
    taken = isinstance(record.subject, Customer) and owners.get(hashed or "") != record.id
    return replace(identity, anonymous_id=None) if taken and identity.anonymous_id == hashed else identity


def _consents(store: OpenStore, people: _People, owners: Mapping[str, str]) -> dict[str, Agreed]:
    """What the people behind the records agreed to. Who forgets to log in has not changed their mind."""
    buyers = {record_id: _buyer(person, owners) for record_id, person in people.items()}
    asked = {buyer for buyer in buyers.values() if buyer}
    found = store.ledger.people.consents(store.name, asked) if asked else {}
    return {record: found[buyer] for record, buyer in buyers.items() if buyer in found}


def _first_orders(
    store: OpenStore, records: Iterable[Record], people: _People, owners: Mapping[str, str]
) -> frozenset[str] | None:
    """Orders before which their person has none that counts, in the ledger or on this very page. They need
    not count themselves: one may be told while it is only authorised.
    """
    if not store.settings.traits.computed or not store.ledger.charter.knows_past(store.name):
        return None
    linked = store.settings.identity.link != "none"
    orders = [
        record
        for record in records
        if isinstance(record.subject, Order) and people[record.id].identity.person
    ]
    buyers = {record.id: str(_buyer(people[record.id], owners if linked else {})) for record in orders}
    firsts = _kept_firsts(store, set(buyers.values()), linked)
    for record in orders:
        if purchase_of(record).counted:
            who, place = buyers[record.id], (record.created_at, record.id)
            firsts[who] = min(firsts.get(who, place), place)
    places = {record.id: (record.created_at, record.id) for record in orders}
    return frozenset(each for each, place in places.items() if place <= firsts.get(buyers[each], place))


def _buyer(person: _Person, owners: Mapping[str, str]) -> str | None:
    """As totals see it: their own id; a guest is whose address or browser it is, else their address."""
    ids = (person.address, person.identity.anonymous_id)
    named = [each for each in ids if each]
    owner = next((owners[each] for each in named if each in owners), None)
    return person.identity.user_id or owner or next(iter(named), None)


def _kept_firsts(store: OpenStore, buyers: Collection[str], linked: bool) -> dict[str, tuple[datetime, str]]:
    kept = store.ledger.people.totals(store.name, buyers, linked=linked)
    return {
        who: (totals.first_order_at, totals.first_order_id)
        for who, totals in kept.items()
        if totals.first_order_at is not None and totals.first_order_id is not None
    }
