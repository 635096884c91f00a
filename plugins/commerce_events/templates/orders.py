"""An order for the key `commerce`: `order`, `lines`, `customer`, `money`, and `refund` where one is told.

Amounts are JSON numbers in major units; `minor` holds the same in whole minor units.
"""

from typing import Any

from commerce_events.domain.facts import Fact, Refund
from commerce_events.domain.moments import rfc3339
from commerce_events.domain.money import number
from commerce_events.domain.records import Line, Order, Record
from commerce_events.templates.buyer import customer
from commerce_events.templates.wording import known


def order_parts(fact: Fact, record: Record, first_order: bool | None) -> dict[str, Any]:
    """`first_order`: whether its buyer never bought before, where that is known."""
    parts = record.once(_parts)
    if first_order is not None:
        parts = {**parts, "order": {**parts["order"], "is_first_order": first_order}}
    return parts if fact.refund is None else {**parts, "refund": _refund(fact.refund, record.order)}


def _parts(record: Record) -> dict[str, Any]:
    """What all facts of an order have in common."""
    order = record.order
    return {
        "order": _order(record),
        "lines": [_line(line, order.exponent) for line in order.lines],
        "customer": customer(order),
        "money": _money(order),
    }


def _order(record: Record) -> dict[str, Any]:
    order = record.order
    return known(
        {
            "id": record.id,
            "number": order.number,
            "status": order.status,
            "payment": order.payment,
            "shipping": order.shipping,
            "created_at": rfc3339(record.created_at),
            "updated_at": rfc3339(record.updated_at),
            "paid_at": order.paid_at and rfc3339(order.paid_at),
            "coupon": ",".join(order.coupons),  # receivers know one string
            "coupons": list(order.coupons),
            "anonymised": order.anonymised,
            "test": order.test,
        }
    )


def _line(line: Line, exponent: int) -> dict[str, Any]:
    return known(
        {
            "kind": str(line.kind),
            "id": line.id,
            "product_id": line.product_id,
            "sku": line.sku,
            "name": line.name,
            "quantity": line.quantity,
            "price": number(line.price, exponent),
            "list_price": number(line.list_price, exponent),
            "value": number(line.value, exponent),
            "tax": number(line.tax, exponent),
            "discount": number(line.discount, exponent),
        }
    )


def _money(order: Order) -> dict[str, Any]:
    minor = {
        "total": order.total,
        "revenue": order.revenue,
        "tax": order.tax,
        "shipping": order.shipping_total,
        "discount": order.discount,
    }
    if order.refunded is not None:
        minor["refunded"] = order.refunded
    major = {name: number(amount, order.exponent) for name, amount in minor.items()}
    return known({"currency": order.currency, "exponent": order.exponent, **major, "minor": minor})


def _refund(refund: Refund, order: Order) -> dict[str, Any]:
    """`full`: this one fact refunds the whole order, so that what was refunded is known line by line."""
    minor = {"amount": refund.amount, "total": refund.total}
    major = {name: number(amount, order.exponent) for name, amount in minor.items()}
    return {**major, "full": refund.amount >= order.total, "minor": minor}
