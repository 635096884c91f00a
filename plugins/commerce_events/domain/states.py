"""What is remembered of a record between two looks, and the rules it is judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from json import dumps
from typing import Any

from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.records import Order, Record


@dataclass(frozen=True, slots=True)
class Policy:
    """A store's rules for facts, from its configuration."""

    start: datetime
    checkout_trigger: str = "order.created"
    completed_trigger: str = "order.paid"
    customer_trigger: str = "customer.updated"
    disabled: frozenset[Kind] = frozenset()
    every_update: bool = False  # tell every change, as the Integrations Hub does
    watch: frozenset[str] | None = None  # None: all groups
    partial_refunds: bool = True
    zero_price: bool = True  # announce orders that cost nothing
    test_orders: bool = False  # announce orders that match the test filter
    live: "Live | None" = None  # a backfill's: what it leaves to the live sync
    adoption: "Adoption | None" = None  # what was sent by somebody else


@dataclass(frozen=True, slots=True)
class Live:
    """What is the live sync's to tell: all that happened from the fence on, and whatever has changed in a
    known record since the live sync's own start.
    """

    start: datetime
    fence: datetime


@dataclass(frozen=True, slots=True)
class Adoption:
    """Whatever told Segment before this ledger did: from `since` on, until `before`; except of the records in
    `missing`, which it never told.
    """

    since: datetime
    before: datetime
    missing: frozenset[str] = frozenset()

    def holds(self, record: Record, at: datetime) -> bool:
        return self.since <= at < self.before and record.id not in self.missing


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
    if record.updated_at < seen.updated_at:
        return False
    return not (seen.settled and looks_like(record, seen)) or _has_refunded_more(record, seen)


def _has_refunded_more(record: Record, seen: State) -> bool:
    """A refund of a part may change nothing of its order but its transactions, if somebody asked for them."""
    return isinstance(record.subject, Order) and (record.subject.refunded or 0) > seen.refunded


def concerns(record: Record, seen: State | None, policy: Policy) -> bool:
    """Whether a look is to be judged: a backfill leaves to the live sync what that one reads in any case."""
    if not is_news(record, seen):
        return False
    return seen is None or policy.live is None or record.updated_at < policy.live.start


def looks_like(record: Record, seen: State) -> bool:
    return record.updated_at == seen.updated_at and record.digest == seen.digest


def fact_of(record: Record, kind: Kind, known: datetime | None) -> Fact:
    """A fact at its true time where one is known, else at the record's last change."""
    return Fact(
        store=record.store,
        stream=record.stream,
        record_id=record.id,
        kind=kind,
        occurred_at=known or record.updated_at,
        certain=known is not None,
    )


def short_hash(value: Any) -> str:
    text = dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=8).hexdigest()
