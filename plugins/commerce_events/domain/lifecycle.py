"""Which facts a record implies, given what was last seen of it.

Two sources of facts. *Implied* facts follow from the record's present state alone, so a state that was
passed between two looks is still told. *Changes* follow from comparing it with the state kept before.
Nothing here knows a store, a destination or the wall clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from json import dumps
from typing import Any

from commerce_events.domain.facts import ONCE, Fact, Kind, Reason, Refund
from commerce_events.domain.records import Order, Record

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


@dataclass(frozen=True, slots=True)
class Policy:
    """A store's rules for facts, from its configuration."""

    start: datetime
    checkout_trigger: str = "order.created"
    completed_trigger: str = "order.paid"
    disabled: frozenset[Kind] = frozenset()
    every_update: bool = False  # tell every change, as the Integrations Hub does
    watch: frozenset[str] | None = None  # None: all groups
    partial_refunds: bool = True
    zero_price: bool = True  # announce orders that cost nothing
    test_orders: bool = False  # announce orders that match the test filter


@dataclass(frozen=True, slots=True)
class State:
    """What must be remembered of a record to judge the next look at it.

    Not `settled`: it was looked at in the second of its last change. What changed later in that second may
    look the same from outside, as a second refund does, so the next look counts whatever it shows.
    """

    updated_at: datetime
    digest: bytes
    refunded: int  # the highest total seen
    watched: Mapping[str, str]
    done: frozenset[Kind] = field(default=frozenset())
    anonymised: bool = False
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state to keep, and the facts that are new in it, in the order they are told."""

    state: State
    facts: tuple[Fact, ...]


def is_news(record: Record, seen: State | None) -> bool:
    """Whether a record differs from what is known and is not older than it."""
    if seen is None or record.updated_at > seen.updated_at:
        return True
    return record.updated_at == seen.updated_at and not (seen.settled and _looks_like(record, seen))


def judge(record: Record, seen: State | None, policy: Policy) -> Judgement:
    """Derive the facts of one look at an order. An older or equal look than `seen` implies nothing new."""
    if not is_news(record, seen) and seen is not None:
        return Judgement(seen, ())
    order = record.order
    facts = [fact for fact in _once(record, policy) if seen is None or fact.kind not in seen.done]
    facts += _refunds(record, seen, policy)
    watched = {group: _short_hash(value) for group, value in order.watched.items()}
    if seen is not None:
        facts += _updates(record, seen, watched, {fact.kind for fact in facts}, policy)
    high_water = max(_refunded_total(order) or 0, seen.refunded if seen else 0)
    done = (seen.done if seen else frozenset()) | {fact.kind for fact in facts if fact.kind in ONCE}
    state = State(record.updated_at, record.digest, high_water, watched, done, order.anonymised)
    told = sorted(facts, key=lambda fact: list(Kind).index(fact.kind))
    return Judgement(state, tuple(_screen(fact, record, seen, policy) for fact in told))


def _looks_like(record: Record, seen: State) -> bool:
    return record.updated_at == seen.updated_at and record.digest == seen.digest


def _once(record: Record, policy: Policy) -> Iterator[Fact]:
    """The once-in-a-life facts that the present state implies, each with the best known time."""
    order = record.order
    authorized = order.payment in AUTHORIZED_OR_LATER
    if policy.checkout_trigger == "order.created":
        yield _fact(record, Kind.CHECKOUT_STARTED, record.created_at)
    elif authorized:
        yield _fact(record, Kind.CHECKOUT_STARTED, order.authorized_at or order.paid_at)
    match policy.completed_trigger:
        case "order.paid" if order.payment in PAID_OR_LATER:
            yield _fact(record, Kind.ORDER_COMPLETED, order.paid_at)
        case "order.authorized" if authorized:
            yield _fact(record, Kind.ORDER_COMPLETED, order.authorized_at or order.paid_at)
        case "order.fulfilled" if order.shipping == "fulfilled":
            yield _fact(record, Kind.ORDER_COMPLETED, None)  # no store tells when
    if order.status == "cancelled":
        yield _fact(record, Kind.ORDER_CANCELLED, None)


def _refunds(record: Record, seen: State | None, policy: Policy) -> Iterator[Fact]:
    """The increase of the refunded total since the last look; several refunds in between are one fact."""
    order = record.order
    total = _refunded_total(order)
    known = seen.refunded if seen else 0
    if total is None or total == known:
        return
    fact = _fact(record, Kind.ORDER_REFUNDED, order.refunded_at)
    fact = replace(fact, revision=str(total), refund=Refund(total - known, total))
    if total < known:
        yield replace(fact, filtered=Reason.REFUND_FELL)
    elif policy.partial_refunds:
        yield fact
    elif order.payment != "refunded":
        yield replace(fact, filtered=Reason.PARTIAL_REFUND)
    else:  # what was refunded in parts was never told, so the full refund tells all of it
        yield replace(fact, refund=Refund(total, total))


def _refunded_total(order: Order) -> int | None:
    """Everything refunded so far. An order marked as refunded without amounts was refunded in full."""
    if order.payment == "refunded" and not order.refunded:
        return order.total
    return order.refunded


def _updates(
    record: Record, seen: State, watched: Mapping[str, str], told: set[Kind], policy: Policy
) -> Iterator[Fact]:
    """Order Updated: something watched changed that no other new fact tells."""
    changed = {group for group, value in watched.items() if seen.watched.get(group, value) != value}
    if policy.watch is not None:
        changed &= policy.watch
    if not policy.every_update:
        changed = changed.difference(*(EXPLAINS[kind] for kind in told))
    if _looks_like(record, seen) or (not changed and not policy.every_update):
        return
    revision = f"{record.updated_at.isoformat()}:{_short_hash(dict(watched))}"
    filtered = Reason.ANONYMISED if record.order.anonymised else None
    yield replace(
        _fact(record, Kind.ORDER_UPDATED, record.updated_at),
        revision=revision,
        changed=tuple(sorted(changed)),
        filtered=filtered,
    )


def _screen(fact: Fact, record: Record, seen: State | None, policy: Policy) -> Fact:
    """Decide whether a fact is told. Reasons that cannot be reopened come first."""
    if fact.filtered is not None:
        return fact
    order = record.order
    untold = {
        Reason.TEST_ORDER: order.test and not policy.test_orders,
        Reason.ZERO_PRICE: order.total == 0 and not policy.zero_price,
        Reason.UNKNOWN_TIME: not fact.certain and seen is None and record.created_at < policy.start,
        Reason.TRACKING_OFF: fact.kind in policy.disabled,
        Reason.BEFORE_START: fact.occurred_at < policy.start,
    }
    return replace(fact, filtered=next((reason for reason, holds in untold.items() if holds), None))


def _fact(record: Record, kind: Kind, known: datetime | None) -> Fact:
    """A fact at its true time where one is known, else at the record's last change."""
    return Fact(
        store=record.store,
        stream=record.stream,
        record_id=record.id,
        kind=kind,
        occurred_at=known or record.updated_at,
        certain=known is not None,
    )


def _short_hash(value: Any) -> str:
    text = dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=8).hexdigest()
