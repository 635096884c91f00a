"""What an order's transactions tell: when it was authorised and paid, and what was given back.

A capture or refund changes the payment's transaction in place: its type becomes `capture` or `refund`, its
`updated_at` moves, `refunded_amount` grows. There is no refund of its own, and no older time is kept.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from commerce_events.domain.records import Order
from commerce_events.sources.elasticpath.nodes import Node

AUTHORIZING = frozenset({"authorize", "purchase", "capture", "refund"})
COMPLETING = frozenset({"purchase", "capture", "refund"})
PAID = frozenset({"paid", "refunded"})


def with_transactions(order: Order, transactions: Node) -> Order:
    """The order with what its transactions add. Raises BadRecordError for an unreadable one."""
    authorized = [_time(one, "created_at") for one in transactions if _is_complete(one, AUTHORIZING)]
    refunds = [_time(one, "updated_at") for one in transactions if _was_refunded(one)]
    return replace(
        order,
        paid_at=order.paid_at or (max(_paid(transactions), default=None) if order.payment in PAID else None),
        authorized_at=max(authorized, default=None),
        refunded=sum(_refunded(one) for one in transactions),
        refunded_at=max(refunds, default=None),
    )


def _paid(transactions: Node) -> Iterator[datetime]:
    """When each payment was complete: at its last change, until a refund moves that as well.

    Of a refunded one only the beginning is left. That is right for a purchase and too early for a capture,
    by the time between the authorisation and it; the refund's time would be too late by days.
    """
    for one in transactions:
        if _is_complete(one, COMPLETING):
            yield _time(one, "created_at" if _was_refunded(one) else "updated_at")


def _was_refunded(one: Node) -> bool:
    return _type(one) == "refund" or _refunded(one) > 0


def _refunded(one: Node) -> int:
    """Cumulative. Transactions from before there were partial refunds have only their type to tell."""
    if one["refunded_amount"]:
        return max(0, one["refunded_amount"].amount())
    return one["amount"].amount() if _is_complete(one, frozenset({"refund"})) else 0


def _is_complete(one: Node, types: frozenset[str]) -> bool:
    return one["status"].text() == "complete" and _type(one) in types


def _type(one: Node) -> str:
    return one["transaction_type"].text() or one["transaction-type"].text()


def _time(one: Node, name: str) -> datetime:
    return one["meta"]["timestamps"][name].moment()
