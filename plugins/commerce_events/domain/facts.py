"""Facts: what happened in a record's life, in words no destination owns."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The lifecycle facts. The order here is the order in which facts of one look are told."""

    CUSTOMER_CREATED = "customer_created"
    CUSTOMER_UPDATED = "customer_updated"
    CHECKOUT_STARTED = "checkout_started"
    ORDER_COMPLETED = "order_completed"
    ORDER_UPDATED = "order_updated"
    ORDER_REFUNDED = "order_refunded"
    ORDER_CANCELLED = "order_cancelled"


# Facts that can be true only once in a record's life, whatever it goes through afterwards.
ONCE = frozenset({Kind.CUSTOMER_CREATED, Kind.CHECKOUT_STARTED, Kind.ORDER_COMPLETED, Kind.ORDER_CANCELLED})


class Reason(StrEnum):
    """Why a fact is deliberately not sent."""

    BEFORE_START = "before_start"  # older than the store's `start`; a backfill can reopen it
    TRACKING_OFF = "tracking_off"  # its tracking is switched off; a backfill can reopen it
    FENCE = "fence"  # left to the live sync by a backfill; can be reopened
    CANCELLED = "cancelled"  # withdrawn with its backfill before it was sent; a backfill can reopen it
    ADOPTED = "adopted"  # from before this ledger told anything; whatever told Segment then has sent it
    UNKNOWN_TIME = "unknown_time"  # it happened, but no source tells when
    ANONYMISED = "anonymised"  # the change is the erasure of personal data itself
    TEST_ORDER = "test_order"  # matches the store's filter for test orders
    ZERO_PRICE = "zero_price"  # the store is set not to announce orders that cost nothing
    PARTIAL_REFUND = "partial_refund"  # partial refunds are switched off
    REFUND_FELL = "refund_fell"  # the refunded amount went down; the highest seen is kept
    NO_CONSENT = "no_consent"  # the person did not agree to what the destination is for
    ERASED = "erased"  # the person was erased; nothing about them leaves again
    DISCARDED = "discarded"  # a person decided so; who and why is in the audit
    EMPTY = "empty"  # the template yields nothing for this fact


REOPENABLE = frozenset({Reason.BEFORE_START, Reason.TRACKING_OFF, Reason.FENCE, Reason.CANCELLED})


@dataclass(frozen=True, slots=True)
class Refund:
    """`amount` is what this fact adds, `total` all refunds so far; minor units."""

    amount: int
    total: int


@dataclass(frozen=True, slots=True)
class Link:
    """Another id of the same person, and how the two are joined: identify | alias."""

    id: str
    how: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One lifecycle event of one record. Two facts with equal identity fields are the same fact.

    `revision` tells repeatable facts apart: the refunded total, or the update's time and content.
    """

    store: str
    stream: str
    record_id: str
    kind: Kind
    occurred_at: datetime
    certain: bool = True  # False: no true time is known, and `occurred_at` is the record's last change
    revision: str = ""
    filtered: Reason | None = None
    refund: Refund | None = None
    changed: tuple[str, ...] = ()
    link: Link | None = None
