"""Orders that change, come and go between pages: when the dust has settled, nothing was missed."""

import json
from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest
from pipeline import pipeline
from proofs.books import check_arrivals, check_books, deliveries, known
from proofs.truth import announced, refunded, sold, truth

from commerce_events.domain.moments import micros
from commerce_events.sandbox.activity import move_on
from commerce_events.sources.elasticpath.paging import Limits


class Bustle:
    """Moves orders on before requests are answered; remembers what was ever cancelled.

    `left` bounds it: a store that gets new orders faster than they can be read is never read to the end.
    """

    def __init__(self, shop, dice, *, ticking):
        self.shop, self.dice, self.ticking = shop, dice, ticking
        self.left = 0
        self.cancelled = {one["id"] for one in shop.orders() if one["status"] == "cancelled"}
        shop.on_request(lambda _: self.move())

    def move(self):
        if self.left <= 0 or self.dice.random() < 0.5:
            return
        self.left -= 1
        if self.ticking:
            self.shop.advance(self.dice.choice((0, 0, 1, 7)))
        for _ in range(self.dice.randint(1, 3)):
            move_on(self.shop, self.dice, 1)
            self.cancelled |= {one["id"] for one in self.shop.orders() if one["status"] == "cancelled"}


def facts_told(ledger):
    """How often each order was told of each kind."""
    return Counter((row.record_id, row.kind) for row in deliveries(ledger))


def current(line, order_id):
    times = line.shop.order(order_id)["meta"]["timestamps"]
    return micros(datetime.fromisoformat(times["updated_at"]).astimezone(UTC))


def check_nothing_missed(line, ever_cancelled, undisturbed):
    orders = truth(line.shop)
    told = facts_told(line.ledger)
    assert {order for order, kind in told if kind == "checkout_started"} == set(orders)
    assert {order for order, kind in told if kind == "order_completed"} == {
        order for order, one in orders.items() if one.completed
    }
    cancelled = {order for order, kind in told if kind == "order_cancelled"}
    assert {order for order, one in orders.items() if one.cancelled} <= cancelled <= ever_cancelled
    once = ("checkout_started", "order_completed", "order_cancelled")
    assert {told[each] for each in told if each[1] in once} == {1}

    assert announced(line.messages("Order Completed")) == sold(orders)
    assert refunded(line.messages("Order Refunded")) == {
        order: one.refunded for order, one in orders.items() if one.refunded
    }

    fresh = known(undisturbed(line).ledger)
    seen = known(line.ledger)
    assert {key: row[0] for key, row in seen.items()} == {
        ("main", order): current(line, order) for order in orders
    }
    assert {key: row[2] for key, row in seen.items()} == {key: row[2] for key, row in fresh.items()}
    assert {key: json.loads(row[1])["watched"] for key, row in seen.items()} == {
        key: json.loads(row[1])["watched"] for key, row in fresh.items()
    }


def run_through_a_bustle(ledger, seed, undisturbed):
    dice = Random(seed)
    with pipeline(ledger, orders=22, seed=seed) as line:
        line.paging, line.parcel = Limits(page=dice.choice((3, 5, 10))), 20
        bustle = Bustle(line.shop, dice, ticking=seed % 2 == 0)
        line.shop.habits.lag_seconds = dice.choice((0, 0, 5))
        for _ in range(3):
            bustle.left = 20
            line.run()
        bustle.left = 0
        line.shop.advance(10)
        line.run()

        check_books(line.ledger)
        check_arrivals(line)
        check_nothing_missed(line, bustle.cancelled, undisturbed)


@pytest.mark.parametrize(
    ("ledger_url", "seed"),
    [*(("sqlite", seed) for seed in range(1, 6)), ("postgres", 8), ("postgres", 9)],
    indirect=["ledger_url"],
)
def test_orders_that_change_while_they_are_read_are_all_told_of(ledger, undisturbed, seed):
    run_through_a_bustle(ledger, seed, undisturbed)


def test_two_refunds_within_one_second_are_both_told_though_a_look_fell_between_them(ledger):
    with pipeline(ledger) as line:
        line.shop.clock = datetime(2026, 3, 1, 12, tzinfo=UTC)
        order = line.shop.place_order(currency="USD")
        line.shop.pay(order)
        line.shop.advance(60)
        line.shop.refund(order, 5)
        line.run()
        line.shop.refund(order, 7)

        line.run()
        line.shop.advance(60)
        line.run()

        assert refunded(line.messages("Order Refunded")) == {order: 12}
        assert line.run()["changed"] == 0
