"""What each section may say alone, and not together with the others: one line for each mistake."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from commerce_events.config.destinations import Destination
from commerce_events.config.errors import nearest
from commerce_events.config.stores import Store

ID_OF = {"customers": "customer", "account_members": "account_member"}


def contradictions(stores: Mapping[str, Store], destinations: Mapping[str, Destination]) -> list[str]:
    return [
        *_unknown_destinations(stores, destinations),
        *_shared_namespaces(stores),
        *_shared_queues(stores),
        *_shared_destinations(stores),
        *(line for name, store in stores.items() for line in _identity(name, store)),
        *(line for name, store in stores.items() for line in _consent(name, store, destinations)),
    ]


def _unknown_destinations(
    stores: Mapping[str, Store], destinations: Mapping[str, Destination]
) -> Iterator[str]:
    for name, store in stores.items():
        for wanted in store.destinations:
            if wanted not in destinations:
                hint = nearest(wanted, destinations)
                allowed = ", ".join(destinations)
                yield f"stores.{name}.destinations: unknown destination {wanted!r}{hint}; allowed: {allowed}"


def _shared_namespaces(stores: Mapping[str, Store]) -> Iterator[str]:
    first: dict[UUID, str] = {}
    for name, store in stores.items():
        owner = first.setdefault(store.namespace, name)
        if owner != name:
            yield (
                f"stores.{name}.namespace: is the same as stores.{owner}.namespace; every store needs its own"
            )


def _shared_queues(stores: Mapping[str, Store]) -> Iterator[str]:
    """A message does not name a store in our words: whose it is follows from its queue."""
    first: dict[str, str] = {}
    for name, store in stores.items():
        if store.queue is not None and first.setdefault(store.queue.url, name) != name:
            yield (
                f"stores.{name}.queue.url: is the same as stores.{first[store.queue.url]}.queue.url; "
                "every store needs a queue of its own"
            )


def _shared_destinations(stores: Mapping[str, Store]) -> Iterator[str]:
    """One shopper of two stores must be called by the same kind of id where both are told of."""
    first: dict[str, str] = {}
    for name, store in stores.items():
        owners = {wanted: first.setdefault(wanted, name) for wanted in store.destinations}
        for key in ("prefer", "guest"):
            said = getattr(store.identity, key)
            for wanted, owner in owners.items():
                if said != getattr(stores[owner].identity, key):
                    yield (
                        f"stores.{name}.identity.{key}: differs from stores.{owner}.identity.{key}, and both "
                        f"stores send to {wanted}, where one shopper would become two people"
                    )


def _identity(name: str, store: Store) -> Iterator[str]:
    identity = store.identity
    if identity.guest == "browser" and identity.anonymous_id_field is None:
        yield (
            f"stores.{name}.identity.guest: 'browser' needs anonymous_id_field, "
            "else no guest has an id; allowed without it: 'hash' or 'email'"
        )
    if identity.guest == "email" and identity.link == "identify":
        yield (
            f"stores.{name}.identity.link: with guest = 'email' a guest has a userId, which an identify "
            "cannot join to another; allowed: 'alias' or 'none'"
        )
    for stream in store.people:
        if ID_OF[stream] not in identity.prefer:
            yield (
                f"stores.{name}.people: {stream!r} is synced, but identity.prefer lacks {ID_OF[stream]!r}: "
                "people and their orders would be two people each"
            )


def _consent(name: str, store: Store, destinations: Mapping[str, Destination]) -> Iterator[str]:
    if store.consent.field is not None:
        return
    if store.consent.default == "none":
        yield f"stores.{name}.consent.default: 'none' without consent.field would hold everything back"
    for wanted in store.destinations:
        if wanted in destinations and destinations[wanted].needs_consent:
            yield (
                f"stores.{name}.consent.field: is required, since destinations.{wanted}.needs_consent asks "
                "for what this store does not tell"
            )
