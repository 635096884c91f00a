"""Which of a store's events tell of what we would tell: the fewer it sends, the fewer are read."""

from collections.abc import Iterator

from commerce_events.config import Store
from commerce_events.domain.facts import Kind

ORDER_KINDS = (
    Kind.CHECKOUT_STARTED,
    Kind.ORDER_COMPLETED,
    Kind.ORDER_UPDATED,
    Kind.ORDER_REFUNDED,
    Kind.ORDER_CANCELLED,
)
RESOURCES = {"customers": "customer", "account_members": "account-member"}


def observed(store: Store) -> tuple[str, ...]:
    """The events behind what this store's trackings tell, and behind who is to be erased."""
    return tuple(dict.fromkeys([*_of_orders(store), *_of_people(store)]))


def _of_orders(store: Store) -> Iterator[str]:
    told = [store.tracking(kind) for kind in ORDER_KINDS]
    yield from (tracking.trigger for tracking in told if tracking.enabled)
    if store.erasure.on_anonymised:
        yield "order.updated"
    if store.trackings.order_refunded.enabled and store.partial_refunds and store.transactions == "all":
        yield "transaction.updated"  # nothing else tells of a partial refund


def _of_people(store: Store) -> Iterator[str]:
    trackings, erasure = store.trackings, store.erasure
    for stream in store.people:
        resource = RESOURCES[stream]
        if trackings.customer_created.enabled:
            yield f"{resource}.created"
        if trackings.customer_updated.enabled or store.consent.field or erasure.on_anonymised:
            yield f"{resource}.updated"
        if erasure.on_deleted or trackings.customer_updated.trigger == "customer.deleted":
            yield f"{resource}.deleted"
