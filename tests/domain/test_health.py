"""Each fault that was put in is found with its count; nothing is found where nothing is wrong."""

from typing import Any

import pytest

from commerce_events.domain.currencies import CURRENCIES
from commerce_events.domain.facts import Kind
from commerce_events.domain.health import Examination, Fault, Message


def order(record: str = "order-1", number: str | None = None, **properties: Any) -> Message:
    product = {"product_id": "p", "sku": "S", "name": "A", "price": 1.0, "quantity": 1}
    good = {"order_id": record, "currency": "EUR", "revenue": 10.0, "products": [product]}
    told = {key: value for key, value in {**good, **properties}.items() if value is not None}
    body = {"type": "track", "event": "Order Completed", "userId": "ann", "properties": told}
    return Message("main", record, Kind.ORDER_COMPLETED, body, number)


def checkout(record: str = "order-1", **body: Any) -> Message:
    told = {"type": "track", "event": "Checkout Started", "userId": "ann", "properties": {}, **body}
    return Message("main", record, Kind.CHECKOUT_STARTED, told)


def identify(record: str = "ann", traits: dict[str, Any] | None = None, **ids: Any) -> Message:
    told = {"type": "identify", "traits": traits or {}, **(ids or {"userId": record})}
    return Message("main", record, Kind.CUSTOMER_CREATED, told)


def email(address: str) -> dict[str, Any]:
    return {"context": {"traits": {"email": address}}}


def found(*messages: Message) -> dict[Fault, int]:
    examination = Examination()
    for message in messages:
        examination.add(message)
    examination.finish()
    return dict(+examination.counts)


def test_good_messages_have_no_fault():
    known = identify("ann", {"email": "ann@shop.example"})

    assert found(known, checkout(**email("ann@shop.example")), order(number="1"), order("order-2", "2")) == {}


@pytest.mark.parametrize(
    ("messages", "fault", "count"),
    [
        ([checkout(), checkout("order-2")], Fault.CHECKOUT_WITHOUT_EMAIL, 2),
        ([order(currency=None)], Fault.PURCHASE_WITHOUT_CURRENCY, 1),
        ([order(currency=""), order("order-2", currency=None)], Fault.PURCHASE_WITHOUT_CURRENCY, 2),
        ([order(currency="EURO"), order("order-2", currency="XYZ")], Fault.UNKNOWN_CURRENCY, 2),
        ([order(revenue=0)], Fault.ZERO_REVENUE, 1),
        ([order(revenue=-0.01)], Fault.NEGATIVE_REVENUE, 1),
        ([order(products=[{"sku": "S"}, {"product_id": "p"}])], Fault.MISSING_SKU, 1),
        ([order("a", order_id="same"), order("b", order_id="same")], Fault.DUPLICATE_ORDER_ID, 1),
        ([order("a", "7"), order("b", "7"), order("c", "7")], Fault.DUPLICATE_ORDER_ID, 1),
    ],
)
def test_a_fault_is_counted(messages, fault, count):
    assert found(*messages) == {fault: count}


def test_one_order_told_twice_is_no_duplicate():
    assert found(order("a", "7"), order("a", "7")) == {}


ADDRESS = "ann@shop.example"


@pytest.mark.parametrize(
    ("ids", "count"),
    [
        ({"userId": "ann"}, 0),
        ({"userId": "someone-else"}, 0),
        ({"userId": ADDRESS}, 1),
        ({"anonymousId": "browser"}, 1),
        ({"userId": "ann", "anonymousId": "browser"}, 0),
    ],
)
def test_a_track_under_another_form_of_id_than_the_identify(ids, count):
    told = {
        key: value for key, value in checkout(**email(" Ann@Shop.example")).body.items() if key != "userId"
    }
    track = Message("main", "order-1", Kind.CHECKOUT_STARTED, {**told, **ids})

    messages = (track, identify("ann", {"email": ADDRESS}))

    assert found(*messages).get(Fault.OTHER_ID_FORM, 0) == count


def test_a_browser_that_was_joined_is_no_other_form():
    track = Message(
        "main", "o", Kind.CHECKOUT_STARTED, {"anonymousId": "b", "properties": {}, **email(ADDRESS)}
    )
    joined = identify("ann", userId="ann", anonymousId="b")

    assert found(identify("ann", {"email": ADDRESS}), track, joined) == {}


def test_two_users_with_one_address_or_phone_number_are_one_finding_each():
    traits = {"email": ADDRESS, "phone": "1"}
    shared = [identify("ann", traits), identify("ann-2", traits), identify("bob", {"phone": "2"})]
    others = [identify("eve", {"phone": "2"}), identify("joe", {"email": "joe@shop.example"})]

    assert found(*shared, *others) == {Fault.DUPLICATE_PROFILE: 2}


def test_currencies_are_three_capitals():
    assert len(CURRENCIES) > 150
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
