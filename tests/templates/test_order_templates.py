"""The default templates hold for any order, not only for those somebody thought of."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from json import loads
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from templates.samples import OF_ORDERS, SOMEBODY, WHEN, fact, line, record

from commerce_events.contracts.contracts import Contracts
from commerce_events.domain.facts import Kind, Refund
from commerce_events.domain.records import Buyer, Line, LineKind, Record
from commerce_events.templates.library import Templates
from commerce_events.templates.view import template_input

INCLUDE = Path(__file__).parents[2] / "include"
FILES = {kind: f"segment/elasticpath/{kind}.jsonata" for kind in OF_ORDERS}
TEMPLATES = Templates.load(INCLUDE / "templates", FILES.values())
CONTRACTS = Contracts.load(INCLUDE / "contracts/segment")

text = st.text(max_size=20)
amounts = st.integers(0, 10**11)
lines = st.builds(
    line,
    id=st.uuids().map(str),
    kind=st.sampled_from(LineKind),
    product_id=st.sampled_from(["", "product-1", "5890840712243076"]),
    sku=st.sampled_from(["", "SKU-1", "LAMP"]),
    name=text,
    quantity=st.integers(1, 10_000),
    price=st.decimals(0, 10**9, places=2),
    value=amounts,
    tax=amounts,
    discount=amounts,
)
buyers = st.builds(
    Buyer, name=st.none() | text, email=st.none() | st.just("j@example.com"), phone=st.none() | st.just("+1")
)
addresses = st.fixed_dictionaries({}, optional={"line_1": text, "city": text, "last_name": text})
refunds = st.builds(lambda amount, before: Refund(amount, amount + before), st.integers(1, 10**11), amounts)


@st.composite
def orders(draw: st.DrawFn) -> Record:
    revenue, tax, shipping = draw(amounts), draw(amounts), draw(amounts)
    return record(
        lines=tuple(draw(st.lists(lines, max_size=6))),
        currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        exponent=draw(st.sampled_from([0, 2, 3])),
        total=revenue + tax + shipping,
        tax=tax,
        shipping_total=shipping,
        discount=draw(amounts),
        coupons=tuple(draw(st.lists(st.sampled_from(["A", "B"]), max_size=2))),
        buyer=draw(buyers),
        billing_address=draw(addresses),
        shipping_address=draw(addresses),
        anonymised=draw(st.booleans()),
        items=[],
    )


def goods(whole: Record) -> list[Line]:
    return [each for each in whole.order.lines if each.kind is LineKind.PRODUCT]


def message(kind: Kind, whole: Record, refund: Refund | None = None) -> dict[str, Any]:
    told = fact(kind, refund if kind is Kind.ORDER_REFUNDED else None)
    document = template_input(told, whole, SOMEBODY, door="poll")
    [call] = TEMPLATES.render(FILES[kind], document, WHEN)
    return {**call, "messageId": "m", "timestamp": "2026-03-01T12:00:00Z", "userId": "u"}


@pytest.mark.parametrize("kind", OF_ORDERS)
@given(whole=orders(), refund=refunds)
@settings(max_examples=60, deadline=None)
def test_any_order_with_a_product_keeps_its_contract(kind: Kind, whole: Record, refund: Refund) -> None:
    violation = CONTRACTS.violation(message(kind, whole, refund))

    needs_products = kind in (Kind.CHECKOUT_STARTED, Kind.ORDER_COMPLETED)
    if goods(whole) or not needs_products:
        assert violation is None
    else:
        assert violation is not None
        assert (violation.reason, violation.path) == ("contract:minItems", "$.properties.products")


@given(whole=orders())
@settings(max_examples=60, deadline=None)
def test_money_in_a_messages_text_is_the_exact_decimal(whole: Record) -> None:
    body = orjson.dumps(message(Kind.ORDER_COMPLETED, whole))

    told = parse_exactly(body)["properties"]
    order, cents = whole.order, Decimal(10) ** whole.order.exponent
    assert told["total"] * cents == order.total
    assert told["revenue"] * cents == order.total - order.tax - order.shipping_total
    assert told["tax"] * cents == order.tax
    assert told["shipping"] * cents == order.shipping_total
    assert told["discount"] * cents == order.discount
    assert told["revenue"] + told["shipping"] + told["tax"] == told["total"]


def parse_exactly(body: bytes) -> Any:
    return loads(body, parse_float=Decimal, parse_int=Decimal)


@given(whole=orders())
@settings(max_examples=40, deadline=None)
def test_nothing_personal_leaves_with_an_anonymised_order(whole: Record) -> None:
    hidden = replace(whole, subject=replace(whole.order, anonymised=True))

    assert "context" not in message(Kind.ORDER_UPDATED, hidden)


@pytest.mark.parametrize("kind", OF_ORDERS)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_products_are_a_list_whatever_their_number(kind: Kind, count: int) -> None:
    whole = record(lines=tuple(line(id=f"l{n}", product_id=f"p{n}") for n in range(count)))

    told = message(kind, whole, Refund(10**9, 10**9))["properties"]

    assert [product["product_id"] for product in told["products"]] == [f"p{n}" for n in range(count)]
    assert isinstance(told["products"], list)


@pytest.mark.parametrize("kind", OF_ORDERS)
def test_default_templates_need_commerce_alone(kind: Kind) -> None:
    whole, told = record(), fact(kind, Refund(1, 1) if kind is Kind.ORDER_REFUNDED else None)
    document = template_input(told, whole, SOMEBODY, door="poll")
    bare = {"commerce": document["commerce"]}

    assert TEMPLATES.render(FILES[kind], bare, WHEN) == TEMPLATES.render(FILES[kind], document, WHEN)


def test_only_product_lines_are_products() -> None:
    whole = record(lines=tuple(line(id=str(kind), product_id=str(kind), kind=kind) for kind in LineKind))

    told = message(Kind.ORDER_COMPLETED, whole)["properties"]["products"]

    assert [product["product_id"] for product in told] == ["product"]


def test_the_buyers_own_address_is_told_else_where_it_goes() -> None:
    there, here = {"city": "There"}, {"city": "Here"}

    def city(**addresses: Any) -> str:
        traits = message(Kind.ORDER_COMPLETED, record(**addresses))["context"]["traits"]
        found: str = traits["address"]["city"]
        return found

    assert city(billing_address=here, shipping_address=there) == "Here"
    assert city(billing_address={}, shipping_address=there) == "There"


def test_threads_that_share_templates_never_mix_orders() -> None:
    wholes = [
        replace(record(number=str(n), lines=(line(product_id=f"p{n}"),) * (n % 3)), id=f"order-{n}")
        for n in range(120)
    ]

    with ThreadPoolExecutor(6) as pool:
        messages = list(pool.map(lambda whole: message(Kind.ORDER_COMPLETED, whole), wholes))

    for n, told in enumerate(messages):
        assert told["properties"]["order_id"] == f"order-{n}"
        assert [product["product_id"] for product in told["properties"]["products"]] == [f"p{n}"] * (n % 3)
