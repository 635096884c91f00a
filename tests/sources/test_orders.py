"""An order document in our words: money, lines, people, times, and what is refused."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from elastic_path import RULES, Json, money, order_document, order_item, shown, with_prices
from hypothesis import given
from hypothesis import strategies as st

from commerce_events.domain.errors import BadRecordError
from commerce_events.domain.records import Buyer, LineKind, Record
from commerce_events.domain.written import Written
from commerce_events.sources.elasticpath.orders import order_record
from commerce_events.sources.source import Rules


def translated(order: Json, *items: Json, rules: Rules = RULES) -> Record:
    return order_record(order, list(items), rules, lambda _currency: 2)


TOTAL = "$.data.meta.display_price.with_tax.amount"
amounts = st.integers(0, 10**9)


@given(
    products=st.lists(st.tuples(amounts, amounts), max_size=5),
    promotions=st.lists(st.integers(-(10**9), -1), max_size=2),
    shipping_lines=st.lists(st.tuples(amounts, amounts), max_size=2),
    tax_lines=st.lists(amounts, max_size=2),
    group_shipping=amounts,
    says_tax=st.booleans(),
)
def test_revenue_shipping_and_tax_make_up_the_total(
    products: list[tuple[int, int]],
    promotions: list[int],
    shipping_lines: list[tuple[int, int]],
    tax_lines: list[int],
    group_shipping: int,
    says_tax: bool,
) -> None:
    taxed = [(value, tax, f"SKU-{n}") for n, (value, tax) in enumerate(products)]
    taxed += [(value, tax, "__shipping_express") for value, tax in shipping_lines]
    taxed += [(value, 0, "tax_amount") for value in tax_lines]
    items = [
        order_item(id=f"item-{n}", sku=sku, meta=shown(value, tax={"value": money(tax)}))
        for n, (value, tax, sku) in enumerate(taxed)
    ]
    items += [order_item(id=f"promotion-{n}", meta=shown(value)) for n, value in enumerate(promotions)]
    goods, tax = sum(value for value, _tax, _sku in taxed), sum(tax for _value, tax, _sku in taxed)
    said = {
        "with_tax": goods + tax + group_shipping,
        "without_tax": goods + group_shipping,
        "shipping": group_shipping,
    }

    order = translated(with_prices(**said, **({"tax": tax} if says_tax else {})), *items).order

    assert order.revenue == sum(value for value, _tax in products)
    assert order.revenue == sum(line.value for line in order.lines if line.kind is LineKind.PRODUCT)
    assert order.shipping_total == group_shipping + sum(value for value, _tax in shipping_lines)
    assert order.revenue + order.shipping_total + order.tax == order.total


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=3) | amounts, st.lists, max_leaves=4
    )
)
def test_an_amount_is_a_whole_number_or_refused_with_its_place(amount: Any) -> None:
    order = with_prices(with_tax=amount)

    if type(amount) is int or (type(amount) is float and amount.is_integer() and abs(amount) <= 2**53):
        assert translated(order).order.total == amount
    else:
        with pytest.raises(BadRecordError) as caught:
            translated(order)
        assert (caught.value.reason, caught.value.path) == ("bad_amount", TOTAL)


@pytest.mark.parametrize("amount", [True, "12.50", "1250", 12.5, 2**60, None, float("inf")])
def test_what_is_no_whole_number_of_minor_units_is_no_amount(amount: object) -> None:
    with pytest.raises(BadRecordError) as caught:
        translated(order_document(), order_item(amount, unit_price={}))

    assert caught.value.reason == "bad_amount"
    assert caught.value.path.startswith("$.included.items[0].")
    assert amount is None or str(amount) not in str(caught.value)


def test_the_store_s_own_shipping_loses_its_discount() -> None:
    order = translated(
        with_prices(with_tax=1_500, without_tax=1_500, tax=0, shipping=500, shipping_discount=-200)
    ).order

    assert (order.shipping_total, order.revenue) == (300, 1_200)


def test_a_discount_is_positive() -> None:
    assert translated(with_prices(with_tax=6_000, discount=-4_000)).order.discount == 4_000


def test_an_old_order_s_discount_and_tax_are_worked_out() -> None:
    item = order_item(meta=shown(9_000, discount={"value": money(-1_000)}))

    order = translated(with_prices(with_tax=9_900, without_tax=9_000), item).order

    assert (order.tax, order.discount, order.revenue) == (900, 1_000, 9_000)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, LineKind.PRODUCT),
        ({"meta": shown(-1_000)}, LineKind.PROMOTION),
        ({"type": "promotion_item", "meta": shown(0)}, LineKind.PROMOTION),
        ({"meta": shown(0)}, LineKind.PRODUCT),
        ({"product_id": ""}, LineKind.PRODUCT),
        ({"sku": "__shipping_standard"}, LineKind.SHIPPING),
        ({"sku": "STANDARD-DELIVERY"}, LineKind.SHIPPING),
        ({"sku": "standard-delivery"}, LineKind.PRODUCT),
        ({"sku": "tax_amount"}, LineKind.TAX),
        ({"sku": None}, LineKind.PRODUCT),
    ],
)
def test_lines_are_told_apart(changes: Json, kind: LineKind) -> None:
    (line,) = translated(order_document(), order_item(**changes)).order.lines

    assert line.kind is kind


def test_a_line_is_after_discount_and_without_tax() -> None:
    item = order_item(
        quantity=3,
        unit_price={"amount": 1_000, "currency": "USD", "includes_tax": False},
        meta=shown(2_500, 833.33, tax={"value": money(250)}, discount={"value": money(-500)}),
    )

    (line,) = translated(order_document(), item).order.lines

    assert (line.price, line.list_price) == (Decimal("833.33"), Decimal(1_000))
    assert (line.value, line.tax, line.discount, line.quantity) == (2_500, 250, 500, 3)


def test_a_list_price_that_holds_tax_is_told_without() -> None:
    item = order_item(
        quantity=2,
        unit_price={"amount": 1_200, "currency": "USD", "includes_tax": True},
        meta=shown(1_800, discount={"value": money(-200)}),
    )

    (line,) = translated(order_document(), item).order.lines

    assert line.list_price == 1_000


def test_an_old_item_without_display_price_falls_back_on_its_value() -> None:
    items = [
        order_item(1_000, id="a", quantity=4, meta={}),
        {**order_item(250, id="b", quantity=4, meta={}), "value": None},
        order_item(0, id="c", quantity=0, meta={}),
    ]

    lines = translated(order_document(), *items).order.lines

    assert [(line.value, line.price) for line in lines] == [(1_000, 250), (1_000, 250), (0, 0)]


def test_coupons_are_named_once_in_their_order() -> None:
    codes = [{"code": "SUMMER"}, {"code": "VIP"}, {"code": None}, {"code": "SUMMER"}]
    items = [order_item(id=str(n), discounts=[{**code, "amount": money(-1)}]) for n, code in enumerate(codes)]

    assert translated(order_document(), *items).order.coupons == ("SUMMER", "VIP")


@pytest.mark.parametrize("quantity", [None, True, 1.5, "2", -1])
def test_a_quantity_is_a_whole_number(quantity: object) -> None:
    with pytest.raises(BadRecordError, match=r"at \$.included.items\[0\]") as caught:
        translated(order_document(), order_item(quantity=quantity))

    assert (caught.value.reason, caught.value.path) == ("bad_quantity", "$.included.items[0].quantity")


def test_a_guest_is_known_by_name_and_address_only() -> None:
    assert translated(order_document()).order.buyer == Buyer(
        name="Ada Okafor", email="ada@example.com", phone="555"
    )


@pytest.mark.parametrize("spelled", ["account-member", "account_member"])
def test_an_account_member_buys_for_an_account(spelled: str) -> None:
    order = order_document(
        customer=None,
        contact={"name": "Kim", "email": " kim@example.com "},
        relationships={
            "account": {"data": {"type": "account", "id": "account-1"}},
            "account_member": {"data": {"type": spelled, "id": "member-1"}},
        },
    )

    buyer = translated(order).order.buyer

    assert (buyer.customer_id, buyer.account_id, buyer.account_member_id) == (None, "account-1", "member-1")
    assert (buyer.name, buyer.email) == ("Kim", "kim@example.com")


@pytest.mark.parametrize(
    "order",
    [
        order_document(customer={"id": "customer-1"}),
        order_document(relationships={"customer": {"data": {"type": "customer", "id": "customer-1"}}}),
    ],
)
def test_a_customer_is_named_in_either_place(order: Json) -> None:
    assert translated(order).order.buyer.customer_id == "customer-1"


@pytest.mark.parametrize(
    ("value", "read"),
    [("session-1", "session-1"), ("**", None), ("", None), (17, None), ({"a": 1}, None)],
)
def test_the_browser_s_id_is_read_from_the_configured_field(value: object, read: str | None) -> None:
    order = order_document(custom_attributes={"session_id": {"type": "string", "value": value}})
    flow = Rules("main", anonymous_id_field="session")

    assert translated(order).order.buyer.anonymous_id == read
    assert translated(order_document(session=value), rules=flow).order.buyer.anonymous_id == read


def test_an_anonymised_order_has_nothing_personal_left() -> None:
    stars = {"first_name": "**", "line_1": "**", "phone_number": "**"}
    order = order_document(
        anonymized=True,
        customer={"id": "customer-1", "name": "**", "email": "**"},
        billing_address=stars,
        shipping_address=stars,
        custom_attributes={"session_id": {"type": "string", "value": "session-1"}},
        gift_message="For Grace Hopper",
        relationships={"customer": {"data": {"id": "customer-1"}}, "items": {"data": []}},
    )

    record = translated(order, order_item(custom_inputs={"engraving": "Grace"}))

    assert record.order.anonymised
    assert record.order.buyer == Buyer()
    assert (record.order.billing_address, record.order.shipping_address) == ({}, {})
    left = str(dict(record.document))
    assert not any(word in left for word in ("customer-1", "session-1", "Grace", "**"))
    assert record.document["data"]["id"] == "order-1"


def test_addresses_keep_what_is_filled_in() -> None:
    assert translated(order_document()).order.shipping_address == {
        "first_name": "Ada",
        "line_1": "1 High Street",
        "phone_number": "555",
    }


def test_times_with_an_offset_become_utc() -> None:
    times = {"created_at": "2026-03-01T10:00:00-07:00", "updated_at": "2026-03-01T18:00:00.250Z"}
    order = order_document()

    record = translated({**order, "meta": {**order["meta"], "timestamps": times}})

    assert record.created_at == datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert record.updated_at == datetime(2026, 3, 1, 18, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["2026-03-01T10:00:00", "2026-03-01", "yesterday", 1772359200, "0001-01-01T00:00:00Z"]
)
def test_a_time_without_an_offset_is_refused(value: object) -> None:
    order = order_document()
    times = {"created_at": "2026-03-01T10:00:00Z", "updated_at": value}

    with pytest.raises(BadRecordError) as caught:
        translated({**order, "meta": {**order["meta"], "timestamps": times}})

    assert (caught.value.reason, caught.value.path) == ("bad_timestamp", "$.data.meta.timestamps.updated_at")


@pytest.mark.parametrize("identifier", [None, "", "  ", 17])
def test_an_id_is_a_text(identifier: object) -> None:
    with pytest.raises(BadRecordError, match=r"at \$.data.id") as caught:
        translated(order_document(id=identifier))

    assert caught.value.reason == "missing_id"


def test_an_order_without_items_is_read() -> None:
    assert translated(order_document(relationships={})).order.lines == ()


def test_a_document_is_kept_as_text() -> None:
    order, item = order_document(), order_item()

    kept = translated(order, item).document

    assert isinstance(kept, Written)
    assert kept == {"data": order, "included": {"items": [item]}}


@pytest.mark.parametrize(
    ("changes", "is_test"),
    [
        ({}, False),
        ({"customer": {"email": "QA@Example.org"}}, True),
        ({"custom_attributes": {"is_test": {"type": "boolean", "value": True}}}, True),
        ({"custom_attributes": {"is_test": {"type": "boolean", "value": False}}}, False),
    ],
)
def test_one_matching_mark_makes_a_test_order(changes: Json, is_test: bool) -> None:
    rules = Rules(
        "main",
        test_filter={"customer.email": ("*@example.org", "qa+*"), "custom_attributes.is_test": ("true",)},
    )

    assert translated(order_document(**changes), rules=rules).order.test is is_test
