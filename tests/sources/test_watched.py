"""What of an order is watched, group by group, and what its digest tells apart."""

from typing import get_args

import pytest
from elastic_path import RULES, Json, money, order_document, order_item, prices, shown, with_prices

from commerce_events.config.trackings import Group
from commerce_events.domain.records import Record
from commerce_events.sources.elasticpath.orders import order_record


def read(order: Json, *items: Json) -> Record:
    return order_record(order, list(items), RULES, lambda _currency: 2)


def changed_groups(order: Json, *items: Json) -> set[str]:
    before = read(order_document(), order_item()).order.watched
    after = read(order, *items).order.watched
    assert before.keys() == after.keys()
    return {group for group in before if before[group] != after[group]}


@pytest.mark.parametrize(
    ("changes", "groups"),
    [
        ({"status": "cancelled"}, {"status"}),
        ({"payment": "paid"}, {"payment"}),
        ({"shipping": "fulfilled"}, {"shipping"}),
        ({"customer": {"name": "Ada", "email": "ada@example.com"}}, {"customer"}),
        ({"relationships": {"customer": {"data": {"id": "customer-1"}}}}, {"customer"}),
        ({"shipping_address": {}}, {"addresses"}),
        ({"external_ref": "erp-1"}, {"references"}),
        ({"order_number": "A-1"}, {"references"}),
        ({"tracking_note": "left"}, {"custom"}),
        ({"custom_attributes": {"gift": {"type": "boolean", "value": True}}}, {"custom"}),
        ({"relationships": {"carrier": {"data": {"type": "entry", "id": "entry-1"}}}}, {"custom"}),
        ({"tracking_note": None, "links": {"self": "elsewhere"}, "relationships": {}}, set()),
    ],
)
def test_a_change_shows_in_its_group_alone(changes: Json, groups: set[str]) -> None:
    assert changed_groups(order_document(**changes), order_item()) == groups


def test_the_watched_groups_are_those_that_can_be_configured() -> None:
    assert set(read(order_document()).order.watched) == set(get_args(Group))


def test_clocks_formatted_prices_and_payments_progress_change_no_group() -> None:
    order = order_document()
    times = {
        "created_at": "2026-03-01T10:00:00Z",
        "updated_at": "2026-03-02T11:00:00Z",
        "fully_paid_at": "2026-03-02T11:00:00Z",
    }
    shown_prices = {
        name: {**price, "formatted": "$1"} for name, price in order["meta"]["display_price"].items()
    }
    paid = {**shown_prices, **prices(paid=11_000, authorized=0, balance_owing=0)}

    moved = {**order, "meta": {"display_price": paid, "timestamps": times}}

    assert changed_groups(moved, {**order_item(), "links": {"self": "elsewhere"}}) == set()


@pytest.mark.parametrize(
    "change",
    [
        {"tracking_number": "1Z"},
        {"quantity": 2},
        {"unit_price": {"amount": 9_999, "includes_tax": False}},
        {"meta": shown(1, 10_000)},
        {"meta": shown(10_000, 1)},
        {"meta": shown(10_000, tax={"value": money(1)})},
        {"meta": shown(10_000, discount={"value": money(-1)})},
        {"meta": {**shown(10_000), "gift": True}},
    ],
)
def test_what_an_item_says_and_what_it_costs_are_watched(change: Json) -> None:
    assert changed_groups(order_document(), order_item(**change)) == {"lines"}


def test_how_an_item_prints_its_price_is_not_watched() -> None:
    price = {**money(10_000), "formatted": "one hundred"}
    item = order_item(meta={"display_price": {"without_tax": {"unit": price, "value": price}}})

    assert changed_groups(order_document(), item) == set()


def test_a_price_is_watched() -> None:
    assert changed_groups(with_prices(with_tax=1), order_item()) == {"money"}


def test_the_digest_tells_contents_apart_and_not_ways_of_asking() -> None:
    one, two = order_item(id="a"), order_item(id="b")
    plain = read(order_document(), one, two).digest

    assert read(order_document(links={"self": "elsewhere"}), two, one).digest == plain
    assert read(order_document(external_ref="erp-1"), one, two).digest != plain
    assert read(order_document(), one, order_item(id="b", quantity=2)).digest != plain
