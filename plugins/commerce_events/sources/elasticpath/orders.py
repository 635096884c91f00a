"""An order document and its items, translated into our words once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from commerce_events.domain.records import Line, LineKind, Order, Record
from commerce_events.domain.written import Written
from commerce_events.sources.elasticpath.buyers import address, buyer, is_anonymised
from commerce_events.sources.elasticpath.consent import consent
from commerce_events.sources.elasticpath.documents import digest, is_test, kept
from commerce_events.sources.elasticpath.lines import coupons, order_lines
from commerce_events.sources.elasticpath.nodes import Node, parse_moment
from commerce_events.sources.elasticpath.watched import watched
from commerce_events.sources.source import Rules

# The exponent of a currency code; raises BadRecordError for an unknown one.
Exponents = Callable[[Node], int]


def order_record(data: dict[str, Any], items: list[Any], rules: Rules, exponent_of: Exponents) -> Record:
    """What the list shows of an order. Raises BadRecordError naming what cannot be read, and where."""
    document, text = kept(data, items)
    order = Node(data, ("data",))
    times = order.at("meta", "timestamps")
    return Record(
        store=rules.store,
        stream="orders",
        id=order["id"].identifier(),
        created_at=times["created_at"].moment(),
        updated_at=times["updated_at"].moment(),
        subject=_order(order, Node(items, ("included", "items")), document, rules, exponent_of),
        digest=digest(document),
        document=document if text is None else Written(text),
    )


def _order(order: Node, items: Node, document: dict[str, Any], rules: Rules, exponent_of: Exponents) -> Order:
    shown = order.at("meta", "display_price")
    currency = shown.at("with_tax", "currency")
    lines = order_lines(items, rules)
    return Order(
        number=order["order_number"].text() or None,
        status=order["status"].state(),
        payment=order["payment"].state(),
        shipping=order["shipping"].state(),
        currency=currency.text().upper(),
        exponent=exponent_of(currency),
        total=shown.at("with_tax", "amount").amount(),
        tax=_tax(shown, lines),
        shipping_total=_shipping(shown, lines),
        discount=_discount(shown, lines),
        coupons=coupons(items),
        paid_at=fully_paid_at(order),
        authorized_at=None,
        refunded=None,
        refunded_at=None,
        anonymised=is_anonymised(order),
        test=is_test(order, rules.test_filter),
        buyer=buyer(order, rules),
        billing_address=address(order, "billing_address"),
        shipping_address=address(order, "shipping_address"),
        lines=lines,
        watched=watched(document, lines),
        consent=None if is_anonymised(order) else consent(order, rules),
    )


def fully_paid_at(order: Node) -> datetime | None:
    """Stores tell it since 2025, and only while the order is paid."""
    return parse_moment(order.at("meta", "timestamps", "fully_paid_at").value)


def _tax(shown: Node, lines: Sequence[Line]) -> int:
    """The store's tax, and tax that the shop adds as a line: to the store such a line is goods."""
    own = shown.amount_at("tax", "amount")
    if own is None and (untaxed := shown.amount_at("without_tax", "amount")) is not None:  # old orders
        own = shown.at("with_tax", "amount").amount() - untaxed
    return (own or 0) + _sum(lines, LineKind.TAX)


def _shipping(shown: Node, lines: Sequence[Line]) -> int:
    """Shipping comes as custom items, or with shipping groups as a price of the order's own."""
    own = shown.amount_at("shipping", "amount") or 0
    return own - abs(shown.amount_at("shipping_discount", "amount") or 0) + _sum(lines, LineKind.SHIPPING)


def _discount(shown: Node, lines: Sequence[Line]) -> int:
    """The store prints it negative. Old orders do not print it: there the product lines tell."""
    discount = shown.amount_at("discount", "amount")
    if discount is not None:
        return abs(discount)
    return sum(line.discount for line in lines if line.kind is LineKind.PRODUCT)


def _sum(lines: Sequence[Line], kind: LineKind) -> int:
    return sum(line.value for line in lines if line.kind is kind)
