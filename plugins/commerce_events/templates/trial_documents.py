"""Documents for trials of an engine: orders and people of many kinds, as a template may meet them.

Each holds the webhook's body, its payload and the record inside at once, so that it serves a template
whatever root it is written for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from commerce_events.domain.facts import Fact, Kind, Refund
from commerce_events.domain.identity import Identity
from commerce_events.domain.records import Buyer, Customer, Line, LineKind, Order, Profile, Record
from commerce_events.templates.view import template_input, with_resources

WHEN = datetime(2026, 2, 28, 23, 59, 59, 125_000, tzinfo=UTC)
# What is hard in a text: letters that change their number, spaces that are none, signs of two halves,
# numbers that are not.
TEXTS = (
    "Jane Doe", "Zoë Straße", "\u0130stanbul\u00a0", ' \t"quoted" \\ \n', "\U0001f600 \u3053\u3093",
    "12.50", "5890840712243076", "a,b,,c", "2026-03-01T12:30:15Z", "null",
)  # fmt: skip
ADDRESS = {"line_1": TEXTS[1], "city": TEXTS[2], "postcode": "0123", "country": "DE", "county": ""}
SOMEBODY, GUEST = Identity(user_id="5890840712243076"), Identity(anonymous_id="a-1")


def trial_documents() -> Iterator[dict[str, Any]]:
    for place, (fact, record, known) in enumerate((*_of_orders(), *_of_people())):
        identity = GUEST if place % 2 else SOMEBODY
        whole = template_input(fact, record, identity, door="poll", root="webhook", **known)
        # As a template meets it: parsed JSON, sharing nothing.
        whole = {**record.document.get("data", {}), **record.document, **with_resources(whole)}
        yield orjson.loads(orjson.dumps(whole))


def _of_orders() -> Iterator[tuple[Fact, Record, Mapping[str, Any]]]:
    kinds = [kind for kind in Kind if not kind.startswith("customer")]
    for place, (lines, changes) in enumerate(_ORDERS):
        kind = kinds[place % len(kinds)]
        order = replace(_order(lines), **changes)
        refund = Refund(order.total if place % 2 else 1, order.total) if kind is Kind.ORDER_REFUNDED else None
        consent = {"marketing": True, "other-1": False} if place % 3 == 1 else None
        fact = Fact("main", "orders", f"order-{place}", kind, WHEN, refund=refund)
        known: dict[str, Any] = {"first_order": (None, True, False)[place % 3], "consent": consent}
        yield fact, _record("orders", f"order-{place}", order, _order_document(order, lines)), known


def _of_people() -> Iterator[tuple[Fact, Record, Mapping[str, Any]]]:
    for place, (subject, changed) in enumerate(_PEOPLE):
        kind = Kind.CUSTOMER_UPDATED if changed else Kind.CUSTOMER_CREATED
        fact = Fact("main", "customers", f"customer-{place}", kind, WHEN, changed=changed)
        data = {"id": f"customer-{place}", "type": "customer", "name": TEXTS[place % 5], "phone": None}
        known: dict[str, Any] = {
            "custom": ("tier", "points", "external_ref"),
            "consent": {} if place == 1 else None,
        }
        yield fact, _record("customers", f"customer-{place}", subject, {"data": data}), known


def _record(stream: str, name: str, subject: Order | Customer | Profile, document: dict[str, Any]) -> Record:
    return Record("main", stream, name, WHEN, WHEN, b"", subject, document)


def _line(place: int) -> Line:
    kind = (LineKind.PRODUCT, LineKind.PRODUCT, LineKind.PROMOTION, LineKind.SHIPPING)[place % 4]
    sign = -1 if kind is LineKind.PROMOTION else 1
    return Line(
        id=f"line-{place}",
        kind=kind,
        product_id="" if place % 5 == 4 else f"58908407122430{place:02}",
        sku="" if place % 7 == 6 else f"SKU-{place}",
        name=TEXTS[place % len(TEXTS)],
        quantity=1 + place * 3 % 5,
        price=sign * Decimal(1999 + 37 * place) / 3,
        list_price=Decimal(2500),
        value=sign * (1999 + 37 * place),
        tax=place * 19,
        discount=place % 3 * 100,
    )


def _order(lines: int) -> Order:
    own = tuple(_line(place) for place in range(lines))
    total, tax = sum(line.value for line in own) + 1_234, sum(line.tax for line in own)
    return Order(
        number="1001", status="complete", payment="paid", shipping="unfulfilled", currency="EUR", exponent=2,
        total=total, tax=tax, shipping_total=500, discount=5, coupons=("SPRING",), paid_at=WHEN,
        authorized_at=None, refunded=None, refunded_at=None, anonymised=False, test=False,
        buyer=Buyer("c-1", name=TEXTS[1], email="Zoe@Example.com", phone="+49 30 1"),
        billing_address=ADDRESS, shipping_address={}, lines=own, watched={},
    )  # fmt: skip


# How many lines, and what is unusual about the order.
_ORDERS: tuple[tuple[int, Mapping[str, Any]], ...] = (
    (2, {}),
    (1, {"buyer": Buyer(name="Cher", email="c@example.com")}),
    (0, {"total": 0, "coupons": (), "paid_at": None}),
    (12, {"refunded": 5, "refunded_at": WHEN}),
    (3, {"anonymised": True}),
    (2, {"currency": "JPY", "exponent": 0, "coupons": ("A", "B")}),
    (1, {"currency": "KWD", "exponent": 3, "discount": 0, "total": 123_456_789_012}),
    (5, {"billing_address": {}, "shipping_address": {"city": TEXTS[4]}, "number": None}),
    (2, {"buyer": Buyer(), "billing_address": {}}),
)

_CUSTOMER = Customer(
    name=TEXTS[1], first_name="Zoë", last_name="Straße", email="Zoe@Example.com", phone=None,
    anonymous_id=None, custom={"tier": "gold", "points": 12.5, "hidden": 1}, anonymised=False, test=False,
    watched={"name": TEXTS[1], "email": "Zoe@Example.com", "external_ref": "5890840712243076",
             "custom.tier": "gold", "custom.points": 12.5},
)  # fmt: skip

_PEOPLE: tuple[tuple[Customer | Profile, tuple[str, ...]], ...] = (
    (_CUSTOMER, ()),
    (replace(_CUSTOMER, anonymised=True), ()),
    (_CUSTOMER, ("name", "custom.points", "external_ref")),
    (replace(_CUSTOMER, name="Cher", first_name="Cher", last_name=None), ("name", "email", "custom.tier")),
    (Profile({"total_orders": 3, "total_spent": {"EUR": 12.5}, "address": dict(ADDRESS)}), ("total_orders",)),
)


def _amount(minor: int, currency: str) -> dict[str, Any]:
    return {"amount": minor, "currency": currency, "formatted": f"{minor / 100:.2f} \u20ac"}


def _order_document(order: Order, lines: int) -> dict[str, Any]:
    """The store's own shape of the same order; it writes null where it knows nothing."""
    price = {"with_tax": _amount(order.total, order.currency), "tax": _amount(order.tax, order.currency)}
    data = {
        "id": "0b7c5b1f-5a0e-4b0e-9b57-000000000001",
        "type": "order",
        "status": order.status,
        "payment": order.payment,
        "shipping": order.shipping,
        "external_ref": None,
        "anonymized": order.anonymised,
        "customer": {"name": order.buyer.name, "email": order.buyer.email},
        "billing_address": {**order.billing_address, "region": None},
        "shipping_address": {**order.shipping_address, "region": None},
        "meta": {"display_price": price, "timestamps": {"created_at": "2026-02-28T23:00:00Z"}},
        "relationships": {"items": {"data": [{"type": "item", "id": each.id} for each in order.lines]}},
        "tags": ["", "vip", None][: lines % 4],
    }
    items = [_item(each, order.currency) for each in order.lines]
    return {"data": data, "included": {"items": items}} if lines else {"data": data}


def _item(line: Line, currency: str) -> dict[str, Any]:
    unit, value = _amount(int(line.price), currency), _amount(line.value, currency)
    return {
        "id": line.id,
        "type": "order_item" if line.kind is LineKind.PRODUCT else "promotion_item",
        "product_id": line.product_id or None,
        "sku": line.sku,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": {**unit, "includes_tax": True},
        "value": {**value, "includes_tax": True},
        "meta": {"display_price": {"with_tax": {"unit": unit, "value": value}}},
        "discounts": [{"id": "d-1", "amount": {"amount": -line.discount}}] if line.discount else None,
    }
