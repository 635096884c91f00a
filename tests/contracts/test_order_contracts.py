"""The contracts of the order messages: what each one must hold, and what is said where it does not."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from commerce_events.contracts.contracts import Contracts
from commerce_events.contracts.violations import Violation

CONTRACTS = Contracts.load(Path(__file__).parents[2] / "include/contracts/segment")
ABSENT = object()
ORDERS = ["Checkout Started", "Order Completed", "Order Updated", "Order Refunded", "Order Cancelled"]


def message(event: str = "Order Completed", **properties: Any) -> dict[str, Any]:
    """A message that keeps every order contract, with properties set or (ABSENT) taken away."""
    product = {"product_id": "p1", "sku": "S1", "name": "Lamp", "price": 9.99, "quantity": 2}
    amounts = {"value": 28.78, "total": 28.78, "revenue": 19.98, "shipping": 5, "tax": 3.8, "discount": 0}
    held = {"order_id": "o1", "currency": "EUR", **amounts, "products": [product], **properties}
    return {
        "type": "track",
        "event": event,
        "messageId": "m1",
        "timestamp": "2026-03-01T12:30:15.250Z",
        "userId": "u1",
        "properties": {key: value for key, value in held.items() if value is not ABSENT},
    }


def product(**given: Any) -> dict[str, Any]:
    held = {"product_id": "p1", "price": 9.99, "quantity": 2, **given}
    return {key: value for key, value in held.items() if value is not ABSENT}


def broken(told: dict[str, Any]) -> tuple[str, str] | None:
    found = CONTRACTS.violation(told)
    return (found.reason, found.path) if found else None


@pytest.mark.parametrize("event", [*ORDERS, "Some Other Event"])
def test_a_good_message_keeps_its_contract(event: str) -> None:
    assert CONTRACTS.violation(message(event)) is None


@pytest.mark.parametrize(
    ("key", "value", "reason", "path"),
    [
        ("userId", ABSENT, "contract:anyOf", "$"),
        ("userId", "", "contract:pattern", "$.userId"),
        ("userId", " ", "contract:pattern", "$.userId"),
        ("userId", 42, "contract:type", "$.userId"),
        ("userId", None, "contract:type", "$.userId"),
        ("anonymousId", "", "contract:pattern", "$.anonymousId"),
        ("messageId", ABSENT, "contract:required", "$.messageId"),
        ("messageId", "m" * 101, "contract:maxLength", "$.messageId"),
        ("timestamp", ABSENT, "contract:required", "$.timestamp"),
        ("timestamp", "2026-03-01T12:00:00", "contract:pattern", "$.timestamp"),
        ("timestamp", 1772368215, "contract:type", "$.timestamp"),
        ("properties", ABSENT, "contract:required", "$.properties"),
        ("properties", [], "contract:type", "$.properties"),
        ("context", "x", "contract:type", "$.context"),
        ("context", {"traits": []}, "contract:type", "$.context.traits"),
        ("context", {"traits": {"email": 1}}, "contract:type", "$.context.traits.email"),
        ("integrations", [], "contract:type", "$.integrations"),
    ],
)
@pytest.mark.parametrize("event", [*ORDERS, "Some Other Event"])
def test_every_track_is_addressed_timed_and_identified(
    event: str, key: str, value: Any, reason: str, path: str
) -> None:
    told = {name: held for name, held in {**message(event), key: value}.items() if held is not ABSENT}

    assert broken(told) == (reason, path)


def test_an_anonymous_id_is_enough() -> None:
    told = {**message(), "anonymousId": "a"}
    del told["userId"]

    assert broken(told) is None


@pytest.mark.parametrize(
    ("properties", "reason", "path"),
    [
        ({"order_id": ABSENT}, "contract:required", "$.properties.order_id"),
        ({"order_id": 1001}, "contract:type", "$.properties.order_id"),
        ({"order_id": ""}, "contract:pattern", "$.properties.order_id"),
        ({"currency": ABSENT}, "contract:required", "$.properties.currency"),
        ({"currency": "eur"}, "contract:pattern", "$.properties.currency"),
        ({"currency": "EURO"}, "contract:maxLength", "$.properties.currency"),
        ({"currency": "EUR\n"}, "contract:maxLength", "$.properties.currency"),
        ({"currency": None}, "contract:type", "$.properties.currency"),
        ({"total": ABSENT}, "contract:required", "$.properties.total"),
        ({"total": "28.78"}, "contract:type", "$.properties.total"),
        ({"total": True}, "contract:type", "$.properties.total"),
        ({"total": float("nan")}, "contract:type", "$.properties.total"),
        ({"total": float("inf")}, "contract:type", "$.properties.total"),
        ({"coupon": ["A"]}, "contract:type", "$.properties.coupon"),
        ({"products": {}}, "contract:type", "$.properties.products"),
        (
            {"products": [product(product_id=ABSENT)]},
            "contract:required",
            "$.properties.products[0].product_id",
        ),
        ({"products": [product(product_id="")]}, "contract:pattern", "$.properties.products[0].product_id"),
        ({"products": [product(product_id=7)]}, "contract:type", "$.properties.products[0].product_id"),
        ({"products": [product(), product(price="9")]}, "contract:type", "$.properties.products[1].price"),
        ({"products": [product(price=False)]}, "contract:type", "$.properties.products[0].price"),
        ({"products": [product(price=ABSENT)]}, "contract:required", "$.properties.products[0].price"),
        ({"products": [product(quantity=1.5)]}, "contract:type", "$.properties.products[0].quantity"),
        ({"products": [product(quantity=True)]}, "contract:type", "$.properties.products[0].quantity"),
        ({"products": [product(quantity="2")]}, "contract:type", "$.properties.products[0].quantity"),
        ({"products": [product(quantity=0)]}, "contract:minimum", "$.properties.products[0].quantity"),
        ({"products": ["p1"]}, "contract:type", "$.properties.products[0]"),
    ],
)
@pytest.mark.parametrize("event", ORDERS)
def test_every_order_message_holds_an_order(
    event: str, properties: dict[str, Any], reason: str, path: str
) -> None:
    assert broken(message(event, **properties)) == (reason, path)


@pytest.mark.parametrize("event", ["Checkout Started", "Order Completed", "Order Updated", "Order Cancelled"])
@pytest.mark.parametrize("name", ["revenue", "products"])
def test_revenue_and_products_are_told_but_by_a_refund(event: str, name: str) -> None:
    assert broken(message(event, **{name: ABSENT})) == ("contract:required", f"$.properties.{name}")
    assert broken(message("Order Refunded", **{name: ABSENT})) is None


@pytest.mark.parametrize("event", ["Checkout Started", "Order Completed"])
def test_an_order_without_items_is_not_told(event: str) -> None:
    found = CONTRACTS.violation(message(event, products=[]))

    said = "an order without items is not told: at least one product is needed"
    assert found == Violation("contract:minItems", "$.properties.products", said)


@pytest.mark.parametrize("event", ["Order Updated", "Order Refunded", "Order Cancelled"])
def test_later_news_of_an_order_without_items_is_told(event: str) -> None:
    assert broken(message(event, products=[])) is None


def test_a_checkout_tells_its_value() -> None:
    assert broken(message("Checkout Started", value=ABSENT)) == ("contract:required", "$.properties.value")


@pytest.mark.parametrize("total", [0, -1])
def test_a_refund_gives_something_back(total: int) -> None:
    found = broken(message("Order Refunded", total=total))

    assert found == ("contract:exclusiveMinimum", "$.properties.total")


@pytest.mark.parametrize("event", ["order completed", "ORDER COMPLETED", "Order Completed "])
def test_an_event_that_is_misspelt_is_caught(event: str) -> None:
    assert broken(message(event)) == ("contract:const", "$.event")


@pytest.mark.parametrize("event", [None, 7, "", " ", ["Order Completed"]])
def test_an_event_has_a_name(event: Any) -> None:
    found = broken({**message(), "event": event})

    assert found is not None
    assert found[1] == "$.event"


@pytest.mark.parametrize("kind", [None, "", "purchase", 5, ["track"]])
def test_an_unknown_type_of_call_is_caught(kind: Any) -> None:
    assert broken({**message(), "type": kind}) == ("contract:type", "$.type")


def test_quantities_may_be_written_as_whole_decimals() -> None:
    assert broken(message(products=[product(quantity=2.0)])) is None


def test_the_violation_nearest_to_the_root_is_told_and_always_the_same() -> None:
    told = message(currency="eur", products=[product(price="x"), product(quantity=0)], revenue=ABSENT)
    turned = {**told, "properties": dict(reversed(told["properties"].items()))}

    assert broken(told) == broken(turned) == ("contract:pattern", "$.properties.currency")


def test_identify_needs_traits_and_a_person() -> None:
    told = {
        "type": "identify",
        "messageId": "m",
        "timestamp": "2026-03-01T12:00:00+02:00",
        "userId": "u",
        "traits": {"email": "jane@example.com"},
    }

    assert broken(told) is None
    assert broken({**told, "traits": None}) == ("contract:type", "$.traits")
    assert broken({key: value for key, value in told.items() if key != "userId"}) == ("contract:anyOf", "$")


SECRET = "jane@example.com"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told.update(userId=[SECRET]),
        lambda told: told.update(timestamp=SECRET),
        lambda told: told.update(messageId=SECRET * 10),
        lambda told: told["properties"].update(currency=SECRET),
        lambda told: told["properties"].update(total=SECRET),
        lambda told: told["properties"].update(products=SECRET),
        lambda told: told["properties"]["products"].append({SECRET: SECRET}),
        lambda told: told["properties"]["products"][0].update(quantity=SECRET),
        lambda told: told.update(event=[SECRET]),
        lambda told: told.update(type=SECRET),
        lambda told: told.update(context={"traits": SECRET}),
    ],
)
def test_a_violation_never_quotes_the_message(spoil: Callable[[dict[str, Any]], None]) -> None:
    told = deepcopy(message())
    spoil(told)

    found = CONTRACTS.violation(told)

    assert found is not None
    assert SECRET not in repr(found)


def test_a_message_is_left_as_it_was() -> None:
    told = message(products=[])
    before = deepcopy(told)

    CONTRACTS.violation(told)

    assert told == before
