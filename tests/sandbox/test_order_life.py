"""Moving an order through its life: everything that follows from a step follows."""

from datetime import UTC, datetime
from random import Random

import pytest

from commerce_events.sandbox.activity import move_on
from commerce_events.sandbox.clock import stamp
from commerce_events.sandbox.lines import Line
from commerce_events.sandbox.orderbook import OrderBook

KETTLE = Line("Kettle", "SKU-1", 1_000, quantity=2, product_id="p1", rate=1_000)


@pytest.fixture
def orders():
    return OrderBook(seed=1, orders=0, now=datetime(2026, 3, 1, tzinfo=UTC))


def state(orders, order_id):
    order = orders.order(order_id)
    return order["status"], order["payment"], order["shipping"]


def test_an_order_goes_from_checkout_to_fulfilled(orders):
    order = orders.place_order(lines=(KETTLE,), shipping=500, currency="USD")
    seen = [state(orders, order)]
    for step in (orders.authorise, orders.capture, orders.fulfil):
        step(order)
        seen.append(state(orders, order))

    assert seen == [
        ("incomplete", "unpaid", "unfulfilled"),
        ("processing", "authorized", "unfulfilled"),
        ("complete", "paid", "unfulfilled"),
        ("complete", "paid", "fulfilled"),
    ]
    assert orders.order(order)["meta"]["display_price"]["with_tax"]["amount"] == 2_700


def test_every_step_moves_updated_at_to_the_stores_clock(orders):
    order = orders.place_order(buyer="guest", lines=(KETTLE,))
    for step in (orders.pay, orders.fulfil, orders.refund, orders.anonymise):
        orders.advance(60)
        step(order)

        updated = orders.order(order)["meta"]["timestamps"]["updated_at"]
        assert orders.entry(order).updated == int(orders.clock.timestamp())
        assert updated == stamp(orders.clock) or not updated.endswith("Z")


def test_a_capture_changes_the_transaction_in_place(orders):
    order = orders.place_order(lines=(KETTLE,))
    orders.authorise(order)
    [before] = orders.transactions(order)
    orders.advance(60)
    orders.capture(order)

    [after] = orders.transactions(order)
    assert (before["id"], before["transaction_type"]) == (after["id"], "authorize")
    assert after["transaction_type"] == "capture"
    assert after["meta"]["timestamps"]["updated_at"] > before["meta"]["timestamps"]["updated_at"]


def test_partial_refunds_add_up_until_the_order_is_refunded(orders):
    order = orders.place_order(lines=(KETTLE,))
    orders.pay(order)
    paid = orders.order(order)["meta"]["timestamps"]

    orders.refund(order, 700)
    partly = state(orders, order), orders.transactions(order)[0]["refunded_amount"]
    orders.refund(order, 1_500)

    assert "fully_paid_at" in paid
    assert partly == (("complete", "paid", "unfulfilled"), 700)
    assert state(orders, order) == ("complete", "refunded", "unfulfilled")
    assert orders.transactions(order)[0]["refunded_amount"] == 2_200
    assert "fully_paid_at" not in orders.order(order)["meta"]["timestamps"]


def test_a_refund_of_a_split_payment_reaches_over_its_transactions(orders):
    order = orders.place_order(lines=(KETTLE,))
    orders.pay(order, 1_000)
    half_way = state(orders, order)
    orders.pay(order)
    orders.refund(order, 1_300)

    assert half_way == ("incomplete", "partially_paid", "unfulfilled")
    assert [one["refunded_amount"] for one in orders.transactions(order)] == [1_000, 300]


def test_cancelling_keeps_the_payment_and_can_be_undone(orders):
    order = orders.place_order(lines=(KETTLE,))
    orders.pay(order)
    orders.cancel(order)
    cancelled = state(orders, order)
    orders.reopen(order)

    assert cancelled == ("cancelled", "paid", "unfulfilled")
    assert state(orders, order) == ("complete", "paid", "unfulfilled")


def test_an_edit_merges_objects_and_replaces_the_rest(orders):
    order = orders.place_order(web_order_id="W-1")
    before = orders.order(order)["shipping_address"]
    orders.edit(order, shipping_address={"city": "Oslo"}, order_number="17")

    after = orders.order(order)
    assert after["shipping_address"] == {**before, "city": "Oslo"}
    assert (after["order_number"], after["web_order_id"]) == ("17", "W-1")


@pytest.mark.parametrize(
    "steps",
    [
        ("fulfil",),
        ("refund",),
        ("anonymise",),
        ("pay", "pay"),
        ("pay", "authorise"),
        ("pay", "fulfil", "cancel"),
        ("pay", "refund", "refund"),
        ("authorise", "refund"),
    ],
)
def test_what_the_store_would_refuse_raises(orders, steps):
    order = orders.place_order(lines=(KETTLE,))
    for step in steps[:-1]:
        getattr(orders, step)(order)
    before = orders.order(order)

    with pytest.raises(ValueError, match=r"\w"):
        getattr(orders, steps[-1])(order)
    assert orders.order(order) == before


def test_more_than_was_paid_cannot_be_refunded(orders):
    order = orders.place_order(lines=(KETTLE,))
    orders.pay(order)

    with pytest.raises(ValueError, match="between 1 and 2200"):
        orders.refund(order, 2_201)


@pytest.mark.parametrize("buyer", ["guest", "customer", "account"])
def test_a_buyer_can_be_chosen(orders, buyer):
    order = orders.order(orders.place_order(buyer=buyer))

    assert {
        "guest": set(),
        "customer": {"customer"},
        "account": {"account", "account_member"},
    }[buyer] == set(order["relationships"]) - {"items"}


def test_a_store_at_work_takes_every_kind_of_step(orders):
    taken = move_on(orders, Random(3), 1_500)

    assert taken.keys() >= {
        "place",
        "pay",
        "authorise",
        "fulfil",
        "refund",
        "refund_part",
        "cancel",
        "reopen",
        "edit",
    }
    assert taken["none"] < 50
