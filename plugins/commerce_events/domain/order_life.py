"""The facts of an order's life.

*Implied* facts follow from the present state alone, so a state that was passed between two looks is still
told. *Changes* follow from comparing it with the state kept before.
"""

from collections.abc import Iterator
from dataclasses import replace

from commerce_events.domain.facts import Fact, Kind, Reason, Refund
from commerce_events.domain.records import Order, Record
from commerce_events.domain.states import Policy, State, fact_of, looks_like, short_hash

AUTHORIZED_OR_LATER = frozenset({"authorized", "paid", "refunded"})
PAID_OR_LATER = frozenset({"paid", "refunded"})

# What a new fact already tells, so that Order Updated need not repeat it. Refunds are no watched
# group: a change of the refunded amount is either a refund or nothing.
EXPLAINS = {
    Kind.CHECKOUT_STARTED: frozenset({"payment", "status"}),
    Kind.ORDER_COMPLETED: frozenset({"payment", "status", "shipping"}),
    Kind.ORDER_REFUNDED: frozenset({"payment", "status"}),
    Kind.ORDER_CANCELLED: frozenset({"status"}),
}


def order_facts(record: Record, seen: State | None, policy: Policy) -> list[Fact]:
    """The facts that are new in this look; not yet screened."""
    facts = [fact for fact in _once(record, policy) if seen is None or fact.kind not in seen.done]
    facts += _refunds(record, seen, policy)
    if seen is not None:
        facts += _updates(record, seen, {fact.kind for fact in facts}, policy)
    return facts


def refunded_total(order: Order) -> int | None:
    """Everything refunded so far. An order marked as refunded without amounts was refunded in full."""
    if order.payment == "refunded" and not order.refunded:
        return order.total
    return order.refunded


def _once(record: Record, policy: Policy) -> Iterator[Fact]:
    """The once-in-a-life facts that the present state implies, each with the best known time."""
    order = record.order
    authorized = order.payment in AUTHORIZED_OR_LATER
    if policy.checkout_trigger == "order.created":
        yield fact_of(record, Kind.CHECKOUT_STARTED, record.created_at)
    elif authorized:
        yield fact_of(record, Kind.CHECKOUT_STARTED, order.authorized_at or order.paid_at)
    match policy.completed_trigger:
        case "order.paid" if order.payment in PAID_OR_LATER:
            yield fact_of(record, Kind.ORDER_COMPLETED, order.paid_at)
        case "order.authorized" if authorized:
            yield fact_of(record, Kind.ORDER_COMPLETED, order.authorized_at or order.paid_at)
        case "order.fulfilled" if order.shipping == "fulfilled":
            yield fact_of(record, Kind.ORDER_COMPLETED, None)  # no store tells when
    if order.status == "cancelled":
        yield fact_of(record, Kind.ORDER_CANCELLED, None)


def _refunds(record: Record, seen: State | None, policy: Policy) -> Iterator[Fact]:
    """The increase of the refunded total since the last look; several refunds in between are one fact."""
    order = record.order
    total = refunded_total(order)
    known = seen.refunded if seen else 0
    if total is None or total == known:
        return
    fact = fact_of(record, Kind.ORDER_REFUNDED, order.refunded_at)
    fact = replace(fact, revision=str(total), refund=Refund(total - known, total))
    if total < known:
        yield replace(fact, filtered=Reason.REFUND_FELL)
    elif policy.partial_refunds:
        yield fact
    elif order.payment != "refunded":
        yield replace(fact, filtered=Reason.PARTIAL_REFUND)
    else:  # what was refunded in parts was never told, so the full refund tells all of it
        yield replace(fact, refund=Refund(total, total))


def _updates(record: Record, seen: State, told: set[Kind], policy: Policy) -> Iterator[Fact]:
    """Order Updated: something watched changed that no other new fact tells."""
    watched = record.order.watched
    changed = {group for group, value in watched.items() if seen.watched.get(group, value) != value}
    if policy.watch is not None:
        changed &= policy.watch
    if not policy.every_update:
        changed = changed.difference(*(EXPLAINS[kind] for kind in told))
    if looks_like(record, seen) or (not changed and not policy.every_update):
        return
    revision = f"{record.updated_at.isoformat()}:{short_hash(watched)}"
    filtered = Reason.ANONYMISED if record.order.anonymised else None
    yield replace(
        fact_of(record, Kind.ORDER_UPDATED, record.updated_at),
        revision=revision,
        changed=tuple(sorted(changed)),
        filtered=filtered,
    )
