"""Seeded orders with a given number of lines, as the store prints them and as we understand them."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson

from commerce_events.domain.facts import Fact, Kind
from commerce_events.domain.identity import IdentityPolicy, identify
from commerce_events.domain.records import Record
from commerce_events.sandbox import life
from commerce_events.sandbox.carts import Cart
from commerce_events.sandbox.catalogue import new_id, person
from commerce_events.sandbox.lines import Line
from commerce_events.sandbox.orders import Held, check_out
from commerce_events.sources.elasticpath.orders import order_record
from commerce_events.sources.source import Rules
from commerce_events.templates.view import template_input, with_resources

PLACED = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = Rules("main", ("__shipping_*",), payments_with_transactions=frozenset())


def paid_orders(count: int, lines: int, seed: int = 1) -> list[Held]:
    """Placed a second apart, each by somebody else, and paid a minute later."""
    dice = Random(seed)
    placed = []
    for number in range(count):
        at = PLACED + timedelta(seconds=number)
        cart = Cart("USD", tuple(_line(dice) for _ in range(lines)))
        held = check_out(dice, cart, person(dice, seed * count + number), at)
        life.pay(dice, held, at + timedelta(minutes=1))
        placed.append(held)
    return placed


def records(orders: list[Held]) -> list[Record]:
    return [order_record(held.document, list(held.items), RULES, lambda _: 2) for held in orders]


def completed(record: Record) -> Fact:
    return Fact(record.store, record.stream, record.id, Kind.ORDER_COMPLETED, record.updated_at)


def document(record: Record) -> dict[str, Any]:
    """What the template of Order Completed is given, as parsed JSON."""
    identity = identify(record, IdentityPolicy(), b"key")
    given = template_input(completed(record), record, identity, door="poll", first_order=True)
    parsed: dict[str, Any] = orjson.loads(orjson.dumps(with_resources(given)))
    return parsed


def _line(dice: Random) -> Line:
    name, sku = f"Thing number {dice.randrange(10_000)}", f"SKU-{dice.randrange(100_000):06}"
    quantity, unit = dice.randrange(1, 4), dice.randrange(99, 9_999)
    return Line(name, sku, unit, quantity, product_id=new_id(dice), rate=825)
