"""Orders and looks at them, for tests of the rules: small, whole, and easy to vary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from commerce_events.domain.records import Buyer, Line, LineKind, Order, Record
from commerce_events.domain.states import short_hash

START = datetime(2026, 1, 1, tzinfo=UTC)
CREATED = datetime(2026, 3, 1, 12, tzinfo=UTC)


def line(**changes: Any) -> Line:
    plain = Line(
        id="line-1",
        kind=LineKind.PRODUCT,
        product_id="product-1",
        sku="SKU-1",
        name="A thing",
        quantity=1,
        price=Decimal(1000),
        list_price=Decimal(1000),
        value=1000,
        tax=0,
        discount=0,
    )
    return replace(plain, **changes)


def order(**changes: Any) -> Order:
    """An unpaid order over 10.00 USD by a known customer; its watched groups follow its fields."""
    plain = Order(
        number=None,
        status="incomplete",
        payment="unpaid",
        shipping="unfulfilled",
        currency="USD",
        exponent=2,
        total=1000,
        tax=0,
        shipping_total=0,
        discount=0,
        coupons=(),
        paid_at=None,
        authorized_at=None,
        refunded=None,
        refunded_at=None,
        anonymised=False,
        test=False,
        buyer=Buyer(customer_id="customer-1", name="Ann Lee", email="ann@shop.example"),
        billing_address={},
        shipping_address={},
        lines=(line(),),
        watched={},
    )
    changed = replace(plain, **changes)
    watched = {
        "status": changed.status,
        "payment": changed.payment,
        "shipping": changed.shipping,
        "money": [changed.total, changed.tax],
        "addresses": dict(changed.shipping_address),
    }
    hashes = {group: short_hash(value) for group, value in watched.items()}
    return changed if "watched" in changes else replace(changed, watched=hashes)


def look(at: Order, *, hours: float = 0, record_id: str = "order-1", created: datetime = CREATED) -> Record:
    """The order as seen `hours` after it was created."""
    updated = created + timedelta(hours=hours)
    digest = blake2b(repr(at).encode(), digest_size=16).digest()
    return Record("main", "orders", record_id, created, updated, digest, at, {"data": {"id": record_id}})
