"""What merchants' own templates for the Integrations Hub are made of runs on the input we build."""

from typing import Any

import pytest
from templates.samples import SOMEBODY, WHEN, fact, item, record

from commerce_events.domain.facts import Kind
from commerce_events.templates.reference_engine import ReferenceEngine
from commerce_events.templates.view import Root, template_input

ITEMS = [
    item("LAMP", 999, quantity=2),
    item("SHADE", 1250, custom_attributes={"gift wrap": True}),
    item("PROMO", -300),
    item("STANDARD-DELIVERY", 500),
]


def evaluate(source: str, *, items: list[dict[str, Any]] | None = None, root: Root = "webhook") -> Any:
    whole = record(items=ITEMS if items is None else items, data={"name": "Jane Doe", "web-order": "W1"})
    document = template_input(fact(Kind.ORDER_COMPLETED), whole, SOMEBODY, door="poll", root=root)
    return ReferenceEngine().compile("t.jsonata", source).evaluate(document, WHEN)


GOODS = "payload.included.items[sku != 'STANDARD-DELIVERY' and meta.display_price.with_tax.unit.amount >= 0]"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{GOODS}.sku", ["LAMP", "SHADE"]),
        (
            f"{GOODS}.{{'line': $$.payload.data.id & '_' & id, "
            "'price': meta.display_price.with_tax.unit.amount / 100}",
            [{"line": "order-1_item-LAMP", "price": 9.99}, {"line": "order-1_item-SHADE", "price": 12.5}],
        ),
        ("payload.included.items[sku = 'STANDARD-DELIVERY'].meta.display_price.with_tax.unit.amount", 500),
        ("$split(payload.data.name, ' ')[0]", "Jane"),
        ("$split(payload.data.name, ' ')[1]", "Doe"),
        (
            "payload.included.items ~> $filter(function($v, $i, $a) {"
            "$i < $count($a) - 1 and $v.meta.display_price.with_tax.unit.amount > 0}) "
            "~> $map(function($v) {$v.sku})",
            ["LAMP", "SHADE"],
        ),
        ("(payload.included.items[].{'n': name})[0]", {"n": "Name LAMP"}),
        ("$merge([payload.data.customer, {'id': payload.data.id}]).id", "order-1"),
        ("$merge(payload.included.items[[0..1]].{sku: quantity})", {"LAMP": 2, "SHADE": 1}),
        ("$map(payload.included.items, function($i) {$i.quantity})", [2, 1, 1, 1]),
        ("$count(payload.included.items)", 4),
        ("$join(payload.included.items.sku, '|')", "LAMP|SHADE|PROMO|STANDARD-DELIVERY"),
        ("$string(payload.included.items[0].quantity) & ' lamps'", "2 lamps"),
        ("$number('7') + payload.included.items[0].quantity", 9),
        ("payload.data.`web-order`", "W1"),
        ("payload.included.items[1].custom_attributes.'gift wrap'", True),
        ("triggered_by = 'order.paid' ? 'Order Completed' : 'other'", "Order Completed"),
        ("$sum(payload.included.items.(quantity * meta.display_price.with_tax.unit.amount))", 3448),
        ("$.payload.data.customer.email", "jane@example.com"),
        ("$exists(payload.data.account)", False),
        ("payload.data.missing & 'x'", "x"),
        (
            "{'email': payload.data.customer.email, 'missing': payload.data.missing}",
            {"email": "jane@example.com"},
        ),
        ("$round($sum(payload.included.items.meta.display_price.with_tax.value.amount) / 100, 2)", 24.49),
        ("attempt", 1),
        ("integration.integration_type", "webhook"),
    ],
)
def test_an_idiom_of_published_templates_runs(source: str, expected: Any) -> None:
    assert evaluate(source) == expected


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_keep_array_path_gives_a_list_of_any_number_of_items(count: int) -> None:
    items = ITEMS[:count]

    skus = evaluate("{'products': [payload.included.items[].{'sku': sku}]}", items=items)

    assert skus == {"products": [{"sku": each["sku"]} for each in items]}


@pytest.mark.parametrize(
    ("root", "source"),
    [
        ("webhook", "payload.data.id"),
        ("payload", "data.id"),
        ("payload", "included.items[0].sku"),
        ("data", "id"),
    ],
)
def test_a_template_may_be_rooted_where_the_hub_rooted_it(root: Root, source: str) -> None:
    assert evaluate(source, root=root) in ("order-1", "LAMP")


@pytest.mark.parametrize("root", ["webhook", "payload", "data"])
def test_commerce_stands_beside_every_root(root: Root) -> None:
    assert evaluate("commerce.order.id", root=root) == "order-1"
