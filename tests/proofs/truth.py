"""What must have been told of a store's orders as they stand: worked out with nothing of the product's.

Only what follows from the documents and transactions themselves. Order Updated and a cancellation that was
taken back leave no trace there; of them no more is asked than that they did happen.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from commerce_events.sandbox.store import ElasticPathStandIn

PAID = ("paid", "refunded")
EXPONENTS = {"JPY": 0, "KWD": 3}


@dataclass(frozen=True)
class Truth:
    """One order as it stands: `refunded` in minor units."""

    started: bool
    completed: bool
    cancelled: bool
    refunded: int
    total: int
    currency: str


def truth(shop: ElasticPathStandIn) -> dict[str, Truth]:
    return {document["id"]: _of(document, shop.transactions(document["id"])) for document in shop.orders()}


def _of(document: dict[str, Any], transactions: list[dict[str, Any]]) -> Truth:
    shown = document["meta"]["display_price"]["with_tax"]
    refunded = sum(one.get("refunded_amount", 0) for one in transactions)
    if document["payment"] == "refunded" and not refunded:
        refunded = shown["amount"]
    return Truth(
        started=True,
        completed=document["payment"] in PAID,
        cancelled=document["status"] == "cancelled",
        refunded=refunded,
        total=shown["amount"],
        currency=shown["currency"],
    )


def sold(orders: dict[str, Truth]) -> Counter[str]:
    """What paid orders come to, in minor units by currency."""
    sums: Counter[str] = Counter()
    for one in orders.values():
        if one.completed:
            sums[one.currency] += one.total
    return sums


def announced(messages: list[dict[str, Any]]) -> Counter[str]:
    """What Segment was told of as completed, in minor units by currency."""
    sums: Counter[str] = Counter()
    for message in messages:
        told = message["properties"]
        sums[told["currency"]] += round(told["total"] * 10 ** EXPONENTS.get(told["currency"], 2))
    return sums


def refunded(messages: list[dict[str, Any]]) -> Counter[str]:
    """What Segment was told was given back, in minor units by order."""
    sums: Counter[str] = Counter()
    for message in messages:
        told = message["properties"]
        sums[told["order_id"]] += round(told["total"] * 10 ** EXPONENTS.get(told["currency"], 2))
    return sums
