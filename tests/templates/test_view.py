"""What a template sees of a record."""

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from templates.samples import (
    OF_ORDERS,
    SOMEBODY,
    WHEN,
    customer_fact,
    customer_record,
    fact,
    line,
    pair,
    record,
)

from commerce_events.domain.facts import Fact, Kind, Refund
from commerce_events.domain.identity import Identity
from commerce_events.domain.records import Buyer, LineKind, Record
from commerce_events.templates.view import TRIGGERS, template_input, with_resources

STREET = {
    "first_name": "Ann",
    "last_name": "Other",
    "line_1": "1 High St",
    "line_2": "Flat 2",
    "line_3": "",
    "city": "Leeds",
}
PLACE = {"postcode": "LS1", "county": "York", "region": "", "country": "GB", "company_name": "ACME"}
CONSENT = {"marketing": True, "analytics": False}
COMPUTED = {
    "first_order_at": "2026-01-05T10:00:00.000Z",
    "last_order_at": "2026-03-01T12:00:00.000Z",
    "last_order_id": "order-9",
    "total_orders": 3,
    "total_spent": {"EUR": 120.5, "USD": 10},
    "average_order_value": {"EUR": 60.25, "USD": 10},
}


def commerce(
    told: Fact | None = None, whole: Record | None = None, identity: Identity = SOMEBODY, door: str = "poll"
) -> dict[str, Any]:
    document = template_input(told or fact(), whole or record(), identity, door=door)
    found: dict[str, Any] = document["commerce"]
    return found


