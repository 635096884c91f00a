"""Introductions: whoever stands behind an order is captured before it, so that an identify comes first."""

from collections.abc import Container, Iterable, Sequence

from commerce_events.domain.facts import Kind
from commerce_events.domain.identity import introduced_by
from commerce_events.domain.records import Order, Record
from commerce_events.steps.store import OpenStore


def strangers(
    store: OpenStore, orders: Sequence[Record], introduced: Container[tuple[str, str]] = ()
) -> dict[str, list[Record]]:
    """The people behind these orders whom the ledger has not met, as the store knows them, by stream.

    Costs a request each, so it is for the few that no sync of their stream has brought yet. Whom the store
    no longer has stays unknown. `introduced` are known otherwise, by stream and id.
    """
    found: dict[str, list[Record]] = {}
    for stream, ids in _behind(store, orders).items():
        met = store.ledger.records.states(store.name, stream, ids)
        new = [each for each in sorted(set(ids) - set(met)) if (stream, each) not in introduced]
        read = (store.source.read(stream, each) for each in new)
        found[stream] = [each for each in read if isinstance(each, Record)]
    return found


def _behind(store: OpenStore, orders: Iterable[Record]) -> dict[str, list[str]]:
    policy, streams = store.settings.identity_policy(), introducing_streams(store)
    people: dict[str, list[str]] = {}
    for record in orders:
        if not isinstance(record.subject, Order) or record.subject.anonymised:
            continue
        known = introduced_by(record.subject.buyer, policy)
        if known is not None and known[0] in streams:
            people.setdefault(known[0], []).append(known[1])
    return people


def introducing_streams(store: OpenStore) -> tuple[str, ...]:
    """The streams whose people are told at all."""
    silent = not any(
        store.settings.tracking(k).enabled for k in (Kind.CUSTOMER_CREATED, Kind.CUSTOMER_UPDATED)
    )
    return () if silent else tuple(store.settings.people)
