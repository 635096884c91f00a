"""What a store's people bought, through the whole pipeline; and nothing of it where a part is missing."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

import pytest
from backfills import backfilled
from pipeline import NAMESPACE, Pipeline, pipeline, settings
from proofs.people.profiles import Profiles
from proofs.people.shoppers import profiles, purchase, stores, sync
from proofs.truth import EXPONENTS, truth

from commerce_events.config import Settings
from commerce_events.domain.traits import COMPUTED
from commerce_events.ledger.ledger import Ledger
from commerce_events.sandbox.activity import move_on
from commerce_events.steps.capture import capture_changes

Seen = dict[str, dict[str, Any]]
COUNTED = {"people": ["customers"], "traits": {"computed": True}}


@pytest.fixture
def lived_in(ledger: Ledger) -> Iterator[tuple[Pipeline, Seen]]:
    """A store whose people moved on between syncs, and its orders as seen before they were anonymised."""
    seen: Seen = {}
    with pipeline(ledger, orders=44, seed=5, **COUNTED) as line:
        for seed in range(4):
            line.shop.advance(300)
            sync(line)
            seen |= {one["id"]: one for one in line.shop.orders() if not one["anonymized"]}
            if seed < 3:
                move_on(line.shop, Random(seed), 40)
        yield line, seen


def orders_of(line: Pipeline, seen: Seen) -> dict[str, list[dict[str, Any]]]:
    """By customer: what they bought logged in, or as a guest under their address."""
    address = {one["email"].strip().lower(): one["id"] for one in line.shop.customers() if one["email"]}
    found = defaultdict(list)
    for order in seen.values():
        related = order["relationships"]
        guest = "customer" not in related and "account_member" not in related
        named = related["customer"]["data"]["id"] if "customer" in related else None
        owner = address.get(order["customer"]["email"].strip().lower()) if guest else named
        if owner:
            found[owner].append(order)
    return found


def spent(line: Pipeline, orders: list[dict[str, Any]]) -> dict[str, float]:
    sums = {truth(line.shop)[one["id"]].currency: 0 for one in orders}
    for one in orders:
        known = truth(line.shop)[one["id"]]
        if one["payment"] == "paid" and one["status"] != "cancelled":
            sums[known.currency] += known.total - known.refunded
    return {name: _major(amount, name) for name, amount in sums.items()}


def _major(minor: int, currency: str) -> float:
    return float(Decimal(minor).quantize(Decimal(1), ROUND_HALF_UP).scaleb(-EXPONENTS.get(currency, 2)))


def test_everybody_has_spent_what_their_orders_come_to(lived_in):
    line, seen = lived_in
    known, compared = profiles(line), 0

    for customer, orders in orders_of(line, seen).items():
        kept = [one for one in orders if one["payment"] == "paid" and one["status"] != "cancelled"]
        traits = known.user(customer).traits
        assert traits["total_orders"] == len(kept)
        assert traits["total_spent"] == spent(line, orders)
        compared += len(orders) > 1

    assert compared >= 3


def wanted(**changes: Any) -> Settings:
    """Other settings for the store that `stores` opens as main."""
    return settings(namespace=str(NAMESPACE)[:-1] + "0", **changes)


def told(line: Pipeline) -> set[str]:
    known: Profiles = profiles(line)
    return {name for profile in known.all() for name in profile.traits} & COMPUTED


def test_nothing_is_summed_up_where_the_store_had_a_past(ledger):
    """An order from before the start is not known, so that every sum might be too small."""
    with stores(ledger, main=COUNTED) as opened:
        line = opened["main"]
        line.shop.clock = datetime.now(UTC) - timedelta(days=400)
        customer = line.shop.add_customer()
        purchase(line.shop, customer)
        line.shop.advance(300 * 86_400)
        line.settings = wanted(**COUNTED, start=str(datetime.now(UTC) - timedelta(days=200)))
        purchase(line.shop, customer)

        sync(line)
        line.shop.advance(600)
        purchase(line.shop, customer)
        sync(line)

        assert told(line) == set()
        assert len(line.messages("Order Completed")) == 2
        assert not any("is_first_order" in one["properties"] for one in line.messages("Order Completed"))


def test_a_first_order_is_one_also_while_its_money_is_only_authorised(ledger):
    early = {"trackings": {"order_completed": {"trigger": "order.authorized"}}}
    with stores(ledger, main={**COUNTED, **early}) as opened:
        line = opened["main"]
        sync(line)  # the past is known: there is none
        customer = line.shop.add_customer()
        for _ in range(2):
            line.shop.authorise(line.shop.place_order(buyer=customer))
            line.shop.advance(60)
            sync(line)
            line.shop.pay(line.shop.orders()[-1]["id"])
            line.shop.advance(60)
            sync(line)

        said = [one["properties"]["is_first_order"] for one in line.messages("Order Completed")]
        assert said == [True, False]


def test_a_backfill_that_asks_for_no_payments_forgets_no_refund(ledger):
    now = datetime.now(UTC)
    wanted_from = {"start": str(now - timedelta(days=90))}
    with pipeline(ledger, **COUNTED, **wanted_from) as line:
        line.shop.clock = now - timedelta(days=180)
        customer = line.shop.add_customer()
        order = line.shop.place_order(buyer=customer)
        line.shop.pay(order)
        line.shop.advance(100 * 86_400)
        line.shop.refund(order, 500)
        line.shop.advance(600)
        sync(line)
        before = ledger.people.totals("main", [customer], linked=True)

        line.shop.advance(60 * 86_400)
        line.settings = settings(**COUNTED, **wanted_from, transactions="never")
        backfilled(line, transactions="never")

        assert before[customer].orders == 1
        assert ledger.people.totals("main", [customer], linked=True) == before


def test_a_worker_whose_clock_is_behind_anothers_tells_the_newer_sums(ledger):
    with stores(ledger, main=COUNTED) as opened:
        line = opened["main"]
        sync(line)
        customer = line.shop.add_customer()
        purchase(line.shop, customer)
        line.shop.advance(60)
        ahead = replace(line.store(), clock=lambda: line.clock.now() + timedelta(minutes=5))
        for stream in ("customers", "orders"):
            capture_changes(ahead, stream)
        purchase(line.shop, customer)
        line.shop.advance(60)
        sync(line)

        (profile,) = profiles(line).all()
        assert profile.traits["total_orders"] == 2


def test_nothing_is_summed_up_unless_it_is_wanted(ledger):
    with stores(ledger, main={}) as opened:
        line = opened["main"]
        customer = line.shop.add_customer()
        for _ in range(2):
            purchase(line.shop, customer)
            sync(line)
            line.shop.advance(600)

        assert told(line) == set()
        assert not any("is_first_order" in one["properties"] for one in line.messages("Order Completed"))


def test_who_bought_before_sums_were_wanted_is_told_once_they_are(ledger):
    with stores(ledger, main={}) as opened:
        line = opened["main"]
        customer = line.shop.add_customer()
        purchase(line.shop, customer)
        for _ in range(2):  # until nothing is looked at again for being so recent
            sync(line)
            line.shop.advance(600)

        line.settings = wanted(**COUNTED)
        sync(line)

        assert profiles(line).user(customer).traits["total_orders"] == 1
