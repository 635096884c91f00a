"""What the tests of the Elastic Path source share: a time, rules, a clock, and small records to vary."""

from datetime import UTC, datetime, timedelta
from typing import Any

from commerce_events.sources.source import Rules

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=3650)
RULES = Rules("main", ("__shipping_*", "STANDARD-DELIVERY"), ("tax_amount",), "custom_attributes.session_id")

Json = dict[str, Any]


class Wall:
    """A clock that only sleeping moves: what was waited, in no time."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def money(amount: object, currency: str = "USD") -> Json:
    return {"amount": amount, "currency": currency, "formatted": "not to be read"}


def order_document(**changes: Any) -> Json:
    """An unpaid order of a guest over 110.00 USD, 10.00 of it tax."""
    return {
        "type": "order",
        "id": "order-1",
        "status": "incomplete",
        "payment": "unpaid",
        "shipping": "unfulfilled",
        "anonymized": False,
        "customer": {"name": "Ada Okafor", "email": "ada@example.com"},
        "shipping_address": {
            "first_name": "Ada",
            "line_1": "1 High Street",
            "line_2": "",
            "phone_number": "555",
        },
        "billing_address": {"first_name": "Ada", "line_1": "1 High Street"},
        "links": {},
        "meta": {
            "display_price": prices(with_tax=11_000, without_tax=10_000, tax=1_000, discount=0, shipping=0),
            "timestamps": {"created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T11:00:00Z"},
        },
        "relationships": {"items": {"data": [{"type": "item", "id": "item-1"}]}},
        **changes,
    }


def customer_document(**changes: Any) -> Json:
    return {
        "type": "customer",
        "id": "customer-1",
        "name": "Ada Okafor",
        "email": "ada@example.com",
        "password": True,
        "loyalty_tier": "gold",
        "meta": {"timestamps": {"created_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T11:00:00Z"}},
        **changes,
    }


def member_document(**changes: Any) -> Json:
    return {
        "type": "account_member",
        "id": "member-1",
        "name": "Ada Okafor",
        "given_name": None,
        "middle_name": None,
        "family_name": None,
        "email": "ada@example.com",
        "links": {"self": "https://store.example/v2/account-members/member-1"},
        "meta": {
            "timestamps": {"created_at": "2026-03-01T10:00:00.125Z", "updated_at": "2026-03-01T11:00:00.250Z"}
        },
        **changes,
    }


def prices(currency: str = "USD", **amounts: object) -> Json:
    return {name: money(amount, currency) for name, amount in amounts.items()}


def order_item(value: object = 10_000, **changes: Any) -> Json:
    """One line, without discount; `value` is the whole line without tax."""
    return {
        "type": "order_item",
        "id": "item-1",
        "quantity": 1,
        "product_id": "product-1",
        "name": "Kettle",
        "sku": "KETTLE",
        "unit_price": {"amount": value, "currency": "USD", "includes_tax": False},
        "value": {"amount": value, "currency": "USD", "includes_tax": False},
        "meta": {"display_price": {"without_tax": {"unit": money(value), "value": money(value)}}},
        **changes,
    }


def with_prices(currency: str = "USD", **amounts: object) -> Json:
    order = order_document()
    return {**order, "meta": {**order["meta"], "display_price": prices(currency, **amounts)}}


def shown(value: object, unit: object | None = None, **more: Json) -> Json:
    """An item's `meta`."""
    without = {"unit": money(value if unit is None else unit), "value": money(value)}
    return {"display_price": {"without_tax": without, **more}}
