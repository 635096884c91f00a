"""Every seeded order adds up, whatever the seed; and every state an order can be in is there."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from commerce_events.sandbox.life import STATUS
from commerce_events.sandbox.orderbook import OrderBook
from commerce_events.sandbox.payments import SECRET

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVERY_STATE = {
    ("incomplete", "unpaid", "unfulfilled"),
    ("incomplete", "partially_authorized", "unfulfilled"),
    ("incomplete", "partially_paid", "unfulfilled"),
    ("processing", "authorized", "unfulfilled"),
    ("complete", "paid", "unfulfilled"),
    ("complete", "paid", "fulfilled"),
    ("complete", "refunded", "unfulfilled"),
    ("complete", "refunded", "fulfilled"),
    ("cancelled", "unpaid", "unfulfilled"),
    ("cancelled", "partially_authorized", "unfulfilled"),
    ("cancelled", "partially_paid", "unfulfilled"),
    ("cancelled", "authorized", "unfulfilled"),
    ("cancelled", "paid", "unfulfilled"),
    ("cancelled", "refunded", "unfulfilled"),
}


def book(seed, orders=66):
    return OrderBook(seed=seed, orders=orders, now=NOW)


def amounts(display):
    return {name: one["amount"] for name, one in display.items()}


def line_amounts(item):
    display = item["meta"]["display_price"]
    return {name: one["value"]["amount"] for name, one in display.items() if name != "discounts"}


def check_lines(order, items):
    """The order is its product lines and its shipping; promotion lines are already inside."""
    total, lines = amounts(order["meta"]["display_price"]), [line_amounts(one) for one in items]
    products = [line for line in lines if line["with_tax"] >= 0]
    promotions = [line for line in lines if line["with_tax"] < 0]
    whole = sum(line["with_tax"] for line in products)
    # An old order does not say what its shipping group cost.
    assert (
        whole + total["shipping"] == total["with_tax"] if "shipping" in total else whole <= total["with_tax"]
    )
    assert total["without_tax"] + total["tax"] == total["with_tax"] >= 0
    assert sum(line["tax"] for line in products) == total["tax"] >= 0
    if "discount" in total:
        assert sum(line["discount"] for line in products) == total["discount"] <= 0
        assert total["discount"] <= sum(line["with_tax"] for line in promotions)


def check_line(item):
    line = line_amounts(item)
    assert item["value"]["amount"] == item["unit_price"]["amount"] * item["quantity"]
    assert line["with_tax"] - line["tax"] == line["without_tax"]
    net = item["value"]["amount"] + line["discount"]
    assert net == (line["with_tax"] if item["unit_price"]["includes_tax"] else line["without_tax"])
    for name, one in item["meta"]["display_price"].items():
        if name != "discounts":
            drift = abs(one["unit"]["amount"] * item["quantity"] - one["value"]["amount"])
            assert 2 * drift <= item["quantity"]


def check_payments(order, transactions):
    total = amounts(order["meta"]["display_price"])
    done = [one for one in transactions if one["status"] == "complete"]
    paid = sum(one["amount"] for one in done if one["transaction_type"] != "authorize")
    authorised = sum(one["amount"] for one in done if one["transaction_type"] == "authorize")
    refunded = sum(one.get("refunded_amount", 0) for one in done)
    assert all(0 <= one.get("refunded_amount", 0) <= one["amount"] for one in done)
    assert all((one.get("refunded_amount", 0) > 0) == (one["transaction_type"] == "refund") for one in done)
    if "paid" in total:
        assert (total["paid"], total["authorized"]) == (paid, authorised)
        assert total["balance_owing"] == total["with_tax"] - paid - authorised >= 0
    expected = {
        "unpaid": paid == authorised == 0,
        "partially_authorized": 0 < authorised < total["with_tax"] and not paid,
        "partially_paid": 0 < paid < total["with_tax"],
        "authorized": authorised > 0 and paid + authorised == total["with_tax"],
        "paid": paid == total["with_tax"] and (refunded < paid or not paid),
        "refunded": refunded == paid == total["with_tax"] > 0,
    }
    assert expected[order["payment"]]


def check_times(order, transactions):
    times = {name: datetime.fromisoformat(at) for name, at in order["meta"]["timestamps"].items()}
    assert times["created_at"] <= times["updated_at"] <= NOW
    assert "fully_paid_at" not in times or order["payment"] == "paid"
    for one in transactions:
        stamps = one["meta"]["timestamps"]
        created, updated = map(datetime.fromisoformat, (stamps["created_at"], stamps["updated_at"]))
        assert times["created_at"] <= created <= updated <= times["updated_at"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_every_seeded_order_adds_up(seed):
    orders = book(seed)

    for order in orders.orders():
        items, transactions = orders.items(order["id"]), orders.transactions(order["id"])
        check_lines(order, items)
        for item in items:
            check_line(item)
        check_payments(order, transactions)
        check_times(order, transactions)
        assert order["status"] in ("cancelled", STATUS[order["payment"]])
        assert [one["id"] for one in items] == [
            one["id"] for one in order["relationships"]["items"]["data"] if one["type"] == "item"
        ]
        currencies = {one["currency"] for one in order["meta"]["display_price"].values()} - {""}
        assert currencies | {one["currency"] for one in transactions} == currencies
        assert len(currencies) == 1


def test_every_state_an_order_can_be_in_is_there():
    seen = {(one["status"], one["payment"], one["shipping"]) for one in book(3, 200).orders()}

    assert seen == EVERY_STATE


def test_the_same_seed_gives_the_same_store():
    first, second = book(7), book(7)

    assert first.orders() == second.orders()
    assert first.place_order() == second.place_order()
    assert book(8).order_ids() != first.order_ids()


def test_each_trap_of_the_documents_is_in_the_data():
    orders = book(5, 600)
    documents = orders.orders()
    items = [item for order in documents for item in orders.items(order["id"])]
    transactions = [one for order in documents for one in orders.transactions(order["id"])]

    def some(rows, holds):
        found = sum(1 for row in rows if holds(row))
        return 0 < found < len(rows)

    assert some(items, lambda one: one["type"] == "promotion_item")
    assert some(items, lambda one: one["type"] == "order_item" and one["unit_price"]["amount"] < 0)
    assert some(items, lambda one: one["sku"].startswith("__shipping_") and one["product_id"] == "")
    assert some(items, lambda one: one["unit_price"]["includes_tax"])
    assert some(items, lambda one: line_amounts(one)["with_tax"] == 0)
    assert some(items, lambda one: len(one["name"]) > 200)
    assert some(items, lambda one: not one["name"].isascii())
    assert some(documents, lambda one: one["meta"]["display_price"]["with_tax"]["amount"] == 0)
    assert some(documents, lambda one: "discount" not in one["meta"]["display_price"])
    assert some(documents, lambda one: one["meta"]["display_price"].get("shipping", {}).get("amount"))
    assert some(documents, lambda one: "fully_paid_at" in one["meta"]["timestamps"])
    assert some(documents, lambda one: not one["meta"]["timestamps"]["updated_at"].endswith("Z"))
    assert some(documents, lambda one: "contact" in one and "customer" not in one)
    assert some(documents, lambda one: "contact" in one and "customer" in one)
    assert some(documents, lambda one: one.get("customer", {}).get("id"))
    assert some(documents, lambda one: "customer" in one["relationships"])
    assert some(documents, lambda one: not set(one["relationships"]) - {"items"})
    assert some(documents, lambda one: "session_id" in one.get("custom_attributes", {}))
    assert some(documents, lambda one: one["web_order_id"] == "**")
    assert some(documents, lambda one: one["shipping_address"]["line_2"] == "")
    assert {
        one["relationships"]["account_member"]["data"]["type"]
        for one in documents
        if "account_member" in one["relationships"]
    } == {"account-member", "account_member"}
    assert {one["meta"]["display_price"]["with_tax"]["currency"] for one in documents} == {
        "USD",
        "EUR",
        "JPY",
        "KWD",
    }
    assert some(transactions, lambda one: one["status"] == "failed")
    assert some(transactions, lambda one: one.get("payment_intent", {}).get("client_secret") == SECRET)
    assert some(transactions, lambda one: "transaction-type" in one)
    assert some(transactions, lambda one: 0 < one.get("refunded_amount", 0) < one["amount"])
    assert some(documents, lambda one: len(orders.transactions(one["id"])) > 1)


def test_an_anonymised_order_holds_nothing_personal():
    orders = book(5, 600)

    hidden = [one for one in orders.orders() if one["anonymized"]]

    assert hidden
    for order in hidden:
        text = str({name: value for name, value in order.items() if name not in ("meta", "id")})
        assert "example.com" not in text
        assert set(order["shipping_address"].values()) == {"**"}
        assert {one["value"] for one in order.get("custom_attributes", {}).values()} <= {"**"}


def test_several_orders_share_a_second():
    created = [one["meta"]["timestamps"]["created_at"] for one in book(5, 300).orders()]

    assert len(set(created)) < len(created) - 50
