"""Records for template tests: small, and every value can be given."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from commerce_events.domain.facts import Fact, Kind, Refund
from commerce_events.domain.identity import Identity
from commerce_events.domain.records import Buyer, Customer, Line, LineKind, Order, Profile, Record

WHEN = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
SOMEBODY = Identity(user_id="customer-1")
OF_CUSTOMERS = (Kind.CUSTOMER_CREATED, Kind.CUSTOMER_UPDATED)
OF_ORDERS = tuple(kind for kind in Kind if kind not in OF_CUSTOMERS)


def line(**given: Any) -> Line:
    values: dict[str, Any] = {
        "id": "line-1",
        "kind": LineKind.PRODUCT,
        "product_id": "product-1",
        "sku": "SKU-1",
        "name": "Lamp",
        "quantity": 2,
        "price": Decimal(999),
        "list_price": Decimal(1099),
        "value": 1998,
        "tax": 380,
        "discount": 200,
    }
    return Line(**{**values, **given})


def order(**given: Any) -> Order:
    values: dict[str, Any] = {
        "number": "1001",
        "status": "complete",
        "payment": "paid",
        "shipping": "unfulfilled",
        "currency": "EUR",
        "exponent": 2,
        "total": 2878,
        "tax": 380,
        "shipping_total": 500,
        "discount": 200,
        "coupons": ("SPRING",),
        "paid_at": WHEN,
        "authorized_at": None,
        "refunded": None,
        "refunded_at": None,
        "anonymised": False,
        "test": False,
        "buyer": Buyer(customer_id="customer-1", name="Jane Q Doe", email="jane@example.com", phone="+1555"),
        "billing_address": {},
        "shipping_address": {},
        "lines": (line(),),
        "watched": {},
    }
    return Order(**{**values, **given})


def record(**given: Any) -> Record:
    """An order of the store "shop" as Elastic Path documents it; `items` are the document's."""
    items = given.pop("items", [item("SKU-1", 999)])
    data = {
        "id": "order-1",
        "type": "order",
        "customer": {"name": "Jane Q Doe", "email": "jane@example.com"},
        **given.pop("data", {}),
    }
    return Record(
        store="shop",
        stream="orders",
        id="order-1",
        created_at=WHEN,
        updated_at=WHEN,
        digest=b"d",
        subject=order(**given),
        document={"data": data, "included": {"items": items}},
    )


def item(sku: str, unit: int, **given: Any) -> dict[str, Any]:
    price = {"unit": {"amount": unit, "currency": "EUR"}, "value": {"amount": unit, "currency": "EUR"}}
    values = {"id": f"item-{sku}", "type": "order_item", "product_id": "p", "sku": sku, "name": f"Name {sku}"}
    return {**values, "quantity": 1, "meta": {"display_price": {"with_tax": price}}, **given}


def fact(kind: Kind = Kind.ORDER_COMPLETED, refund: Refund | None = None) -> Fact:
    completed = Fact(store="shop", stream="orders", record_id="order-1", kind=kind, occurred_at=WHEN)
    return replace(completed, refund=refund)


def customer(**given: Any) -> Customer:
    """A customer whose watched traits follow its fields, with the name cut as the source cuts it."""
    first, _, last = (given.get("name", "Jane Q Doe") or "").partition(" ")
    values: dict[str, Any] = {
        "name": "Jane Q Doe",
        "first_name": first or None,
        "last_name": last or None,
        "email": "jane@example.com",
        "phone": None,
        "anonymous_id": None,
        "custom": {},
        "anonymised": False,
        "test": False,
    }
    external_ref = given.pop("external_ref", None)
    values.update(given)
    plain = {name: values[name] for name in ("name", "first_name", "last_name", "email", "phone")}
    own = {f"custom.{name}": value for name, value in values["custom"].items()}
    return Customer(**{"watched": {**plain, "external_ref": external_ref, **own}, **values})


def customer_record(data: dict[str, Any] | None = None, **given: Any) -> Record:
    """A customer of the store "shop" as Elastic Path documents it."""
    whole = customer(**given)
    document = {"id": "customer-1", "type": "customer", "name": whole.name, "email": whole.email}
    return replace(
        record(),
        stream="customers",
        id="customer-1",
        subject=whole,
        document={"data": {**document, **(data or {})}},
    )


def profile_record(**traits: Any) -> Record:
    return replace(record(), stream="people", id="customer-1", subject=Profile(traits), document={"data": {}})


def customer_fact(kind: Kind = Kind.CUSTOMER_CREATED, *changed: str) -> Fact:
    return replace(fact(kind), stream="customers", record_id="customer-1", changed=changed)


def pair(kind: Kind) -> tuple[Fact, Record]:
    """A fact of that kind, and a record it may be about."""
    if kind in OF_CUSTOMERS:
        return customer_fact(kind, "name"), customer_record()
    return fact(kind, Refund(1, 1) if kind is Kind.ORDER_REFUNDED else None), record()