def seen(document: Mapping[str, Any]) -> dict[str, Any]:
    """As a template sees it."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(document))
    return found


def test_the_webhook_body_is_rebuilt() -> None:
    whole = record()

    document = template_input(fact(Kind.ORDER_REFUNDED, Refund(1, 1)), whole, SOMEBODY, door="poll")

    body = seen(with_resources(document))
    assert body["triggered_by"] == "order.refunded"
    assert body["payload"] == whole.document
    assert json.loads(body["resources"]) == whole.document
    assert body["store_id"] == "shop"
    assert set(body) == {
        "id", "triggered_by", "attempt", "integration", "store_id", "resources", "payload", "commerce",
    }  # fmt: skip


@pytest.mark.parametrize("kind", list(Kind))
def test_every_fact_has_its_trigger(kind: Kind) -> None:
    told, whole = pair(kind)

    document = template_input(told, whole, SOMEBODY, door="poll")

    assert document["triggered_by"] == TRIGGERS[kind]


def test_a_tracking_may_have_a_trigger_of_its_own() -> None:
    document = template_input(fact(), record(), SOMEBODY, door="poll", trigger="order.fulfilled")

    assert document["triggered_by"] == "order.fulfilled"


def test_the_webhooks_id_is_the_same_for_the_same_fact_only() -> None:
    def seen(told: Fact, store: str = "shop") -> str:
        document = template_input(
            replace(told, store=store), replace(record(), store=store), SOMEBODY, door="poll"
        )
        found: str = document["id"]
        return found

    assert seen(fact()) == seen(fact())
    assert len({seen(fact(kind)) for kind in OF_ORDERS} | {seen(fact(), store="other")}) == len(OF_ORDERS) + 1


def test_the_input_is_plain_json() -> None:
    document = template_input(fact(Kind.ORDER_REFUNDED, Refund(5, 5)), record(), SOMEBODY, door="poll")

    plain = orjson.loads(orjson.dumps(document, option=orjson.OPT_PASSTHROUGH_SUBCLASS))
    assert plain["commerce"] == json.loads(json.dumps(document["commerce"])) == document["commerce"]


def test_the_record_is_left_as_it_was() -> None:
    whole = record()
    before = deepcopy(whole.document)

    document = template_input(fact(), whole, SOMEBODY, door="poll", root="data")
    document["added"] = 1

    assert whole.document == before


@pytest.mark.parametrize(
    ("exponent", "total", "price"),
    [(2, 28.78, 9.99), (0, 2878, 999), (3, 2.878, 0.999)],
)
def test_amounts_are_in_major_units_beside_minor_ones(exponent: int, total: float, price: float) -> None:
    seen = commerce(whole=record(exponent=exponent))

    assert seen["money"]["total"] == total
    assert seen["money"]["minor"]["total"] == 2878
    assert seen["money"]["exponent"] == exponent
    assert seen["lines"][0]["price"] == price


def test_revenue_is_without_tax_and_shipping() -> None:
    money = commerce()["money"]

    assert (money["revenue"], money["tax"], money["shipping"], money["total"]) == (19.98, 3.8, 5, 28.78)
    assert money["discount"] == 2


def test_a_price_within_a_minor_unit_is_rounded() -> None:
    [seen] = commerce(whole=record(lines=(line(price=Decimal("333.5")),)))["lines"]

    assert seen["price"] == 3.34


def test_what_is_not_known_is_absent() -> None:
    buyer = Buyer(email="sam@example.com")
    bare = record(
        number=None, coupons=(), buyer=buyer, lines=(line(product_id="", sku="", name=""),), paid_at=None
    )

    seen = commerce(whole=bare, identity=Identity(anonymous_id="a"))

    assert seen["identity"] == {"anonymousId": "a"}
    assert seen["customer"] == {"email": "sam@example.com"}
    assert {"number", "coupon", "coupons", "paid_at"}.isdisjoint(seen["order"])
    assert {"product_id", "sku", "name"}.isdisjoint(seen["lines"][0])
    assert "refund" not in seen


def test_zero_is_known() -> None:
    seen = commerce(
        whole=record(total=0, tax=0, shipping_total=0, discount=0, lines=(line(price=Decimal(0)),))
    )

    assert seen["money"]["total"] == seen["money"]["discount"] == seen["lines"][0]["price"] == 0


def test_lines_are_classified_and_in_their_order() -> None:
    lines = tuple(line(id=str(kind), kind=kind) for kind in LineKind)

    assert [seen["kind"] for seen in commerce(whole=record(lines=lines))["lines"]] == [
        str(kind) for kind in LineKind
    ]


def test_an_address_is_told_in_our_words() -> None:
    seen = commerce(whole=record(billing_address={**STREET, **PLACE}))["customer"]

    assert seen["billing_address"] == {
        "street": "1 High St, Flat 2",
        "first_name": "Ann",
        "last_name": "Other",
        "company": "ACME",
        "city": "Leeds",
        "state": "York",
        "postal_code": "LS1",
        "country": "GB",
    }
    assert "shipping_address" not in seen


@pytest.mark.parametrize(
    ("name", "address", "first", "last"),
    [
        ("Jane Q Doe", {}, "Jane", "Q Doe"),
        ("Jane", {}, "Jane", None),
        (" Jane  Doe ", {}, "Jane", "Doe"),
        (None, {}, None, None),
        ("J. D.", {"first_name": "Ann", "last_name": "Other"}, "Ann", "Other"),
        ("Jane Doe", {"last_name": "Other"}, None, "Other"),
    ],
)
def test_names_come_from_an_address_else_from_the_full_name(
    name: str | None, address: dict[str, str], first: str | None, last: str | None
) -> None:
    seen = commerce(whole=record(buyer=Buyer(name=name), shipping_address=address))["customer"]

    assert (seen.get("first_name"), seen.get("last_name")) == (first, last)


def test_nothing_personal_is_told_of_an_anonymised_order() -> None:
    hidden = Buyer(name="**", email="**", phone="**", customer_id="c")

    seen = commerce(whole=record(anonymised=True, buyer=hidden, billing_address={"city": "**"}))

    assert seen["customer"] == {}
    assert seen["order"]["anonymised"] is True
    assert "**" not in json.dumps(seen)


def test_a_refund_tells_its_part_and_the_whole() -> None:
    part = commerce(fact(Kind.ORDER_REFUNDED, Refund(1000, 1500)))["refund"]
    whole = commerce(fact(Kind.ORDER_REFUNDED, Refund(2878, 2878)))["refund"]

    assert part == {"amount": 10, "total": 15, "full": False, "minor": {"amount": 1000, "total": 1500}}
    assert whole["full"] is True


def test_times_are_utc_with_milliseconds() -> None:
    there = datetime(2026, 3, 1, 1, 0, 0, 5_999, tzinfo=timezone(timedelta(hours=2)))

    seen = commerce(replace(fact(), occurred_at=there), replace(record(), created_at=WHEN.astimezone(UTC)))

    assert seen["event"] == {
        "kind": "order_completed",
        "occurred_at": "2026-02-28T23:00:00.005Z",
        "door": "poll",
    }
    assert seen["order"]["created_at"] == "2026-03-01T12:30:15.250Z"


def test_golden_inputs_hold_nothing_that_a_template_will_not_see() -> None:
    """Cases are edited by hand: what they give a template must be what it gets."""
    folder = Path(__file__).parent / "golden/segment/elasticpath"
    seen_of_orders, seen_of_customers = places(full_order()), places(full_customer())

    for path in folder.rglob("*.input.json"):
        known = seen_of_customers if path.parent.name.startswith("customer_") else seen_of_orders
        assert places(json.loads(path.read_text())["commerce"]) <= known, path.name


def full_order() -> Any:
    address = {**STREET, **PLACE}
    full = Buyer(customer_id="c", name="Jane Doe", email="j@example.com", phone="1")
    whole = record(buyer=full, billing_address=address, shipping_address=address, refunded=100)
    told = fact(Kind.ORDER_REFUNDED, Refund(100, 100))
    known = {"first_order": True, "consent": CONSENT}
    return template_input(told, whole, Identity("u", "a"), door="poll", **known)["commerce"]


def full_customer() -> Any:
    fields = {"loyalty_tier": "gold", "points": 1, "opted_out": True}
    whole = customer_record(phone="1", first_name="A", last_name="B", external_ref="E", custom=fields)
    derived = {**COMPUTED, "address": {**STREET, **PLACE}}
    seen = template_input(
        customer_fact(),
        whole,
        Identity("u", "a"),
        door="poll",
        custom=fields,
        derived=derived,
        consent=CONSENT,
    )
    gone = template_input(customer_fact(), customer_record(deleted=True), SOMEBODY, door="poll")
    both = {**seen["commerce"]["customer"], **gone["commerce"]["customer"]}
    return {**seen["commerce"], "customer": both}


def places(value: Any, at: str = "") -> set[str]:
    if isinstance(value, dict):
        return {at} | {place for key, item in value.items() for place in places(item, f"{at}.{key}")}
    if isinstance(value, list):
        return {at} | {place for item in value for place in places(item, f"{at}[]")}
    return {at}
